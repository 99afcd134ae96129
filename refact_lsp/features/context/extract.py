"""Read one file's definitions, imports and identifiers from its syntax tree. Pure.

Only what other files can reach is walked: top level, classes and their members. Function bodies
are looked into for a Python constructor's attributes alone; imports are found anywhere by a query.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from refact_lsp.core.syntax import Grammar, Syntax
from refact_lsp.features.context.facts import TYPES, Definition, FileFacts
from refact_lsp.features.context.imports import imports_of
from refact_lsp.features.context.tables import TABLES, Table

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

IDENTIFIER = re.compile(r"[^\W\d]\w*")
_DEEPEST = 24
_MOST_HEAD_LINES = 12
_MOST_VALUE_LINES = 3
_MOST_FIELDS = 6
_MOST_TYPES = 12
_MOST_DEFINITIONS = 4000
_CONSTRUCTORS = frozenset(("__init__", "constructor", "new"))


class _Found(NamedTuple):
    name: str
    kind: str
    container: str
    start: int
    head_end: int
    end: int


def read_source(syntax: Syntax, grammar: Grammar, path: str, source: bytes) -> FileFacts:
    """Parse a file and say what is in it."""
    return read_tree(syntax, grammar, path, source, syntax.parse(grammar, source))


def read_tree(
    syntax: Syntax, grammar: Grammar, path: str, source: bytes, tree: "Tree"
) -> FileFacts:
    """Say what is in a parsed file."""
    from tree_sitter import QueryCursor

    table = TABLES[grammar.name]
    text = source.decode("utf-8", "replace")
    found: list[_Found] = []
    for each in _walk(tree.root_node, table, "", 0):
        found.append(each)
        if len(found) == _MOST_DEFINITIONS:
            break
    nodes: list[Node] = []
    if table.imports:
        cursor = QueryCursor(syntax.query(grammar, table.imports))
        # They come in the order of their addresses, which no two runs have in common.
        captured = cursor.captures(tree.root_node).get("import", [])
        nodes = sorted(captured, key=lambda node: node.start_byte)
    imports = tuple(
        replace(one, start=node.start_point[0], end=node.end_point[0] + 1)
        for node in nodes
        for one in imports_of(grammar.name, node)
    )
    return FileFacts(
        path=path,
        grammar=grammar.name,
        definitions=_definitions(found, text.split("\n")),
        imports=imports,
        uses=dict(Counter(IDENTIFIER.findall(text))),
    )


def _walk(node: "Node", table: Table, container: str, depth: int) -> Iterator[_Found]:
    for child in node.named_children:
        kind = table.defines.get(child.type)
        if kind is None:
            if child.type in table.passes and depth < _DEEPEST:
                yield from _walk(child, table, container, depth + 1)
            continue
        names = [container] if kind == "impl" else _names(child)
        inside = _receiver(child) or container
        if kind == "impl":
            names, inside = [], _type_name(child.child_by_field_name("type"))
        for name in names:
            yield _found(child, table, name, kind, inside)
        if child.type in table.holds and depth < _DEEPEST:
            inner = names[0] if names else inside
            for field in ("body", "type", "value"):
                body = child.child_by_field_name(field)
                if body is not None and body.type in table.passes:
                    yield from _walk(body, table, inner, depth + 1)
        elif table.headed and container and names == ["__init__"]:
            yield from _attributes(child, table, container)


def _found(node: "Node", table: Table, name: str, kind: str, container: str) -> _Found:
    start, end = node.start_point[0], node.end_point[0] + 1
    if node.end_point[1] == 0 and end - 1 > start:
        end -= 1
    body = _body(node)
    if body is None:
        head_end = min(end, start + _MOST_VALUE_LINES)
    elif table.headed and body.start_point[0] > start:
        head_end = body.start_point[0]
        while head_end - 1 > start and _between_is_blank(node, head_end - 1):
            head_end -= 1
    else:
        head_end = body.start_point[0] + 1
    if container and kind == "function":
        kind = "method"
    elif container and kind == "constant":
        kind = "field"
    return _Found(name, kind, container, start, min(head_end, start + _MOST_HEAD_LINES), end)


def _between_is_blank(node: "Node", row: int) -> bool:
    """Whether a row between the head's colon and the body holds no part of the head."""
    last = max((each.end_point[0] for each in node.children if each.type == ":"), default=row)
    return row > last


