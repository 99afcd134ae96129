from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from refact_lsp.core.requests import ChatRequest, CompletionRequest, ContextFile
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.prompt import Prompt, Window, build
from refact_lsp.features.completion.timing import Rhythm, delay_ms, eagerness
from refact_lsp.features.completion.values import Snippet
from tests.features.completion.desk import CAPABILITIES, TARGET
from tests.features.completion.test_cache import at

SMALL = replace(TARGET, context_window=1000, max_tokens=100)


def count(text: str) -> int:
    return len(text) // 4 + 1


def fim(prompt: Prompt) -> CompletionRequest:
    assert isinstance(prompt.request, CompletionRequest)
    return prompt.request


def numbered(lines: int, cursor: int) -> Snapshot:
    text = [f"line number {number}\n" for number in range(lines)]
    text[cursor] = "|" + text[cursor]
    return at("".join(text))


def test_a_short_document_is_sent_whole():
    prompt = build(at("a\nb|c\nd\n"), TARGET, Window(), count)
    assert (fim(prompt).prefix, fim(prompt).suffix) == ("a\nb", "c\nd\n")


def test_a_long_document_is_cut_at_lines_within_the_budget():
    prompt = build(numbered(2000, 1000), SMALL, Window(), count)
    request = fim(prompt)
    assert request.prefix.startswith("line number ")
    assert request.suffix.endswith("\n")
    spent = sum(map(count, (request.prefix + request.suffix).splitlines(keepends=True)))
    assert 400 < spent <= 1000 - 100
    assert len(request.prefix) > 5 * len(request.suffix)


def test_a_model_that_counts_more_tokens_gets_less_text():
    plain = fim(build(numbered(2000, 1000), SMALL, Window(), count))
    dear = fim(build(numbered(2000, 1000), SMALL, Window(), count, factor=2.0))
    share = len(dear.prefix + dear.suffix) / len(plain.prefix + plain.suffix)
    assert 0.4 < share < 0.6


def test_consecutive_prompts_begin_alike_until_the_window_has_to_move():
    window = Window()
    starts = [
        fim(build(numbered(2000, line), SMALL, window, count)).prefix.split("\n")[0]
        for line in range(1000, 1100)
    ]
    assert len(set(starts)) <= 7


def test_the_suffix_s_end_stays_while_the_cursor_moves_a_little():
    window = Window()
    ends = [
        fim(build(numbered(2000, line), SMALL, window, count)).suffix.split("\n")[-2]
        for line in range(1000, 1010)
    ]
    assert len(set(ends)) <= 3


def test_a_line_that_is_longer_than_the_budget_is_cut_inside():
    prompt = build(at("x" * 9000 + "|" + "y" * 9000), SMALL, Window(), count)
    assert 500 < len(fim(prompt).prefix) < 3000
    assert set(fim(prompt).prefix) == {"x"}
    assert 0 < len(fim(prompt).suffix) < 500


def test_context_stands_first_as_comments_where_the_family_has_no_place_for_it():
    snippets = [
        Snippet(source="edit", path="late.py", text="z = 1\n", stable=False),
        Snippet(source="import", path="b.py", text="def f():\n    pass\n"),
    ]
    place = msgspec.structs.replace(at("f(|)"), language="python")
    too_long = Snippet(source="", path="", text="x" * 9999)
    prompt = build(place, TARGET, Window(), count, [*snippets, too_long])
    assert fim(prompt).prefix == "# b.py\n# def f():\n#     pass\n\n# late.py\n# z = 1\n\nf("
    assert [use.source for use in prompt.context] == ["import", "edit"]
    assert prompt.files == ["f:a", "b.py", "late.py"]


def test_a_piece_of_context_goes_by_its_name_inside_the_workspace_and_is_recorded_by_its_path():
    snippet = Snippet(source="import", path="/home/me/w/b.py", label="w/b.py", text="x = 1")
    place = msgspec.structs.replace(at("f(|)"), language="python")
    prompt = build(place, TARGET, Window(), count, [snippet])
    assert fim(prompt).prefix == "# w/b.py\n# x = 1\n\nf("
    assert prompt.files == ["f:a", "/home/me/w/b.py"]


