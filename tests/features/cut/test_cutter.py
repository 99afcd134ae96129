"""Where streams are cut, and why."""

from refact_lsp.features.completion.cut.context import CutContext, Multiline, cut_context
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.cut.stops import beginnings, undecided_tail, wire_stops
from tests.features.snapshots import at_cursor
from tests.rows import every_row

END = "<|endoftext|>"


def hole(document: str, language: str = "python", multiline: Multiline = "auto") -> CutContext:
    """The hole at the one `‸` of a document."""
    return cut_context(at_cursor(document, language), multiline=multiline, cut_strings=[END])


def read(context: CutContext, *deltas: str):
    cutter = Cutter(context)
    for delta in deltas:
        if cut := cutter.feed(delta):
            return cut
    return cutter.finish()


CASES = {
    "control token": ("python", "x = ‸\n", f"1{END}\nmore", "1", "controlToken"),
    "the next statement outside the block": (
        "python",
        "def f():\n    if x:\n        a()‸\n",
        "\n    b()\n    c()\nd()\n",
        "\n    b()\n    c()",
        "indentation",
    ),
    "end of stream": ("python", "x = ‸\n", "1", "1", "end"),
    "line in the middle of a line": ("python", "x = f(‸ + 1)\n", "a\nmore", "a", "newline"),
    "rest of a line": ("python", "x = ‸\ny = 2\n", "1\ny = 2\n", "1", "newline"),
    "statement over lines": ("python", "x = ‸\n", "f(\n    a,\n)\ny", "f(\n    a,\n)", "newline"),
    "meeting the right text": ("python", "x = f(‸ + offset)\n", "a + offset)", "a", "rightText"),
    "auto-closed pair": ("python", "x = f(‸)\n", "a, g(b)) + 1", "a, g(b)", "bracket"),
    "auto-closed quote": ("python", "x = f('‸')\n", "name') + 1", "name", "bracket"),
    "open quote": ("python", "x = '‸\n", "name'\ny = 2", "name'", "newline"),
    "comment": ("python", "# see ‸\nx = 1\n", "below (\nx = 1", "below (", "newline"),
    "body by indentation": (
        "python",
        "def f():\n    ‸\n\ndef g():\n    pass\n",
        "a()\n    b()\n\ndef h():",
        "a()\n    b()",
        "indentation",
    ),
    "body under parameters of several lines": (
        "java",
        "class A {\n  void f(int a,\n      int b) {‸\n  }\n}\n",
        "\n    a();\n    b();\n  }\n\n  void g() {",
        "\n    a();\n    b();",
        "bracket",
    ),
    "body under parameters in python": (
        "python",
        "def f(a,\n      b):‸\n\nx = 1\n",
        "\n    a()\n    b()\nc()\n",
        "\n    a()\n    b()",
        "indentation",
    ),
    "body that begins with a comment": (
        "python",
        "def f():\n    # first‸\n\nx = 1\n",
        "\n    a()\n\n    b()\nc()\n",
        "\n    a()\n\n    b()",
        "indentation",
    ),
    "body from the header": (
        "python",
        "def f():‸\n\ndef g():\n    pass\n",
        "\n    a()\n    b()\nc()\n",
        "\n    a()\n    b()",
        "indentation",
    ),
    "return ends a body": (
        "python",
        "def f():\n    ‸\n",
        "a()\n    return 1\n    b()\n",
        "a()\n    return 1",
        "terminal",
    ),
    "brace body": (
        "go",
        "func f() {\n\t‸\n}\n",
        "a()\n\tb()\n}\n\nfunc",
        "a()\n\tb()",
        "bracket",
    ),
    "body without its closer": (
        "c",
        "int f(void) {\n  ‸\n\nint g(void) {\n}\n",
        "a();\n  b();\n}\nint h",
        "a();\n  b();\n}",
        "complete",
    ),
    "opener whose closer is there": (
        "c",
        "void f(void) {\n  if (x‸\n    a();\n  }\n}\n",
        " > 1) {\n    a();",
        " > 1) {",
        "newline",
    ),
    "next line of the document": (
        "python",
        "def f():\n    ‸\n    return result\n",
        "result = 1\n    return result\n",
        "result = 1",
        "newline",
    ),
    "list closed by the document": (
        "typescript",
        "const x = [\n  ‸\n];\n",
        "1,\n  2,\n];\nconst y",
        "1,\n  2,",
        "bracket",
    ),
    "lua block": (
        "lua",
        "function f()\n  ‸\nend\n",
        "if x then\n    a()\n  end\nend\n",
        "if x then\n    a()\n  end",
        "bracket",
    ),
    "value of a rust block": (
        "rust",
        "fn f() -> u8 {\n    ‸\n}\n",
        "let x = 1;\n    x + 1\n    let y = 2;\n",
        "let x = 1;\n    x + 1",
        "terminal",
    ),
    "repeated lines": (
        "go",
        "func f() {\n\t‸\n}\n",
        "open()\n\tread()\n\tread()\n\tread()\n",
        "open()\n\tread()",
        "repeatedLine",
    ),
    "repeated words": (
        "python",
        "# ‸\n",
        "the end" + " of it" * 9,
        "the end of it",
        "repeatedInline",
    ),
    "repeated words are ended at a word": (
        "python",
        "x = ‸\n",
        "request.blueprint" + ".blueprint" * 9,
        "request.blueprint",
        "repeatedInline",
    ),
    "comment before a closer": (
        "go",
        "x := T{‸}\n",
        f"\n\t\tA: 1, // one\n\t{END}",
        "\n\t\tA: 1, // one\n\t",
        "controlToken",
    ),
    "repeated words before the end of the line": (
        "python",
        "x = f(‸)\n",
        "a, long, list, long, list, long, list, long, list, long, list)\ny = 2\n",
        "a, long, list",
        "repeatedInline",
    ),
    "the right text inside brackets of the text": (
        "python",
        "x = f(‸ + offset)\n",
        "g(a + offset) * b + offset)\ny = 2",
        "g(a + offset) * b",
        "rightText",
    ),
    "chain of calls": (
        "rust",
        "fn f() {\n    z();\n    ‸\n}\n",
        "let x = a\n        .b()\n        .c();\n    d();\n",
        "let x = a\n        .b()\n        .c();",
        "newline",
    ),
    "chain of calls in an empty block": (
        "rust",
        "fn f() {\n    ‸\n}\n",
        "let x = a\n        .b()\n        .c();\n    d();\n}\n",
        "let x = a\n        .b()\n        .c();\n    d();",
        "bracket",
    ),
    "chain that the document goes on with": (
        "rust",
        "fn f() {\n    let x = ‸\n        .c();\n}\n",
        "a.b()\n        .d()\n        .c();\n",
        "a.b()",
        "newline",
    ),
    "indentation that the text brings": (
        "lua",
        "function f()\n  a()\n‸\nend\n",
        "  b()\n  c()\n",
        "  b()",
        "newline",
    ),
    "condition whose statement stands below": (
        "c",
        "void f(void) {\n  z();\n  ‸\n}\n",
        "if (a) /* b */\n    c();\n  d();\n",
        "if (a) /* b */\n    c();",
        "newline",
    ),
    "brace on a line of its own": (
        "java",
        "class A {\n  void f() {\n    z();\n    ‸\n  }\n}\n",
        "if (a)\n    {\n      b();\n    }\n    else\n    {\n      c();\n    }\n    d();\n",
        "if (a)\n    {\n      b();\n    }\n    else\n    {\n      c();\n    }",
        "newline",
    ),
    "call repeated in a chain": (
        "rust",
        "fn f() {\n    z();\n    ‸\n}\n",
        "a.b()\n        .sum::<u8>()\n        .sum::<u8>()\n        .sum::<u8>()",
        "a.b()\n        .sum::<u8>()",
        "repeatedLine",
    ),
    "statement without a semicolon": (
        "typescript",
        "‸\n",
        "const x = a()\nconst y = b()\n",
        "const x = a()",
        "newline",
    ),
    "operator at the end of a line": (
        "go",
        "func f() {\n\tx := ‸\n}\n",
        "a &&\n\t\tb\n\tc()\n",
        "a &&\n\t\tb",
        "newline",
    ),
    "attribute above deeper lines": (
        "rust",
        "‸\nstruct A {}\n",
        "#[derive(Debug)]\n    a: u8,\n",
        "#[derive(Debug)]",
        "newline",
    ),
    "comment above deeper lines": ("rust", "// See ‸\n", "below\n    a()\n", "below", "newline"),
    "deeper comment below": ("lua", "x = ‸\n", "1\n  -- two\n", "1", "newline"),
    "full stop of a comment": ("go", "// See ‸\n", "below.\n// more", "below.", "newline"),
    "full stop of a comment behind code": (
        "go",
        "x := ‸\n",
        "1 // One.\ny := 2",
        "1 // One.",
        "newline",
    ),
    "argument of a list that goes on": (
        "python",
        "f(\n    ‸\n    b,\n)\n",
        "a +\n    c,\n",
        "a +",
        "newline",
    ),
    "a long body ends before a statement": (
        "python",
        "def f():‸\n",
        "".join(f"\n    a{number}()" for number in range(14))
        + "\n    if b:\n        c()\n        d()\n    else:\n        e()\n    g()\n    h()",
        "".join(f"\n    a{number}()" for number in range(14))
        + "\n    if b:\n        c()\n        d()\n    else:\n        e()",
        "lineCap",
    ),
    "rust lifetime is no quote": (
        "rust",
        "fn f<'a>(x: &'a str) {\n    g(‸)\n}\n",
        "x, &'_ y) { z }",
        "x, &'_ y",
        "bracket",
    ),
    "brace in a string": ("c", "f(‸);\n", '"}", 1);\ng', '"}", 1', "bracket"),
    "template with code in it": (
        "typescript",
        "f(‸);\n",
        "`${a({})}`);\ng",
        "`${a({})}`",
        "bracket",
    ),
}


