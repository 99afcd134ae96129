"""Gives a text the document's shape: its indentation, its line endings, no blanks at line ends."""

import re
from collections import Counter
from collections.abc import Sequence

_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_BLANK_ENDS = re.compile(r"[ \t]+(?=\r?\n)")
_OPENS = re.compile(r"(?:[(\[{:]|\b(?:then|do|else|repeat))\s*$")
_OPENS_BLOCK = re.compile(r"(?:[{:]|\b(?:then|do|else|repeat))\s*$")
_LINES_ABOVE, _LINES_BELOW = 200, 50
_COMMON_UNITS = (2, 4, 8)
_BLANKS_MATTER = frozenset(("markdown",))


def indent_unit(lines: Sequence[str], at: int) -> str | None:
    """Give what one level of indentation is around a line; None where the lines do not agree."""
    tabs = spaces = 0
    steps: Counter[int] = Counter()
    before = 0
    for line in lines[max(0, at - _LINES_ABOVE) : at + _LINES_BELOW]:
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip(" \t"))
        if line.startswith("\t"):
            tabs += 1
        elif indent:
            spaces += 1
            if indent - before in _COMMON_UNITS:
                steps[indent - before] += 1
        before = indent
    if tabs and spaces:
        return None
    if tabs:
        return "\t"
    return " " * steps.most_common(1)[0][0] if steps else None


def in_unit(text: str, unit: str | None, line_prefix: str) -> str:
    """Indent the lines of a text after the first as the document does."""
    if unit is None or "\n" not in text:
        return text
    head, *lines = text.split("\n")
    body = "\n".join(lines)
    if unit == "\t":
        return head + "\n" + _with_tabs(body) if _has_only(body, " ") else text
    if "\t" in "".join(_LEADING.findall(body)):
        expanded = _LEADING.sub(lambda found: found.group().replace("\t", unit), body)
        return head + "\n" + expanded
    return head + "\n" + _in_width(head, lines, len(unit), _width(line_prefix))


def _has_only(body: str, blank: str) -> bool:
    leading = "".join(_LEADING.findall(body))
    return bool(leading) and set(leading) == {blank}


def _with_tabs(body: str) -> str:
    depths = [len(blanks) for blanks in _LEADING.findall(body)]
    unit = next((size for size in (4, 2) if all(depth % size == 0 for depth in depths)), None)
    if unit is None:
        return body
    return _LEADING.sub(lambda found: "\t" * (len(found.group()) // unit), body)


def _in_width(head: str, lines: Sequence[str], width: int, base: int) -> str:
    """Widen or narrow the levels below the cursor's where all are of the other common width."""
    other = {2: 4, 4: 2}.get(width)
    depths = [_width(line) - base for line in lines if line.strip()]
    deeper = [depth for depth in depths if depth > 0]
    if other is None or not deeper or min(depths) < 0:
        return "\n".join(lines)
    # Arguments on lines of their own stand two levels deep in many a style: that is no other unit.
    opens = _OPENS_BLOCK if other > width else _OPENS
    opened = opens.search(head) and lines and _width(lines[0]) - base == other
    if not opened or any(depth % other for depth in deeper) or min(deeper) != other:
        return "\n".join(lines)
    return "\n".join(
        " " * (base + (_width(line) - base) * width // other) + line.lstrip(" ")
        if line.strip()
        else line
        for line in lines
    )


def _width(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def in_line_ending(text: str, ending: str) -> str:
    """Put a text into a document's line endings."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", ending)


def without_trailing_blanks(text: str, language: str, right: str) -> str:
    """Take blanks off line ends; the last stay where the text right of the cursor needs them."""
    if language not in _BLANKS_MATTER:
        text = _BLANK_ENDS.sub("", text)
    if not right.strip() or right[:1] in " \t":
        return text.rstrip()
    breaks_before_closer = right[:1] in ")]}" and re.search(r"\n[ \t]*$", text)
    return text if breaks_before_closer or right[:1].isalnum() else text.rstrip("\r\n")


def first_line(text: str, left: str) -> str:
    """Give the first line that is not blank; below the cursor's where that has text already."""
    lead = len(text) - len(text.lstrip("\r\n"))
    line = text[lead:].split("\n", 1)[0].rstrip("\r")
    return text[:lead] + line if left.strip() else line


def without_unfinished_line(text: str) -> str:
    """Take off the last line of several: the token limit cut it somewhere."""
    head, newline, last = text.rpartition("\n")
    return head if newline and head.strip() and last.strip() else text
