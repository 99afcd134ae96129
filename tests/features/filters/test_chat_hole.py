"""Chat models as completers: what is asked, and what is left of the answer."""

from refact_lsp.features.completion.chat_hole import HOLE, chat_hole_prompt, repair_echo
from tests.rows import every_row

BEFORE = "import os\n\n\ndef total(items):\n    "
AFTER = "\n    return result\n"
ANSWERS = {
    "the text alone": "result = sum(items)",
    "in a fence": "```python\nresult = sum(items)\n```",
    "after thinking": "<think>Sum them.</think>\nresult = sum(items)",
    "with its indentation": "    result = sum(items)",
    "with the line above": "def total(items):\n    result = sum(items)",
    "with the lines below": "result = sum(items)\n    return result\n",
    "as a whole file": BEFORE + "result = sum(items)" + AFTER,
    "as a whole file in a fence": (
        "Here is the completed file:\n```python\nimport os\n\n\ndef total(items):\n"
        "    result = sum(items)\n    return result\n```\nIt sums the items."
    ),
    "before the mark": f"result = sum(items){HOLE}",
    "in marks": "<COMPLETION>result = sum(items)</COMPLETION>",
}


@every_row("answer", ANSWERS.values(), ids=ANSWERS)
def test_the_holes_text_is_taken_out_of_an_answer(answer: str):
    assert repair_echo(answer, BEFORE, AFTER, "python").strip() == "result = sum(items)"


def test_an_answer_in_the_middle_of_a_line():
    assert repair_echo("value = call(a, b) + 1", "value = call(", ") + 1\n", "python") == "a, b"


def test_the_prompt_holds_code_and_hole():
    prompt = chat_hole_prompt(BEFORE, AFTER, "python", path="a.py", context="def g(): ...")
    assert BEFORE + HOLE + AFTER in prompt.user
    assert HOLE in prompt.system
    assert "a.py" in prompt.user
    assert "def g(): ..." in prompt.user


def test_a_file_that_holds_the_mark_gets_another():
    prompt = chat_hole_prompt(f"x = '{HOLE}'\n", "", "python")
    assert prompt.hole != HOLE
    assert prompt.hole in prompt.user


def test_a_long_prefix_is_cut_at_a_line():
    prompt = chat_hole_prompt("one line\n" * 5000 + "x = ", "", "python")
    assert prompt.user.count("one line") < 1000
    assert "\none line\n" in prompt.user
