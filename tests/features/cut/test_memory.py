"""Reading line by line with a memory says what one reading of the whole text says."""

import random

from hypothesis import settings

from refact_lsp.features.completion.cut.brackets import DEEPEST, Bracket, closes, indent_at
from refact_lsp.features.completion.cut.lexer import Lexer
from refact_lsp.features.completion.cut.lexis import Reading
from refact_lsp.features.completion.cut.memory import Memory
from tests.rows import every_row

# For each language, and the same ones every time; the whole check tries more of them.
SOUPS = 4 * settings().max_examples
LANGUAGES = ("python", "typescript", "go", "rust", "java", "c", "lua", "ruby", "unknown")
PIECES = (
    *"()[]{}",
    *('"', "'", "`", '"""', "'''", "${", "}", "\\", "\\\n", "\n", "\n", "\n    ", "\r\n", "\n\t"),
    *(
        "//",
        "/*",
        "*/",
        "#",
        "--",
        "--[[",
        "]]",
        "[=[",
        "]=]",
        'r#"',
        '"#',
        "'a'",
        "/ab/g",
        "= /[)]/;",
    ),
    *("function", "if", "do", "end", "repeat", "until", "x", " ", "é𝕏", "return a", "def f(x):"),
)


def soup(rng: random.Random) -> str:
    """Text in which everything that a lexer must know occurs in any order."""
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(60)))


def read_whole(language: str, prefix: str, suffix: str) -> tuple[list[Bracket], list[Bracket], str]:
    """Both sides of a hole by one reading each, and what the lexer says of a text after them."""
    lexer = Lexer(Reading(language))
    before = "\n" + prefix
    lexer.resume(lexer.state, 1)
    stack: list[Bracket] = []
    for token in lexer.tokens(before, len(before), "words"):
        indent, _ = indent_at(before, token.start)
        if token.kind == "open":
            stack.append(Bracket(token.text, indent, "\n" not in before[token.start :]))
        elif token.kind == "close":
            pop(stack, token.text)
    after = lexer.twin()
    inner: list[Bracket] = []
    found: list[Bracket] = []
    for token in after.tokens(suffix, len(suffix), "nothing"):
        indent, leads = indent_at(suffix, token.start)
        near = "\n" not in suffix[: token.start]
        if token.kind == "open":
            inner.append(Bracket(token.text, indent, near))
        elif token.kind == "close" and not pop(inner, token.text) and len(found) < DEEPEST:
            found.append(Bracket(token.text, indent if leads and not near else None, near))
    rest = list(lexer.tokens(before + suffix, len(before + suffix), "nothing"))
    return stack, found, repr([(token.kind, token.start - 1, token.text) for token in rest])


def pop(stack: list[Bracket], closer: str) -> bool:
    fitting = [depth for depth, bracket in enumerate(stack) if closes(closer, bracket.text)]
    if fitting:
        del stack[fitting[-1] :]
    return bool(fitting)


@every_row("language", LANGUAGES)
def test_a_memory_changes_nothing_of_what_is_read(language: str):
    memory = Memory()
    for seed in range(SOUPS):
        rng = random.Random(seed)
        prefix, suffix = soup(rng), soup(rng)
        lexer = Lexer(memory.reading(language))
        openers = memory.openers(lexer, prefix)
        closers = memory.unmatched_closers(lexer.twin(), suffix)
        whole = prefix + suffix
        rest = [
            (token.kind, token.start, token.text)
            for token in lexer.tokens(whole, len(whole), "nothing")
        ]
        assert (openers, closers, repr(rest)) == read_whole(language, prefix, suffix), seed
