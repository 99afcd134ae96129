"""What of an answer is shown: a table of cases for every filter."""

from typing import TYPE_CHECKING

from refact_lsp.core.syntax import Grammar, Syntax
from refact_lsp.features.completion.filters.polish import (
    REFUSALS,
    REPAIRS,
    Polishing,
    Scene,
    polished,
)
from refact_lsp.features.completion.filters.reasons import Dropped, DropReason, Shown
from tests.features.filters.places import PLAIN, judged, shown
from tests.features.snapshots import at_cursor
from tests.rows import every_row

if TYPE_CHECKING:
    from tree_sitter import Tree

ONE_LINE = Polishing(multiline="never")
KEY = "AKIA" + "Q7" * 8

# language, document, answer, what is shown, the change that is told
CHANGED = {
    "control token": ("python", "x = ‸\n", "1<|fim_pad|>zz", "1", "controlToken"),
    "token of another family": (
        "python",
        "x = ‸\n",
        "1<\uff5cfim\u2581end\uff5c>zz",
        "1",
        "controlToken",
    ),
    "thinking": ("python", "x = ‸\n", "<think>One?</think>\n1", "1", "thinking"),
    "end of thinking": ("python", "x = ‸\n", "so one</think>1", "1", "thinking"),
    "fence": ("python", "x = ‸\n", "```python\n1\n```\nThere.", "1", "fence"),
    "fence after words": ("python", "x = ‸\n", "Here it is\n```\n1\n```", "1", "fence"),
    "last fence": ("python", "x = ‸\n", "1\n```", "1", "fence"),
    "introduction": ("go", "x := ‸\n", "Here is the code:\ny", "y", "chatEcho"),
    "line left of the cursor": ("python", "total = ‸\n", "total = a + b", "a + b", "prefixOverlap"),
    "indentation twice": (
        "python",
        "def f():\n    ‸\n",
        "    return 1",
        "return 1",
        "prefixOverlap",
    ),
    "two blanks": ("python", "x = ‸\n", " 1", "1", "prefixOverlap"),
    "lines above": (
        "python",
        "first_call(1)\nsecond_call(2)\n‸\n",
        "first_call(1)\nsecond_call(2)\nthird_call(3)",
        "third_call(3)",
        "prefixOverlap",
    ),
    "next line": (
        "python",
        "def f():\n    a()\n    ‸\n    return total\n",
        "b()\n    return total\n    c()",
        "b()",
        "suffixLine",
    ),
    "next line in other quotes": (
        "python",
        "def f():\n    a()\n    ‸\n    return 'total'\n",
        'b()\n    return "total"',
        "b()",
        "suffixLine",
    ),
    "end of the line": ("python", "x = ‸ + offset[0]\n", "a + offset[0]", "a", "suffixOverlap"),
    "line again and again": (
        "python",
        "‸\n",
        "call(one)\ncall(one)\ncall(one)\n",
        "call(one)",
        "repetition",
    ),
    "spaces in a tabbed file": (
        "go",
        "func f() {\n\tif x {\n\t\t‸\n\t}\n}\n",
        "if y {\n            z()\n        }",
        "if y {\n\t\t\tz()\n\t\t}",
        "indentation",
    ),
    "tabs in a spaced file": (
        "python",
        "def f():\n    a()\n    ‸\n",
        "if x:\n\t\tb()",
        "if x:\n        b()",
        "indentation",
    ),
    "four blanks in a file of two": (
        "typescript",
        "function f() {\n  a();\n  ‸\n}\n",
        "if (x) {\n      y();\n  }",
        "if (x) {\n    y();\n  }",
        "indentation",
    ),
    "two blanks to a level in a file of four": (
        "java",
        "class A {\n    void f() {\n        a();\n        ‸\n    }\n}\n",
        "if (x) {\n          y();\n        }",
        "if (x) {\n            y();\n        }",
        "indentation",
    ),
    "blanks at line ends": ("python", "‸\n", "a = 1  \nb = 2\t", "a = 1\nb = 2", "trailingBlank"),
    "line endings": ("python", "x = 1\r\n‸\r\n", "a = 1\nb = 2", "a = 1\r\nb = 2", "lineEnding"),
    "closers of the rest of the line": (
        "python",
        "f(‸)\n",
        "a) + g(b)",
        "a) + g(b)",
        "replacedRight",
    ),
    "brackets left open": ("python", "x = ‸\n", "f(g(1", "f(g(1))", "closer"),
    "first new error": ("python", "x = ‸\n", "f(1) 2 3 (", "f(1)", "brokenSyntax"),
    "last line broken": (
        "go",
        "package a\n\nfunc f() {\n\t‸\n}\n",
        "a()\n\tif {",
        "a()",
        "brokenSyntax",
    ),
    "wrong indentation": (
        "python",
        "def f():\n    a()\n    ‸\n",
        "b()\n      c()",
        "b()",
        "brokenSyntax",
    ),
    "return outside a function": ("python", "a()\n‸\n", "b()\nreturn 1", "b()", "brokenSyntax"),
}
# language, document, answer, the reason
DROPPED: dict[str, tuple[str, str, str, DropReason]] = {
    "blank": ("python", "x‸\n", " \n\t", "blank"),
    "closers alone": ("python", "f(a)‸\n", ")", "onlyClosers"),
    "comment without words": ("python", "‸\n", "#", "emptyComment"),
    "what stands right": ("python", "x = ‸value\n", "value", "repeatsSuffix"),
    "the next line": ("python", "‸\ntotal = compute()\n", "total = compute()", "repeatsSuffix"),
    "the line above": ("python", "total = compute()\n‸\n", "total = compute()", "repeatsPrefix"),
    "in circles": ("python", "# ‸\n", "and on " * 20, "repeatsItself"),
    "talk": ("python", "x = ‸\n", "Sure, the missing part follows.", "chatEcho"),
    "your code here": ("python", "def f():\n    ‸\n", "# your code here", "placeholder"),
    "rest of the code": ("typescript", "‸\n", "// ... rest of the code ...", "placeholder"),
    "a key": ("python", "key = ‸\n", f'"{KEY}"', "secret"),
    "a password in an address": ("python", "u = ‸\n", '"db://me:hunter22@host/x"', "secret"),
    "licence": ("c", "‸\n", "/* Permission is hereby granted, free of charge */", "licence"),
    "broken": ("go", "package a\n\nvar x = ‸\n", "}{", "brokenSyntax"),
}
UNTOUCHED = {
    "an ellipsis as a body": ("python", "def f() -> None: ‸\n", "..."),
    "a needed closer": ("python", "x = f(a‸\n", ")"),
    "a key of the document": ("python", f'k = "{KEY}"\nassert k == ‸\n', f'"{KEY}"'),
    "near the line above": ("python", "row_one = 1\n‸\n", "row_two = 2"),
    "words in a comment": ("python", "# ‸\n", "Here is what it does"),
    "a fence in Markdown": ("markdown", "‸\n", "```sh\nls\n```"),
    "a block in a broken file": ("python", "f((\n\ndef g():\n    ‸\n", "return 1"),
    "line break before a closer": ("c", "int a[] = {‸};\n", "\n  1,\n"),
    "arguments two levels deep": (
        "java",
        "class A {\n  void f() {\n    a();\n    ‸\n  }\n}\n",
        "throw new Failure(\n        message);",
    ),
    "ends of nested blocks": (
        "lua",
        "‸\n",
        "for _ in a do\n  if b then\n    if c then\n      d()\n    end\n  end\nend",
    ),
    "a line that the user began a second time": (
        "java",
        "class A {\n  void f() {\n    queue.add(new Item());\n    queue.add(new Item‸);\n  }\n}\n",
        "()",
    ),
    "a line that was written twice already": ("lua", "add(one)\nadd(one)\nadd‸\n", "(one)"),
    "a value that only its quotes tell from the one above": (
        "python",
        'at(depth="2", name="long")\nat(depth=‸\n',
        '2, name="long")',
    ),
    "two equal lines": ("lua", "‸\n", "print(one)\nprint(one)"),
}


