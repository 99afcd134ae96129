"""Makes holes in real code: a cursor, the text that stood there, and what stands around it.

Kinds: a rest of a line, b one statement on its line, c a body of 2 to 12 lines, d a list of
arguments or a literal over several lines, e inside a string or a comment.
"""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tree_sitter import Node

from refact_lsp.core.syntax import Syntax, grammar_of

KINDS = ("a", "b", "c", "d", "e")
# Which share of a kind's holes is of which variant, as far as the code allows.
SHARES: dict[str, dict[str, float]] = {
    "a": {"open": 0.68, "pair": 0.23, "code": 0.09},
    "b": {"statement": 1.0},
    "c": {"header": 0.34, "first": 0.33, "unclosed": 0.33},
    "d": {"own": 0.25, "pair": 0.25, "same": 0.25, "unclosed": 0.25},
    "e": {"string": 0.4, "comment": 0.4, "stringOpen": 0.2},
}
_MOST_OF_ONE_VARIANT_IN_A_FILE = 2
LANGUAGES = {
    "python": (".py",),
    "typescript": (".ts",),
    "go": (".go",),
    "rust": (".rs",),
    "java": (".java",),
    "c": (".c",),
    "lua": (".lua",),
}
MIN_BYTES, MAX_BYTES = 1_200, 32_000
_LONGEST_LINE = 200
_PLACES_OF_STATEMENTS = frozenset(
    [
        "module",
        "block",
        "program",
        "statement_block",
        "class_body",
        "source_file",
        "statement_list",
        "declaration_list",
        "constructor_body",
        "translation_unit",
        "compound_statement",
        "chunk",
    ]
)
_BODIES = frozenset(["block", "statement_block", "constructor_body", "compound_statement"])
_LISTS = frozenset(
    [
        "argument_list",
        "arguments",
        "list",
        "dictionary",
        "tuple",
        "set",
        "object",
        "array",
        "literal_value",
        "array_initializer",
        "initializer_list",
        "table_constructor",
        "parameters",
        "formal_parameters",
        "parameter_list",
        "field_initializer_list",
        "array_expression",
        "tuple_expression",
    ]
)
_CLOSERS_ONLY = re.compile(r"[)\]}>'\"`;,:\s]*$")


class Hole(NamedTuple):
    """`prefix + middle + suffix` is the true file."""

    language: str
    kind: str
    variant: str
    prefix: str
    middle: str
    suffix: str
    source: str


class Leaf(NamedTuple):
    """A token of a file; positions in characters."""

    type: str
    start: int
    end: int


def code_files(folders: Sequence[Path], language: str) -> list[Path]:
    """Source files of a fit size, in a fixed order."""
    suffixes = LANGUAGES[language]
    return sorted(
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in suffixes
        and not path.name.endswith(".d.ts")
        and path.is_file()
        and MIN_BYTES <= path.stat().st_size <= MAX_BYTES
    )


def make_holes(folders: Sequence[Path], language: str, per_kind: int, seed: int) -> list[Hole]:
    """Draw `per_kind` holes of every kind; fewer where the folders have not enough code."""
    chance = random.Random(f"{seed}/{language}")
    files = code_files(folders, language)
    chance.shuffle(files)
    syntax = Syntax()
    pools: dict[tuple[str, str], list[Hole]] = {}
    for path in files:
        if all(
            len(pools.get((kind, variant), [])) >= per_kind
            for kind in KINDS
            for variant in SHARES[kind]
        ):
            break
        text = _readable(path)
        if text is None:
            continue
        for hole in _holes_in(text, language, syntax, chance, str(path)):
            pools.setdefault((hole.kind, hole.variant), []).append(hole)
    return [hole for kind in KINDS for hole in _drawn(pools, kind, per_kind)]


def _drawn(pools: dict[tuple[str, str], list[Hole]], kind: str, count: int) -> list[Hole]:
    """Take each variant's share, then whatever variant has more."""
    shares = SHARES[kind]
    found: list[Hole] = []
    spare: list[Hole] = []
    for variant, share in shares.items():
        pool = pools.get((kind, variant), [])
        quota = round(count * share)
        found += pool[:quota]
        spare += pool[quota:]
    return (found + spare)[:count]


def _readable(path: Path) -> str | None:
    try:
        text = path.read_text("ascii")
    except UnicodeDecodeError:
        return None
    longest = max(map(len, text.splitlines()), default=0)
    return None if longest > _LONGEST_LINE or "\r" in text else text


def _holes_in(
    text: str, language: str, syntax: Syntax, chance: random.Random, source: str
) -> list[Hole]:
    grammar = grammar_of(language)
    assert grammar
    root = syntax.parse(grammar, text.encode()).root_node
    if root.has_error:
        return []
    nodes = list(_walk(root))
    makers = {"a": _rests, "b": _statements, "c": _bodies, "d": _lists, "e": _texts}
    holes: list[Hole] = []
    for kind, maker in makers.items():
        spans = [
            span
            for span in maker(text, nodes, language, chance)
            if len(text[span[1] : span[2]].strip()) > 1
        ]
        chance.shuffle(spans)
        taken: dict[str, int] = {}
        for variant, start, end in spans:
            taken[variant] = taken.get(variant, 0) + 1
            if taken[variant] <= _MOST_OF_ONE_VARIANT_IN_A_FILE:
                holes.append(
                    Hole(language, kind, variant, text[:start], text[start:end], text[end:], source)
                )
    return holes


