"""The part of a long document that tells whether a text fits at a cursor. Pure.

Parsing all of it takes as long as it is, several times over, wherever anything above or below is
unfinished. What stands near the cursor is kept whole, from a line that begins something to another;
of what is farther only the lines that open the blocks around it, and those that close them: they
are less indented. What is left out lies between and inside other blocks, and is balanced where it
is right.
"""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

WHOLE_CHARS = 8_000
"""So long a document is kept as it is."""
_NEAR_CHARS = 1_500  # to either side, and on to a blank line or to twice as much
_MOST_NEAR_CHARS = 10_000  # where no line begins anything
_FARTHEST_CHARS = 300_000  # where the lines around are looked for, to either side
_GOES_ON = re.compile(
    r"[)\]}>{.&|?:+]|</|/>"
    r"|(?:else|elif|elseif|except|catch|finally|case|default|until|then|do|where|end)\b"
)
_CLOSES = re.compile(r"[)\]}>]|</|/>|(?:end|until|except|finally)\b")
_OPENS_AGAIN = re.compile(r"[{(\[>]\s*$")  # `} else {`, `) : (`, `>(`
# What may not be left empty: a choice in JSX, the types that something is made for.
_NOT_EMPTY = re.compile(r"(?:[?:] \(|<)$")
_NO_CODE = re.compile(r"#|//|/?\*")  # or a line of the preprocessor, which stands where it likes
# What begins a string of several lines, and ends it.
_QUOTES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "python": ('"""', "'''"),
        **dict.fromkeys(("go", "javascript", "typescript", "tsx"), ("`",)),
    }
)
_CLAUSE = re.compile(r"(else|elif|except|finally|case)\b.*:\s*$")
# What a clause of Python needs before it, written as short as it may be.
_BEFORE_CLAUSE: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "else": ("try: pass", "except: pass"),
        "elif": ("if 1: pass",),
        "except": ("try: pass",),
        "finally": ("try: pass",),
        "case": (),
    }
)

_Odd = Sequence[tuple[str, int]]
"""Quotes, and 1 for that in whose string the cursor is."""


def nearby(prefix: str, suffix: str, grammar: str) -> tuple[str, str]:
    """Give what is to be parsed of a document instead of all of it, cut at the cursor.

    `grammar` is the name of one. In Python no block may be empty: there the clauses before one are
    left out together with their blocks.
    """
    if len(prefix) + len(suffix) <= WHOLE_CHARS:
        return prefix, suffix
    odd = [(quote, prefix.count(quote) % 2) for quote in _QUOTES.get(grammar, ())]
    python = grammar == "python"
    return _above(prefix, odd, python=python), _below(suffix, odd, python=python)


def _above(prefix: str, odd: _Odd, *, python: bool) -> str:
    """Give the near lines behind the headers of the blocks that the first of them stands in."""
    start = prefix.rfind("\n") + 1
    while start:
        before = prefix.rfind("\n", 0, start - 1) + 1
        near, line = len(prefix) - start, prefix[start : prefix.find("\n", start)]
        if near >= _NEAR_CHARS and (near >= 2 * _NEAR_CHARS or prefix[before:start].isspace()):
            indent = _indent(line)
            begins = _is_code(line, indent) and not _GOES_ON.match(line, indent)
            if begins and _ends_outside(prefix[start:], odd):
                far = _outside(prefix[max(0, start - _FARTHEST_CHARS) : start][::-1], odd)[::-1]
                return _headers(far, indent, python=python) + prefix[start:]
        if near >= _MOST_NEAR_CHARS:
            return prefix[start:]
        start = before
    return prefix


def _headers(text: str, floor: int, *, python: bool) -> str:
    """Give the lines that open the blocks around something so far indented below a text."""
    kept: list[str] = []
    for line in reversed(_less_indented(text, floor)):
        indent = _indent(line)
        if indent >= floor or _NO_CODE.match(line, indent):
            continue
        if python and (clause := _CLAUSE.match(line, indent)):
            lines = (*_BEFORE_CLAUSE[clause[1]], line[indent:])
            kept.extend(line[:indent] + each + "\n" for each in reversed(lines))
            floor = indent
        else:
            empty = bool(kept and kept[-1].lstrip().startswith((")", ">")))
            kept.append(_filled(line) if empty else line + "\n")
            # Before `} else {` and `) -> int:` comes the line that they go on with.
            floor = indent + 1 if _GOES_ON.match(line, indent) else indent
        if not floor:
            break
    return "".join(reversed(kept))


def _below(suffix: str, odd: _Odd, *, python: bool) -> str:
    """Give the near lines, and those that close the blocks of the first one that is left out."""
    start, blank, indent_before = suffix.find("\n") + 1, False, 0
    while start:
        end = suffix.find("\n", start)
        line = suffix[start : end if end >= 0 else len(suffix)]
        indent = _indent(line)
        if _is_code(line, indent):
            enough = start >= _NEAR_CHARS and (blank or start >= 2 * _NEAR_CHARS)
            begins = indent <= indent_before and not _GOES_ON.match(line, indent)
            if enough and begins and _ends_outside(suffix[:start], odd):
                far = _outside(suffix[start : start + _FARTHEST_CHARS], odd)
                return suffix[:start] + _closers(far, indent, python=python)
            indent_before = indent if line[indent] != "@" else -1
        if start >= _MOST_NEAR_CHARS:
            return suffix[:start]
        blank, start = not line.strip(), end + 1
    return suffix


def _closers(text: str, floor: int, *, python: bool) -> str:
    """Give the lines that close the blocks around something so far indented above a text."""
    kept: list[str] = []
    for line in _less_indented(text, floor):
        indent = _indent(line)
        if indent >= floor or _NO_CODE.match(line, indent):
            continue
        if _CLOSES.match(line, indent):
            body = python and line.rstrip().endswith(":")
            kept.append(line + " pass\n" if body else _filled(line))
            again = _OPENS_AGAIN.search(line) and line[indent] != "<"
            floor = indent + 1 if again else indent
        elif not _GOES_ON.match(line, indent):
            floor = indent  # a block that ends without a word
        if not floor:
            break
    return "".join(kept)


def _filled(line: str) -> str:
    """Put the least into what a line opens, where it needs any."""
    line = line.rstrip()
    return f"{line} x\n" if _NOT_EMPTY.search(line) else f"{line}\n"


def _less_indented(text: str, floor: int) -> list[str]:
    """Find the lines that are indented less, without a look at each of the others."""
    if not floor:
        return []
    return re.findall(rf"^[ \t]{{0,{floor - 1}}}[^\s].*", text, re.MULTILINE)


def _ends_outside(text: str, odd: _Odd) -> bool:
    """Say whether the far end of a text at the cursor is outside of strings of several lines."""
    return all(text.count(quote) % 2 == here for quote, here in odd)


def _outside(text: str, odd: _Odd) -> str:
    """Empty the strings of several lines in a text that begins outside of them."""
    for quote, _ in odd:
        text = (quote * 2).join(text.split(quote)[::2])
    return text


def _is_code(line: str, indent: int) -> bool:
    return bool(line.strip()) and not _NO_CODE.match(line, indent)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" \t"))
