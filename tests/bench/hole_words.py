"""Places of holes inside strings and comments."""

import random
import re

from tree_sitter import Node

from tests.bench.hole_text import end_of_line, start_of_line


def texts(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        if ("comment" in node.type and not node.child_count) or node.type in _STRINGS:
            yield from _in_one_text(text, node, chance)


_STRINGS = frozenset(
    [
        "string",
        "interpreted_string_literal",
        "string_literal",
        "raw_string_literal",
        "template_string",
    ]
)


def _in_one_text(text: str, node: Node, chance: random.Random):
    start, end = node.start_byte, node.end_byte
    lines = [
        (max(start, line), min(end, end_of_line(text, line)))
        for line in _line_starts(text, start, end)
    ]
    line_start, line_end = chance.choice(lines)
    places = [found.start() for found in re.finditer(r"\b\w", text[line_start:line_end])]
    places = [line_start + at for at in places if at >= 2]
    if not places:
        return
    at = chance.choice(places)
    if "comment" in node.type:
        stop = end_of_line(text, at)
        if line_end == end and text[start:end].endswith("*/"):
            stop = len(text[: end - 2].rstrip())
        yield "comment", at, stop
        return
    if line_end < end:
        yield "string", at, line_end
        return
    inner_end = end - (3 if text[start:end].endswith(('"' * 3, "'" * 3)) else 1)
    if inner_end - at < 2:
        return
    if chance.random() < 0.6:
        yield "string", at, inner_end
    elif not text[end : end_of_line(text, end)].strip(" ;,)]}:{"):
        yield "stringOpen", at, end_of_line(text, end)


def _line_starts(text: str, start: int, end: int) -> list[int]:
    found = [start_of_line(text, start)]
    at = text.find("\n", start, end)
    while at >= 0:
        found.append(at + 1)
        at = text.find("\n", at + 1, end)
    return found