def test_a_family_lays_out_its_own_prompt_and_takes_files():
    def render(
        prefix: str,
        suffix: str,
        *,
        path: str = "",
        language: str = "",
        files: Sequence[ContextFile] = (),
        begun: str = "",
    ) -> str:
        return f"{[file.path for file in files]}<P>{prefix}<S>{suffix}<M>{begun}"

    target = replace(
        TARGET, method="template", render=render, takes_files=True, stop=tuple("abcdef")
    )
    prompt = build(
        at("f(|)"), target, Window(), count, [Snippet(source="s", path="b.py", text="x")]
    )
    assert fim(prompt).prompt == "['b.py']<P>f(<S>)<M>"
    assert fim(prompt).stop == ("a", "b", "c", "d")
    assert prompt.text == fim(prompt).prompt


def typed(text: str) -> list[Snapshot]:
    """The snapshots of somebody who types a text into a small function."""
    return [at(f"def f():\n{text[:end]}|\n\ng()\n") for end in range(len(text) + 1)]


def test_prompts_go_on_where_the_one_before_ended_while_the_user_types():
    target = replace(TARGET, method="infill", takes_begun=True)
    window = Window()
    requests = [
        fim(build(snapshot, target, window, count)) for snapshot in typed("    a = 1\n    b = 2")
    ]
    assert {(request.prefix, request.suffix) for request in requests} == {
        ("def f():\n", "\n\ng()\n")
    }
    assert [request.prompt or "" for request in requests] == [
        "    a = 1\n    b = 2"[:end] for end in range(len(requests))
    ]


def test_an_edit_elsewhere_and_a_long_text_begin_the_middle_anew():
    target = replace(TARGET, method="infill", takes_begun=True, context_window=8192)
    window = Window()
    build(at("a\nx|\nb\n"), target, window, count)
    request = fim(build(at("c\nx\ny|\nb\n"), target, window, count))
    assert (request.prefix, request.prompt) == ("c\nx\n", "y")
    request = fim(build(at("c\nx\n" + "y\n" * 700 + "z|\nb\n"), target, window, count))
    assert request.prompt == "z"
    request = fim(build(at("z" * 700 + "|\nb\n"), target, window, count))
    assert (request.prefix, request.prompt) == ("z" * 700, None)


def test_a_control_token_that_was_typed_is_not_given_as_the_middle():
    target = replace(TARGET, method="infill", takes_begun=True, cut_strings=("<end>",))
    request = fim(build(at("x = '<end>|'\n"), target, Window(), count))
    assert (request.prefix, request.prompt) == ("x = '<end>", None)


def test_a_chat_model_is_shown_the_hole():
    target = replace(TARGET, method="chat", capabilities=CAPABILITIES)
    prompt = build(at("f(|)"), target, Window(), count)
    assert isinstance(prompt.request, ChatRequest)
    (part,) = prompt.request.messages[0].content
    assert prompt.hole
    assert f"f({prompt.hole})" in getattr(part, "text", "")


def test_the_wait_follows_rhythm_place_latency_and_rejections():
    place = at("x = foo|bar")

    def wait(**changes: int) -> float:
        given = {"interval_ms": 200, "latency_ms": 300, "rejections": 0, "client_ms": 0, **changes}
        return delay_ms(place, **given)

    assert wait(interval_ms=100) < wait() < wait(interval_ms=300)
    assert wait(latency_ms=800) < wait()
    assert wait(rejections=1) < wait(rejections=3)
    assert wait(client_ms=50) == wait() - 50
    assert wait(client_ms=2000) == 0
    assert wait(fixed_ms=75) == 75
    assert eagerness(at("x = |\n")) > eagerness(at("x = foo|\n")) > eagerness(place)


def test_the_rhythm_is_learnt_from_gaps_and_pauses_do_not_count():
    rhythm = Rhythm()
    for at_ms in (0, 100, 200, 5000, 5100, 5200):
        rhythm.typed(at_ms)
    assert rhythm.interval_ms == 100
