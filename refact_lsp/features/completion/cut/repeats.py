"""Finds a text that says the same again and again inside a line."""

import re

_WORD = re.compile(r"[^\W\d_]{2}")
_IN_WORD = re.compile(r"\w\w")
_WORD_END = re.compile(r"(?<=\w)\W")
_TAIL_CHARS = 250
_SHORTEST_UNIT = 3
_LONG_UNIT = 8
# Short units are repeated by honest code too: arguments, columns of a table.
_TIMES_SHORT, _TIMES_LONG = 6, 4


def inline_repeat(text: str, start: int, since: int, to: int, *, last: bool) -> int | None:
    """Give the end of the first copy where `text[start:]` says the same unit many times.

    Looked for where a word ends between `since` and `to`, and at `to` itself where that is the last
    of the text, so that it does not matter in which pieces the text came.
    """
    for found in _WORD_END.finditer(text, since, to):
        if (end := _repeat_before(text, start, found.start())) is not None:
            return end
    return _repeat_before(text, start, to) if last else None


def _repeat_before(text: str, start: int, end: int) -> int | None:
    start = max(start, end - _TAIL_CHARS)
    # Every unit has these characters: mostly that is all there is to look at.
    if text.count(text[end - _SHORTEST_UNIT : end], start, end) < _TIMES_LONG:
        return None
    for size in range(_SHORTEST_UNIT, (end - start) // _TIMES_LONG + 1):
        unit = text[end - size : end]
        if unit != text[end - 2 * size : end - size]:
            continue
        times = _TIMES_LONG if size >= _LONG_UNIT else _TIMES_SHORT
        if "\n" in unit or not _WORD.search(unit) or not text.endswith(unit * times, start, end):
            continue
        first = end - times * size
        while first > start and text[first - 1] == text[first - 1 + size]:
            first -= 1
        return _end_of_word(text, first + size, end)
    return None


def _end_of_word(text: str, at: int, end: int) -> int:
    """Give the end of the word around `at`: a copy may have begun inside one."""
    while at < end and _IN_WORD.fullmatch(text, at - 1, at + 1):
        at += 1
    return at
