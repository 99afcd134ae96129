"""What names are made of. Pure."""

import re

_WORD = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])")


def words_of(text: str) -> list[str]:
    """Split the names in a text at case and underscores, in lower case."""
    return [part.lower() for part in _WORD.findall(text)]
