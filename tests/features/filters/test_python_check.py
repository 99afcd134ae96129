"""Python's own word on a text in place, which spares the parser of long documents a look."""

from refact_lsp.features.completion.filters.python_check import Place
from tests.rows import every_row

CASES = {
    "a statement": ("def f():\n    ‸\n    return 1\n", "x = [1]", True),
    "in a file that is broken elsewhere": ("f((\n\ndef g():\n    ‸\n", "return 1", True),
    "an open bracket": ("def f():\n    ‸\n    return 1\n", "x = [1", False),
    "a string that swallows what follows": ("def f():\n    ‸\n    return 1\n", 'x = """', False),
    "a wrong indentation": ("def f():\n    ‸\n    return 1\n", "x = 1\n      y = 2", False),
    "a block that is still to come": ("def f():\n    ‸\n    return 1\n", "if x:", False),
    "more than is worth compiling": ("x = 1\n" * 5000 + "‸\n", "y = (", False),
}


@every_row("case", CASES)
def test_python_says_whether_a_text_is_right_in_its_place(case: str):
    document, text, expected = CASES[case]
    before, _, after = document.partition("‸")
    assert Place(before, after).compiles(text) is expected
