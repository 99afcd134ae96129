"""Finds the end of a text that says what the document says next anyway."""

import re

_WORD = re.compile(r"\w{2}")
_SHORTEST, _LONGEST = 8, 400


def suffix_echo(text: str, suffix: str) -> int:
    """How many characters at the end of a text are the beginning of the suffix."""
    head = suffix[: 2 * _LONGEST].lstrip()[:_LONGEST].replace("\r\n", "\n")
    for length in range(min(len(text), len(head)), _SHORTEST - 1, -1):
        echo = head[:length].rstrip()
        if len(echo) >= _SHORTEST and text.endswith(echo) and _WORD.search(echo):
            return len(echo)
    return 0
