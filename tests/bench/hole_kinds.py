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
from tests.bench.hole_text import (
    balanced,
    end_of_line,
    goes_on,
    in_text,
    leads,
    start_of_line,
)
from tests.bench.hole_words import texts

KINDS = ("a", "b", "c", "d", "e")
APART = "s"  # a statement over several lines: no kind of the goals, shown apart
# Which share of a kind's holes is of which variant, as far as the code allows.
SHARES: dict[str, dict[str, float]] = {
    "a": {"open": 0.68, "pair": 0.23, "code": 0.09},
    "b": {"statement": 1.0},
    "c": {"header": 0.34, "first": 0.33, "unclosed": 0.33},
    "d": {"own": 0.25, "pair": 0.25, "same": 0.25, "unclosed": 0.25},
    "e": {"string": 0.4, "comment": 0.4, "stringOpen": 0.2},
    "s": {"chain": 1.0},
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
_LONGEST_CHAIN = 8
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


def make_holes(
    folders: Sequence[Path],
    language: str,
    per_kind: int,
    seed: int,
    kinds: Sequence[str] = KINDS,
) -> list[Hole]:
    """Draw `per_kind` holes of every kind; fewer where the folders have not enough code."""
    chance = random.Random(f"{seed}/{language}")
    files = code_files(folders, language)
    chance.shuffle(files)
    syntax = Syntax()
    pools: dict[tuple[str, str], list[Hole]] = {}
    for path in files:
        if all(
            len(pools.get((kind, variant), [])) >= per_kind
            for kind in kinds
            for variant in SHARES[kind]
        ):
            break
        text = _readable(path)
        if text is None:
            continue
        for hole in _holes_in(text, language, syntax, chance, str(path), kinds):
            pools.setdefault((hole.kind, hole.variant), []).append(hole)
    return [hole for kind in kinds for hole in _drawn(pools, kind, per_kind)]


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
    text: str,
    language: str,
    syntax: Syntax,
    chance: random.Random,
    source: str,
    kinds: Sequence[str],
) -> list[Hole]:
    grammar = grammar_of(language)
    assert grammar
    root = syntax.parse(grammar, text.encode()).root_node
    if root.has_error:
        return []
    nodes = list(_walk(root))
    holes: list[Hole] = []
    for kind in kinds:
        spans = [
            span
            for span in _MAKERS[kind](text, nodes, language, chance)
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


def _rests(text: str, nodes: list[Node], language: str, chance: random.Random):
    leaves = [
        Leaf(node.type, node.start_byte, node.end_byte)
        for node in nodes
        if not node.child_count and "comment" not in node.type and not in_text(node)
    ]
    by_line: dict[int, list[Leaf]] = {}
    for leaf in leaves:
        if leaf.end > leaf.start and "\n" not in text[leaf.start : leaf.end]:
            by_line.setdefault(start_of_line(text, leaf.start), []).append(leaf)
    for line, line_leaves in by_line.items():
        if len(line_leaves) < 4:
            continue
        at = chance.randrange(1, len(line_leaves) - 1)
        start, end = line_leaves[at].start, end_of_line(text, line)
        if end - start >= 3:
            yield "open", start, end
        at = chance.randrange(1, len(line_leaves) - 1)
        start = line_leaves[at].start
        stops = [leaf for leaf in line_leaves[at + 1 :] if balanced(text[start : leaf.start])]
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


def _statements(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        parent = node.parent
        if parent is None or parent.type not in _PLACES_OF_STATEMENTS or not node.is_named:
            continue
        if "comment" in node.type or node.start_point[0] != node.end_point[0]:
            continue
        end = end_of_line(text, node.start_byte)
        if leads(text, node.start_byte) and len(text[node.start_byte : end].strip()) > 4:
            yield "statement", node.start_byte, end


def _chains(text: str, nodes: list[Node], language: str, chance: random.Random):
    for node in nodes:
        parent = node.parent
        if parent is None or parent.type not in _PLACES_OF_STATEMENTS or "comment" in node.type:
            continue
        start, end = node.start_byte, end_of_line(text, node.end_byte)
        if language == "python" and any(child.type == "block" for child in node.children):
            continue
        if (
            node.type.startswith("preproc")
            or not leads(text, start)
            or not 1 <= text.count("\n", start, end) <= _LONGEST_CHAIN
        ):
            continue
        if any(goes_on(text, start, at.start()) for at in re.finditer("\n", text[start:end])):
            yield "chain", start, end


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
        if not leads(text, first) or text[header_end : start_of_line(text, first)].strip():
            continue
        if closer and not leads(text, close):
            continue
        body_end = len(text[: close if closer else last].rstrip())
        if closer == "" and text[body_end : end_of_line(text, body_end)].strip():
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
            tail = end_of_line(text, close)
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
        if not 1 <= text.count("\n", start, inner_end) <= 13 or in_text(node):
            continue
        tail = end_of_line(text, close)
        if text[close + 1 : tail].strip(" ;,)]}"):
            continue
        own_lines = leads(text, first) and leads(text, close)
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


_MAKERS = {
    "a": _rests,
    "b": _statements,
    "c": _bodies,
    "d": _lists,
    "e": texts,
    APART: _chains,
}
