"""Compares a text with what stands around the cursor, so that nothing is written twice. Pure."""

import re
from collections.abc import Iterable
from itertools import islice

_WORD = re.compile(r"\w{2}")
_NO_MATTER = re.compile(r"\s+")
_MIN_HEAD = 4
_TELLING_CHARS = 8
_LINES_COMPARED = 4
_UNIT = 4  # columns of one step of indentation, at least
_NEAR_CHARS = 4000  # what is compared stands within this much of the cursor


def without_prefix_overlap(text: str, prefix: str) -> str:
    """Take off a beginning that repeats the line left of the cursor, or the lines above it."""
    line_prefix = prefix[prefix.rfind("\n") + 1 :]
    head = line_prefix.strip()
    stripped = text.lstrip(" \t")
    if not head:
        repeated = line_prefix and text.startswith(line_prefix) and not _fits(text, prefix)
        blank = line_prefix if repeated else ""
        return _without_lines_above(text[len(blank) :], prefix)
    if len(head) >= _MIN_HEAD and _WORD.search(head) and stripped.startswith(head):
        rest = stripped[len(head) :]
        keeps_blank = line_prefix.endswith((" ", "\t"))
        return rest.lstrip(" \t") if keeps_blank else rest
    return text[1:] if line_prefix.endswith(" ") and text[:1] == " " and stripped else text


def _fits(text: str, prefix: str) -> bool:
    """Say whether a text's first line stands well where the blanks before it are its own too."""
    before, _, blank = prefix[-_NEAR_CHARS:].rpartition("\n")
    above = before.rstrip()
    above = above[above.rfind("\n") + 1 :]
    deepest = _indent(above) + (_UNIT if above.endswith((":", "(", "[", "{")) else 0)
    return bool(above) and _indent(blank + text.partition("\n")[0]) <= deepest


def _without_lines_above(text: str, prefix: str) -> str:
    """Take off whole lines at the beginning that are the last lines above the cursor."""
    near = prefix[-_NEAR_CHARS:]
    above = [line.strip() for line in near.splitlines() if line.strip()][-_LINES_COMPARED:]
    lines = text.split("\n")
    for count in range(min(len(above), len(lines) - 1), 0, -1):
        head = [line.strip() for line in lines[:count]]
        if head == above[-count:] and sum(map(len, head)) >= _TELLING_CHARS:
            return "\n".join(lines[count:]).lstrip(" \t")
    return text


def repeats_line_above(text: str, prefix: str) -> bool:
    """Say whether a text of one line is, or nearly is, the line above the cursor's.

    A user who has typed most of the line wants it once more; so does one who has written it twice.
    """
    above, _, here = prefix[-_NEAR_CHARS:].rpartition("\n")
    typed = here.strip()
    whole = (typed + text).strip()
    if "\n" in whole or len(typed) >= len(whole) / 2:
        return False
    before, last = ["", *(line.strip() for line in above.rstrip().rsplit("\n", 2))][-2:]
    return before != last and _same_line(whole, last)


def without_suffix_lines(text: str, suffix: str) -> str:
    """Cut before the first line that is, or nearly is, the document's next line."""
    if "\n" not in text:
        return text
    following = next((line for line in suffix[:_NEAR_CHARS].splitlines()[1:] if line.strip()), "")
    if len(following.strip()) < _TELLING_CHARS or not _WORD.search(following):
        return text
    lines = text.split("\n")
    for number, line in enumerate(lines[1:], 1):
        same_indent = _indent(line) == _indent(following)
        if same_indent and _same_line(line.strip(), following.strip()):
            return "\n".join(lines[:number])
    return text


def repeats_suffix(text: str, suffix: str) -> bool:
    """Say whether the whole text is what stands right of the cursor, or on the next lines."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return False
    here, *rest = suffix[:_NEAR_CHARS].splitlines() or [""]
    below = _first_said(rest, len(lines))
    following = [*_first_said([here], 1), *below]
    if "".join(lines) == "".join(following[: len(lines)]):
        return True
    telling = sum(map(len, lines)) >= _TELLING_CHARS
    same = len(below) >= len(lines) and all(map(_same_line, lines, below))
    return telling and same


def _first_said(lines: Iterable[str], count: int) -> list[str]:
    """Give the first lines that are not blank."""
    return list(islice(filter(None, map(str.strip, lines)), count))


def replaced_right(text: str, right: str) -> int:
    """How many characters right of the cursor a text stands in place of.

    It does where it brings the rest of the line itself: at its end, or, where only closers are
    left, as closers that it closes without having opened them.
    """
    rest = right.rstrip()
    if not rest.strip() or not text.strip():
        return 0
    if text.rstrip().endswith(rest.strip()) and _unmatched(text)[: len(rest)]:
        return len(rest)
    if re.fullmatch(r"[\s)\]}]+", rest) and _unmatched(text) == re.sub(r"\s", "", rest):
        return len(rest)
    return 0


def _unmatched(text: str) -> str:
    stack: list[str] = []
    found: list[str] = []
    pairs = {")": "(", "]": "[", "}": "{"}
    for char in text:
        if char in "([{":
            stack.append(char)
        elif char in pairs:
            if stack and stack[-1] == pairs[char]:
                stack.pop()
            else:
                found.append(char)
    return "".join(found)


def _same_line(line: str, other: str) -> bool:
    """Compare but for blanks, the kind of quotes and what separates lines."""
    return len(line) >= _TELLING_CHARS and _bare(line) == _bare(other) and bool(_WORD.search(line))


def _bare(line: str) -> str:
    return _NO_MATTER.sub("", line).replace("'", '"').rstrip(",;")


def _indent(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