@every_row("case", CHANGED.values(), ids=CHANGED)
def test_a_text_is_repaired(case: tuple[str, str, str, str, str]):
    language, document, answer, text, change = case
    found = shown(answer, document, language)
    assert found.text == text
    assert change in found.changes


@every_row("case", CHANGED.values(), ids=CHANGED)
def test_a_repaired_text_is_left_alone(case: tuple[str, str, str, str, str]):
    language, document, _, text, change = case
    found = shown(text, document, language)
    assert found.text == text
    assert set(found.changes) <= {"replacedRight", "lineEnding"}, change


@every_row("case", DROPPED.values(), ids=DROPPED)
def test_a_text_is_dropped(case: tuple[str, str, str, DropReason]):
    language, document, answer, reason = case
    assert judged(answer, document, language) == Dropped(reason=reason)


@every_row("case", UNTOUCHED.values(), ids=UNTOUCHED)
def test_a_text_is_shown_as_it_is(case: tuple[str, str, str]):
    language, document, answer = case
    assert shown(answer, document, language).text == answer


def test_every_filter_has_a_case():
    polishing = {"firstLine", "unfinished", "rejectedBefore", "undoesEdit"}
    changes = {case[4] for case in CHANGED.values()}
    reasons = {case[3] for case in DROPPED.values()}
    assert {change for change, _ in REPAIRS} - polishing <= changes
    assert {reason for reason, _ in REFUSALS} - polishing <= reasons


def test_one_line_where_no_more_is_wanted():
    found = shown("a\nb", "‸\n", polishing=ONE_LINE)
    assert (found.text, found.changes) == ("a", ["firstLine"])


