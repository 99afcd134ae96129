"""Judges what a text says: placeholders, keys, licence texts, repetition. Pure."""

import math
import re
from collections import Counter
from collections.abc import Sequence

_COMMENT_SIGNS = re.compile(r"[\s#/*\-;%\"'<>!]+")
_CLOSERS = re.compile(r"[\s)\]};,]+|(?:\s*end\b[\s)\]};,]*)+")
_PLACEHOLDER = re.compile(
    r"^\W*(?:(?:todo|fixme|xxx)\b.*|.*\b(?:your|my) (?:code|logic|implementation|key|token)\b.*"
    r"|.*(?:code|implementation|logic|content|text) goes here.*|.*\b(?:existing|rest of(?: the)?"
    r"|remaining|previous|same) (?:code|implementation|file|function)\b.*|.*\bimplement (?:me|this"
    r"|here)\b.*|insert .* here|fill in .*|placeholder|\.\.\.|\u2026)\W*$",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"\bAKIA[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}|\bgithub_pat_\w{40,}|\bsk-[\w-]{20,}"
    r"|\bAIza[\w-]{30,}|\bxox[abprs]-[\w-]{10,}|\bglpat-[\w-]{18,}|\bhf_[A-Za-z0-9]{30,}"
    r"|\bnpm_[A-Za-z0-9]{30,}|\b[rs]k_(?:live|test)_\w{16,}|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{5,}|://[^\s/:@'\"]+:[^\s/@'\"{}$<]{6,}@"
)
_ASSIGNED = re.compile(
    r"(?:secret|token|passw(?:or)?d|api_?key|private_?key)\w*[\"']?\s*[:=]+\s*[\"']([^\s\"']{20,})",
    re.IGNORECASE,
)
_RANDOM_BITS = 3.6  # a character; words and paths stay below, keys do not
_LICENCE = re.compile(
    r"permission is hereby granted|licen[sc]ed (?:under|to)|all rights reserved|copyright \(c\)"
    r"|copyright \u00a9|copyright \d{4}|spdx-license|without warrant|redistribution and use"
    r"|gnu (?:lesser |affero )?general public|apache license",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\w+|[^\w\s]")
# Of the last so many tokens all but so many repeat: (window, repeating).
_REPEATING = ((10, 9), (30, 22), (45, 30), (60, 36))
_KEPT_LINES = 2


def is_only_closers(text: str) -> bool:
    """Say whether there is nothing but closing brackets, semicolons, commas and Lua's `end`."""
    return _CLOSERS.fullmatch(text.strip()) is not None


def is_empty_comment(text: str, line_prefix: str) -> bool:
    """Say whether there is a comment sign and no word."""
    bare = _COMMENT_SIGNS.fullmatch(text.strip()) is not None
    return (
        bare and not line_prefix.strip() and any(sign in text for sign in ("#", "//", "--", "/*"))
    )


def is_placeholder(text: str) -> bool:
    """Say whether every line that says something stands for code instead of being it."""
    lines = [line.strip() for line in text.splitlines() if re.search(r"\w|\.\.\.", line)]
    # An ellipsis alone is a real body in Python stubs.
    if [line for line in lines if line != "..."] == []:
        return False
    return all(_PLACEHOLDER.match(line) for line in lines)


def holds_secret(text: str, document: str) -> bool:
    """Say whether there is what looks like a key that the document does not hold already."""
    found = [match.group() for match in _SECRETS.finditer(text)]
    if "'" in text or '"' in text:  # what is assigned stands in quotes
        found += [
            match.group(1)
            for match in _ASSIGNED.finditer(text)
            if _entropy(match.group(1)) > _RANDOM_BITS
        ]
    return any(secret not in document for secret in found)


def holds_licence(text: str, document: str) -> bool:
    """Say whether there is licence text of a kind that the document does not hold already."""
    head = document[:4000].lower()
    return any(match.group().lower() not in head for match in _LICENCE.finditer(text))


def repeats_itself(text: str) -> bool:
    """Say whether the end of a text goes round in circles."""
    tokens = _TOKEN.findall(text)[::-1]
    return any(
        len(tokens) >= window and window - _period(tokens[:window]) >= repeating
        for window, repeating in _REPEATING
    )


def without_repeated_lines(text: str) -> str:
    """Keep one of three or more equal lines in a row; cut what follows them.

    The ends of nested blocks are no repetition: they stand at other depths. How deep the first line
    stands is not known here.
    """
    lines = text.split("\n")
    for at in range(len(lines) - _KEPT_LINES):
        line, *others = (one.rstrip() for one in lines[at : at + 1 + _KEPT_LINES])
        words = line.strip()
        if len(words) > 1 and re.search(r"\w", words) and len(set(others)) == 1:
            same = others[0].strip() == words if at == 0 else others[0] == line
            if same:
                return "\n".join(lines[: at + 1])
    return text


def says_the_same(text: str, others: Sequence[str]) -> bool:
    """Say whether a text is one of the others, white space aside."""
    words = text.split()
    return any(other.split() == words for other in others)


def _period(tokens: Sequence[str]) -> int:
    """Find the shortest period of a sequence, by its failure function."""
    failure = [0] * len(tokens)
    length = 0
    for at in range(1, len(tokens)):
        while length and tokens[at] != tokens[length]:
            length = failure[length - 1]
        length += tokens[at] == tokens[length]
        failure[at] = length
    return len(tokens) - failure[-1] if tokens else 0


def _entropy(text: str) -> float:
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
