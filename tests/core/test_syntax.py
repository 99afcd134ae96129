"""Grammars, parsers and kept trees."""

import random

import pytest

from refact_lsp.core.syntax import GRAMMARS, Grammar, Syntax, difference, grammar_of

SAMPLES = {
    "python": "def f(x):\n    return x\n",
    "javascript": "function f(x) { return <b>{x}</b>; }\n",
    "typescript": "function f(x: number): number { return x; }\n",
    "tsx": "const f = (x: number) => <b>{x}</b>;\n",
    "go": "package a\n\nfunc f(x int) int { return x }\n",
    "rust": "fn f(x: u8) -> u8 { x }\n",
    "java": "class A { int f(int x) { return x; } }\n",
    "c": "int f(int x) { return x; }\n",
    "lua": "local function f(x) return x end\n",
}


@pytest.mark.parametrize("grammar", GRAMMARS, ids=lambda grammar: grammar.name)
def test_every_grammar_parses_its_language(grammar: Grammar):
    tree = Syntax().parse(grammar, SAMPLES[grammar.name].encode())
    assert not tree.root_node.has_error


def test_a_language_id_rules_over_the_extension():
    assert grammar_of("rust", "/a/b.py") == grammar_of("rust")


def test_an_unknown_language_id_falls_back_to_the_extension():
    assert grammar_of("plaintext", "/a/B.PY") == grammar_of("python")
    assert grammar_of("plaintext", "/a/b.txt") is None


def test_an_edited_document_is_parsed_as_if_anew():
    syntax = Syntax()
    grammar = grammar_of("python")
    assert grammar
    before, after = b"def f(x):\n    return x\n", b"def f(x):\n    return (x, 'p')\n"
    syntax.tree("file:///a", grammar, before)
    tree = syntax.tree("file:///a", grammar, after)
    assert str(tree.root_node) == str(Syntax().parse(grammar, after).root_node)


def test_the_difference_of_two_texts_is_one_span():
    assert difference(b"abcabc", b"abcXabc") == (3, 3, 4)
    assert difference(b"aa", b"aaa") == (2, 2, 3)
    assert difference(b"", b"") == (0, 0, 0)


def test_the_difference_of_long_texts_is_the_smallest_span():
    rng = random.Random(1)
    for _ in range(300):
        before = bytes(rng.choices(b"ab\n", k=rng.randrange(9000)))
        at = rng.randrange(len(before) + 1)
        gone = min(len(before) - at, rng.choice((0, 1, 5, 4096, 5000)))
        put = bytes(rng.choices(b"ab\n", k=rng.choice((0, 1, 5, 4097))))
        after = before[:at] + put + before[at + gone :]
        start, before_end, after_end = difference(before, after)
        assert before[:start] == after[:start]
        assert before[before_end:] == after[after_end:]
        assert start in (before_end, after_end) or before[start] != after[start]
        ends = before_end > start < after_end
        assert not ends or before[before_end - 1] != after[after_end - 1]