def test_one_line_of_its_own_behind_a_line_that_is_whole():
    found = shown("\n\tb()\n\tc()", "f(() => {\n\ta()‸\n});\n", "javascript", ONE_LINE)
    assert found.text == "\n\tb()"


def test_a_line_cut_by_the_token_limit_is_not_shown():
    found = shown("a()\nb(", "‸\n", polishing=Polishing(truncated=True))
    assert (found.text, found.changes) == ("a()", ["unfinished"])


def test_what_was_rejected_is_not_shown_again():
    polishing = Polishing(rejected=["a( b )"])
    assert judged("a( b )\n", "‸\n", polishing=polishing) == Dropped(reason="rejectedBefore")


def test_what_was_deleted_is_not_brought_back():
    polishing = Polishing(deleted=["total += 1"])
    assert judged("total += 1", "‸\n", polishing=polishing) == Dropped(reason="undoesEdit")


def test_the_rest_of_the_line_is_replaced_on_the_line():
    assert shown("a) + g(b)", "f(‸)\n").replace_end_column == 3


@every_row(
    ("document", "answer"),
    [
        ("def f(xs):\n    for x in ‸\n    return xs\n", "xs:"),
        ("def f(xs):\n    for x in ‸\n        print(x)\n", "xs:"),
        ("class A:\n    def f(self):\n        if ‸\n\n    def g(self):\n        pass\n", "self:"),
        ("def f(xs):\n    for x in ‸", "xs:"),
        ("def f(xs):\n    for x in ‸\n", "xs:"),
    ],
)
def test_a_header_is_shown_before_its_block_is_written(document: str, answer: str):
    assert shown(answer, document).text == answer


def test_a_line_that_is_far_too_long_is_not_parsed():
    document = f"var x = '{'x' * 90_000}';\nvar y = ‸\n"
    syntax = Measured()
    found = polished("x + 1;", Scene(at_cursor(document, "javascript"), PLAIN), syntax)
    assert isinstance(found, Shown)
    assert syntax.longest == 0


@every_row("below", ["", "\n", "\n}\n"])
@every_row(
    ("language", "document", "answer"),
    [
        ("typescript", "function f(xs: T[]) {\n  for (const x of ‸", "xs) {"),
        ("javascript", "xs.map((x) => {\n  const y = g(‸", "x);"),
        ("java", "class A {\n  int f(int x) {\n    if (x ‸", "> 0) {"),
        ("go", "package a\n\nfunc f(xs []int) {\n\tfor _, x := range ‸", "xs {"),
        ("rust", "fn f(xs: &[i32]) {\n    for x in ‸", "xs {"),
        ("c", "int f(int n) {\n  while (n ‸", "> 0) {"),
    ],
)
def test_a_block_is_written_from_top_to_bottom(
    language: str, document: str, answer: str, below: str
):
    assert shown(answer, document + below, language).text == answer


@every_row("answer", ["x", "x]);", "x, [", "x +);"])
def test_a_line_that_stays_broken_is_not_shown_because_its_block_is_unfinished(answer: str):
    found = judged(answer, "function f(x) {\n  g(‸", "javascript")
    assert found == Dropped(reason="brokenSyntax")


@every_row("typed", range(9))
def test_indentation_that_is_still_being_typed_is_completed(typed: int):
    document = "class A:\n    def f(self):\n        a = g()\n" + " " * typed + "‸\n"
    answer = " " * (8 - typed) + "return a"
    assert shown(answer, document).text == answer


@every_row("between", ["x = 1\n", f"# {'x' * 98}\n" * 600], ids=["short", "long"])
def test_the_strict_guard_shows_nothing_in_a_broken_file(between: str):
    polishing = Polishing(strictness="strict")
    document = f"f((\n{between}\ndef g():\n    ‸\n"
    found = judged("return 1", document, polishing=polishing)
    assert found == Dropped(reason="brokenSyntax")


class Measured(Syntax):
    """Knows the longest text that it was asked to parse."""

    longest = 0

    def parse(self, grammar: Grammar, source: bytes, old: "Tree | None" = None) -> "Tree":
        self.longest = max(self.longest, len(source))
        return super().parse(grammar, source, old)


def test_a_long_document_that_is_broken_far_away_is_judged_by_what_is_near():
    """All of it would take a second to parse, and typing would wait for that."""
    functions = "func f(a int) int {\n\treturn a\n}\n\n" * 5_000
    document = f"x = f({{[(\n\n{functions}func g(a int) int {{\n\treturn ‸\n}}\n\n{functions}"
    syntax = Measured()
    for answer, expected in (("a + 1", "a + 1"), ("f(a", "f(a)")):
        found = polished(answer, Scene(at_cursor(document, "go"), PLAIN), syntax)
        assert isinstance(found, Shown)
        assert found.text == expected
    assert 0 < syntax.longest < 8_000