@every_row("case", CASES.values(), ids=CASES)
def test_a_stream_is_cut(case: tuple[str, str, str, str, str]):
    language, document, stream, text, reason = case
    whole = read(hole(document, language), stream)
    assert (whole.text, whole.reason) == (text, reason)


@every_row("case", CASES.values(), ids=CASES)
def test_the_cut_does_not_depend_on_the_pieces(case: tuple[str, str, str, str, str]):
    language, document, stream, text, _ = case
    assert read(hole(document, language), *stream).text == text


def test_text_and_rest_are_the_whole_of_what_was_read():
    cut = read(hole("x = f(‸)\n"), "a) + 1")
    assert cut.text + cut.rest == "a) + 1"


def test_half_a_control_token_is_text_where_the_stream_ends():
    assert read(hole("x = ‸"), "1<|endof").text == "1<|endof"


def test_never_means_one_line():
    context = hole("def f():\n    ‸\n", multiline="never")
    assert read(context, "g(\n        a,\n    )").text == "g("


def test_always_reads_lines_until_the_scope_ends():
    context = hole("def f():\n    x = 1\n    ‸\n", multiline="always")
    assert read(context, "a()\n    b()\nc()").text == "a()\n    b()"


def test_unasked_lines_end_at_a_blank_line():
    context = hole("def f():\n    a()‸\n    z()\n")
    assert read(context, "\n    b()\n\n    c()\n    d()").text == "\n    b()"


def test_a_line_break_before_a_closer_on_the_cursors_line_is_kept():
    assert read(hole("f(‸)\n"), "\n    a,\n) + 1").text == "\n    a,\n"


def test_a_bracket_missing_far_away_does_not_shift_the_others():
    context = hole(
        "class A {\n  void f() {\n    g((1);\n  }\n  void h() {\n    ‸\n  }\n}\n", "java"
    )
    assert read(context, "a();\n    b();\n  }\n}").text == "a();\n    b();"


def test_an_unknown_language_is_cut_by_brackets():
    assert read(hole("f(‸)\n", "brainmelt"), "a, (b)) and").text == "a, (b)"


def test_at_most_four_stops_go_on_the_wire():
    assert wire_stops(["a", "b", "a", ""], ["c", "d", "e"]) == ("a", "b", "c", "d")


def test_the_undecided_tail_is_the_longest_beginning_of_a_stop():
    assert undecided_tail("x<|e", beginnings(["<|end|>", "|e!"])) == 3
    assert undecided_tail("x", beginnings(["<|end|>"])) == 0