def _body(node: "Node") -> "Node | None":
    body = node.child_by_field_name("body")
    if body is not None:
        return body
    for field in ("value", "type"):
        value = node.child_by_field_name(field)
        if value is None:
            continue
        if value.type in {"struct_type", "interface_type", "object_type"}:
            return value
        inner = value.child_by_field_name("body")
        if inner is not None:
            return inner
    return None


def _names(node: "Node") -> list[str]:
    """Names that a node defines; Go gives several fields one type."""
    if node.type == "assignment":
        left = node.child_by_field_name("left")
        return [_text(left)] if left is not None and left.type == "identifier" else []
    named = node.children_by_field_name("name")
    if not named:
        inner = node.child_by_field_name("declarator") or node.child_by_field_name("type")
        while inner is not None and not inner.type.endswith("identifier"):
            inner = (
                inner.child_by_field_name("declarator")
                or inner.child_by_field_name("name")
                or inner.child_by_field_name("type")
            )
        named = [inner] if inner is not None else []
    texts = (_text(each) for each in named)
    return [text for text in texts if IDENTIFIER.fullmatch(text.lstrip("#"))]


def _receiver(node: "Node") -> str:
    receiver = node.child_by_field_name("receiver") if node.type == "method_declaration" else None
    if receiver is None or not receiver.named_children:
        return ""
    return _type_name(receiver.named_children[0].child_by_field_name("type"))


def _type_name(node: "Node | None") -> str:
    """Name a type without pointer, reference, path and parameters."""
    while node is not None and node.type != "type_identifier":
        inner = node.child_by_field_name("type") or node.child_by_field_name("name")
        node = inner or (node.named_children[-1] if node.named_children else None)
    return _text(node) if node is not None else ""


def _attributes(node: "Node", table: Table, container: str) -> Iterator[_Found]:
    """Find what a Python constructor sets on its object."""
    seen: set[str] = set()
    pending = [node.child_by_field_name("body")]
    while pending:
        block = pending.pop()
        for child in block.named_children if block is not None else ():
            if child.type in {"if_statement", "try_statement", "with_statement", "else_clause"}:
                pending += [each for each in child.named_children if each.type != "comment"]
            target = child.named_children[0] if child.type == "expression_statement" else None
            left = target.child_by_field_name("left") if target is not None else None
            if target is None or left is None or left.type != "attribute":
                continue
            owner, _, name = _text(left).partition(".")
            if owner == "self" and name.isidentifier() and name not in seen:
                seen.add(name)
                yield _found(target, table, name, "field", container)


def _definitions(found: list[_Found], lines: list[str]) -> tuple[Definition, ...]:
    heads = {each.name: [(each.start, each.head_end)] for each in found if each.kind in TYPES}
    fields = Counter[str]()
    for each in found:  # a class is shown with its constructor, or else its first fields
        head = heads.get(each.container)
        if head is None:
            continue
        if each.kind == "method" and each.name in _CONSTRUCTORS:
            head[1:] = [(each.start, each.head_end)]
            fields[each.container] = _MOST_FIELDS
        elif each.kind == "field" and fields[each.container] < _MOST_FIELDS:
            fields[each.container] += 1
            head.append((each.start, each.head_end))
    return tuple(_definition(each, heads, lines) for each in found)


def _definition(
    each: _Found, heads: dict[str, list[tuple[int, int]]], lines: list[str]
) -> Definition:
    head = (each.start, max(each.head_end, each.start + 1))
    shown = (head,)
    if (
        each.kind in TYPES
        and each.name in heads
        and heads[each.name][0] == (each.start, each.head_end)
    ):
        shown = _merged([head, *heads[each.name][1:]])
    words = (
        word
        for start, end in shown
        for line in lines[start:end]
        for word in IDENTIFIER.findall(line)
    )
    types = tuple(dict.fromkeys(word for word in words if word != each.name and len(word) > 2))  # noqa: PLR2004  — shorter ones are parameters of types
    return Definition(each.name, each.kind, each.container, shown, each.end, types[:_MOST_TYPES])


def _merged(ranges: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _text(node: "Node") -> str:
    return (node.text or b"").decode("utf-8", "replace")
