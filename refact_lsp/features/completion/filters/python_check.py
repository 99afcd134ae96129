"""Judges a text in place as Python does: whether it is a program, and whether its names are known.

Tree-sitter takes wrong indentation for right. The statements next to the cursor, inside the headers
of the blocks around it, or else the top-level statement, are compiled (never run) with the text in
place. Errors that other versions of Python may not have are not counted.
"""

import ast
import builtins
import re
import warnings
from collections.abc import Callable

# Compiling is some milliseconds for so much, looking at every name three times that.
_MOST_CHARS, _MOST_CHARS_NAMED = 20_000, 6_000
_TOP_LINE = re.compile(r"^(?:(?:def|class|async|if|for|while|with|try|match)\b|@)", re.MULTILINE)
_NEXT_TOP_LINE = re.compile(r"\n(?=[^\s)\]}#])(?!(?:else|elif|except|finally)\b)")
_HEADER = re.compile(
    r"(?:(?:def|class|async def|for|while|async for)"
    r"|(?P<plain>if|elif|else|with|async with|try|except|finally|match|case))\b.*:\s*(?:#.*)?$"
)
_CONTINUES = re.compile(r"[)\]}#]|(?:else|elif|except|finally|case)\b")
_MISPLACED = re.compile(r"outside (?:function|async function|loop)|not properly in loop")
BODY = " pass"  # stands for the block of a header that is the last line of a text
_BUILTINS = frozenset((*dir(builtins), "__file__", "__name__", "__doc__", "__path__", "__spec__"))


class Place:
    """What is compiled around a cursor, and where a text stands in it."""

    def __init__(self, prefix: str, suffix: str) -> None:
        before = prefix[_top_line_start(prefix) :].replace("\r\n", "\n")
        following = _NEXT_TOP_LINE.search(suffix)
        after = suffix[: following.start() if following else len(suffix)].replace("\r\n", "\n")
        self._before, self._after = _innermost(before, after) or (before, after)
        self._document = (prefix, suffix)

    def without_misplaced_lines(self, text: str, is_sound: Callable[[str], bool]) -> str | None:
        """Give the longest beginning, by lines, that is placed right; None where none is.

        `is_sound` judges the syntax of a beginning that is shorter than the text.
        """
        lines = text.split("\n")
        for count in range(len(lines), 0, -1):
            shorter = "\n".join(lines[:count])
            if not shorter.strip() or self._is_misplaced(shorter):
                continue
            if count == len(lines) or is_sound(shorter):
                return shorter
        return None

    def unknown_names(self, text: str) -> tuple[str, ...]:
        """Give the names that the text reads and that nothing in the document defines."""
        source = self._before + text + self._after
        if len(source) > _MOST_CHARS_NAMED:
            return ()
        try:
            tree = _parsed(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ()
        first, last = self._lines_of(text)
        start = len(self._before) - self._before.rfind("\n") - 1
        used = dict.fromkeys(
            node.id
            for node in ast.walk(tree)
            if isinstance(node, ast.Name)
            and isinstance(node.ctx, ast.Load)
            and first <= node.lineno <= last
            and (node.lineno > first or node.col_offset >= start)
        )
        bound = _bound_names(tree)
        return tuple(
            name
            for name in used
            if name not in bound and name not in _BUILTINS and not self._is_mentioned(name)
        )

    def _is_mentioned(self, name: str) -> bool:
        return any(_is_word_of(name, side) for side in self._document)

    def _lines_of(self, text: str) -> tuple[int, int]:
        first = self._before.count("\n") + 1
        return first, first + text.count("\n")

    def _is_misplaced(self, text: str) -> bool:
        bare = text.rstrip()
        return self._breaks(text) and not (bare.endswith(":") and not self._breaks(bare + BODY))

    def compiles(self, text: str) -> bool:
        """Say whether the statements around the cursor are a program with the text in place."""
        return self._compiled(text) is True

    def _breaks(self, text: str) -> bool:
        error = self._compiled(text)
        if isinstance(error, bool):
            return False
        first, last = self._lines_of(text)
        at = error.lineno or 0
        if isinstance(error, IndentationError):
            return first <= at <= last + 1 and not _begins_block(text, error)
        return first <= at <= last and bool(_MISPLACED.search(error.msg))

    def _compiled(self, text: str) -> "bool | SyntaxError":
        """Give what Python has against it; False where it cannot tell."""
        source = self._before + text + self._after
        if len(source) > _MOST_CHARS:
            return False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                compile(source, "<completion>", "exec", dont_inherit=True)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError):
            return False
        return True


def _begins_block(text: str, error: IndentationError) -> bool:
    """Whether all that is missing is the block that the user writes next."""
    opens = "\n" not in text and text.rstrip().endswith(":")
    return opens and error.msg.startswith("expected an indented block")


def _top_line_start(prefix: str) -> int:
    line_start = prefix.rfind("\n") + 1
    if prefix[line_start:][:1].strip():
        return line_start
    start = 0
    for found in _TOP_LINE.finditer(prefix, max(0, line_start - _MOST_CHARS), line_start):
        start = found.start()
    return start


def _innermost(before: str, after: str) -> tuple[str, str] | None:
    """Give the statements next to the cursor inside all headers around; None where unclear."""
    lines = before.split("\n")
    depth = limit = _indent(lines[-1])
    start: int | None = None
    headers: list[str] = []
    for number in range(len(lines) - 2, -1, -1):
        if start is not None and not lines[number][:limit].strip():
            continue  # blank or as deep: most lines of a large class
        line = lines[number].lstrip()
        indent = len(lines[number]) - len(line)
        if not line or indent > limit:
            continue
        if _CONTINUES.match(line):
            limit = min(limit, indent + 1) if line[0] in ")]}" else limit
            continue
        if start is None and indent == limit:
            start = number
            continue
        header = _HEADER.match(line)
        if header is None:
            return None
        limit = indent
        if start is None:
            start = number
        else:
            headers.append(" " * indent + "if 1:" if header["plain"] else lines[number])
    if start is None or limit > 0 or "\t" in before:
        return None
    return "\n".join((*reversed(headers), *lines[start:])), _up_to(after, depth)


def _up_to(after: str, indent: int) -> str:
    """Give the rest of a block, and something that stands for the line behind it."""
    lines = after.split("\n")
    for number, line in enumerate(lines[1:], 1):
        text = line.lstrip()
        at = len(line) - len(text)
        if text and at <= indent and not _CONTINUES.match(text):
            return "\n".join((*lines[:number], " " * at + "pass"))
    return after


def _is_word_of(name: str, text: str) -> bool:
    """Say whether a name stands in a text by itself; `find` is a hundred times a pattern's pace."""
    at = text.find(name)
    while at >= 0:
        around = text[at - 1 : at] + text[at + len(name) : at + len(name) + 1]
        if not any(char.isalnum() or char == "_" for char in around):
            return True
        at = text.find(name, at + 1)
    return False


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _parsed(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _bound_names(tree: ast.Module) -> set[str]:
    bound: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) if not isinstance(node.ctx, ast.Load):
                bound.add(name)
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.ExceptHandler(name=str(name)):
                bound.add(name)
            case ast.arg(arg=name) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
                bound.add(name)
            case ast.alias():
                bound.add((node.asname or node.name).partition(".")[0])
            case _:
                pass
    return bound