def _walk(root: Node) -> Iterator[Node]:
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack.extend(reversed(node.children))


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return end if end >= 0 else len(text)


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _leads(text: str, at: int) -> bool:
    return not text[_line_start(text, at) : at].strip()


def _rests(text: str, nodes: list[Node], language: str, chance: random.Random):
    leaves = [
        Leaf(node.type, node.start_byte, node.end_byte)
        for node in nodes
        if not node.child_count and "comment" not in node.type and not _in_text(node)
    ]
    by_line: dict[int, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.end > leaf.start and "\n" not in text[leaf.start : leaf.end]:
            by_line.setdefault(_line_start(text, leaf.start), []).append(leaf)
    for line, line_leaves in by_line.items():
        if len(line_leaves) < 4:
            continue
        at = chance.randrange(1, len(line_leaves) - 1)
        start, end = line_leaves[at].start, _line_end(text, line)
        if end - start >= 3:
            yield "open", start, end
        at = chance.randrange(1, len(line_leaves) - 1)
        start = line_leaves[at].start
        stops = [leaf for leaf in line_leaves[at + 1 :] if _balanced(text[start : leaf.start])]
        pairs = [
            leaf
            for leaf in stops
            if leaf.type in (")", "]", "}") and _CLOSERS_ONLY.match(text[leaf.start : end])
        ]
        if pairs:
            yield "pair", start, pairs[-1].start
        codes = [leaf for leaf in stops if not _CLOSERS_ONLY.match(text[leaf.start : end])]
        if codes:
            yield "code", start, chance.choice(codes).start


def _balanced(text: str) -> bool:
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _in_text(node: Node) -> bool:
    at: Node | None = node
    while at is not None:
        if any(word in at.type for word in ("string", "comment", "char", "regex", "template")):
            return True
        at = at.parent
    return False


def _statements(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        parent = node.parent
        if parent is None or parent.type not in _PLACES_OF_STATEMENTS or not node.is_named:
            continue
        if "comment" in node.type or node.start_point[0] != node.end_point[0]:
            continue
        end = _line_end(text, node.start_byte)
        if _leads(text, node.start_byte) and len(text[node.start_byte : end].strip()) > 4:
            yield "statement", node.start_byte, end


def _bodies(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        if node.type not in _BODIES or not node.named_child_count:
            continue
        first = node.named_children[0].start_byte
        last = node.named_children[-1].end_byte
        if language in {"lua", "python"}:
            closer = "end" if language == "lua" else ""
            after = text[last:].lstrip()
            if closer and not after.startswith(closer):
                continue
            close = len(text) - len(after)
            header_end = len(text[:first].rstrip())
        else:
            closer = "}"
            header_end, close = node.start_byte + 1, node.end_byte - 1
        if not _leads(text, first) or text[header_end : _line_start(text, first)].strip():
            continue
        if closer and not _leads(text, close):
            continue
        body_end = len(text[: close if closer else last].rstrip())
        if closer == "" and text[body_end : _line_end(text, body_end)].strip():
            continue
        body = text[first:body_end]
        if not 2 <= body.count("\n") + 1 <= 12:
            continue
        variant = chance.choice(("header", "first", "unclosed") if closer else ("header", "first"))
        if variant == "header":
            yield variant, header_end, body_end
        elif variant == "first":
            yield variant, first, body_end
        else:
            tail = _line_end(text, close)
            if text[close + len(closer) : tail].strip(" ;,)"):
                continue
            yield variant, chance.choice((header_end, first)), tail


def _lists(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        if node.type not in _LISTS or not node.named_child_count:
            continue
        start, close = node.start_byte, node.end_byte - 1
        if text[start] not in "([{" or text[close] not in ")]}":
            continue
        first = node.named_children[0].start_byte
        inner_end = len(text[:close].rstrip())
        if not 1 <= text.count("\n", start, inner_end) <= 13 or _in_text(node):
            continue
        tail = _line_end(text, close)
        if text[close + 1 : tail].strip(" ;,)]}"):
            continue
        own_lines = _leads(text, first) and _leads(text, close)
        if not own_lines:
            if text.count("\n", first, inner_end):
                yield "same", first if chance.random() < 0.5 else start + 1, close
            continue
        variant = chance.choice(("own", "pair", "unclosed"))
        if variant == "own" and text.count("\n", first, inner_end):
            yield variant, first, inner_end
        elif variant == "pair":
            yield variant, start + 1, close
        else:
            yield "unclosed", chance.choice((start + 1, first)), tail


def _texts(text: str, nodes: list[Node], language: str, chance: random.Random):
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
        (max(start, line), min(end, _line_end(text, line)))
        for line in _line_starts(text, start, end)
    ]
    line_start, line_end = chance.choice(lines)
    places = [found.start() for found in re.finditer(r"\b\w", text[line_start:line_end])]
    places = [line_start + at for at in places if at >= 2]
    if not places:
        return
    at = chance.choice(places)
    if "comment" in node.type:
        stop = _line_end(text, at)
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
    elif not text[end : _line_end(text, end)].strip(" ;,)]}:{"):
        yield "stringOpen", at, _line_end(text, end)


def _line_starts(text: str, start: int, end: int) -> list[int]:
    found = [_line_start(text, start)]
    at = text.find("\n", start, end)
    while at >= 0:
        found.append(at + 1)
        at = text.find("\n", at + 1, end)
    return found
