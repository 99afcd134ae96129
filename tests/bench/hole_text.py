"""Where lines of a text begin and end, and what stands on them: for making holes."""

import re

from tree_sitter import Node

_TRAILING = re.compile(r"(?:[=+*/|&.\\-]|\b(?:and|or))$")
_LEADING = re.compile(r"\??\.\w|:\w+\(|&&|\|\||[-+*/?:|] |\.\. |(?:and|or)\b")


def end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def start_of_line(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def leads(text: str, at: int) -> bool:
    return not text[start_of_line(text, at) : at].strip()


def balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return False
    return depth == 0


def in_text(node: Node) -> bool:
    at: Node | None = node
    while at is not None:
        if any(word in at.type for word in ("string", "comment", "char", "regex", "template")):
            return True
        at = at.parent
    return False


def goes_on(text: str, start: int, length: int) -> bool:
    """Whether a statement goes on at a line break that stands inside no bracket."""
    before, after = text[start : start + length], text[start + length :].lstrip()
    return balanced(before) and bool(_TRAILING.search(before) or _LEADING.match(after))
