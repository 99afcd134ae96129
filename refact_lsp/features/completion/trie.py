"""A radix trie over text: which stored keys begin a text, and which go on after it. Pure data."""

from collections.abc import Iterator
from typing import Generic, TypeVar

V = TypeVar("V")


class Node(Generic[V]):
    """One edge and what lies beyond it; the root's edge is empty."""

    __slots__ = ("children", "edge", "value")

    def __init__(self, edge: str = "", value: V | None = None) -> None:
        self.edge = edge
        self.value = value
        self.children: dict[str, Node[V]] = {}


def put(root: Node[V], key: str, value: V) -> V | None:
    """Store a value; gives the one it replaced."""
    node = root
    while key:
        child = node.children.get(key[0])
        if child is None:
            node.children[key[0]] = Node(key, value)
            return None
        shared = _shared(child.edge, key)
        if shared < len(child.edge):
            child = _split(node, child, shared)
        node, key = child, key[shared:]
    old, node.value = node.value, value
    return old


def get(root: Node[V], key: str) -> V | None:
    """Give the value of exactly this key."""
    node: Node[V] | None = root
    while key:
        node = node.children.get(key[0])
        if node is None or not key.startswith(node.edge):
            return None
        key = key[len(node.edge) :]
    return node.value


def remove(root: Node[V], key: str) -> None:
    """Forget a key and the nodes that only it needed."""
    path, node, rest = [root], root, key
    while rest:
        child = node.children.get(rest[0])
        if child is None or not rest.startswith(child.edge):
            return
        rest = rest[len(child.edge) :]
        path.append(child)
        node = child
    node.value = None
    for parent, child in zip(path[-2::-1], path[:0:-1], strict=True):
        if child.value is not None or len(child.children) > 1:
            return
        if child.children:
            (only,) = child.children.values()
            only.edge = child.edge + only.edge
            parent.children[only.edge[0]] = only
            return
        del parent.children[child.edge[0]]


def beginnings(root: Node[V], text: str) -> list[tuple[int, V]]:
    """Give the length and value of every key that `text` begins with, the longest first."""
    found: list[tuple[int, V]] = []
    node, depth = root, 0
    while True:
        if node.value is not None:
            found.append((depth, node.value))
        child = node.children.get(text[depth : depth + 1])
        if child is None or not text.startswith(child.edge, depth):
            return found[::-1]
        node, depth = child, depth + len(child.edge)


def continuations(root: Node[V], text: str, limit: int) -> Iterator[tuple[str, V]]:
    """Give what each key adds to `text` and its value, for keys at most `limit` longer."""
    node, depth = root, 0
    while depth < len(text):
        child = node.children.get(text[depth])
        if child is None:
            return
        rest = text[depth:]
        if len(rest) < len(child.edge):
            if child.edge.startswith(rest):
                yield from _below(child, child.edge[len(rest) :], limit)
            return
        if not rest.startswith(child.edge):
            return
        node, depth = child, depth + len(child.edge)
    for child in node.children.values():
        yield from _below(child, child.edge, limit)


def _below(node: Node[V], added: str, limit: int) -> Iterator[tuple[str, V]]:
    if len(added) > limit:
        return
    if node.value is not None:
        yield added, node.value
    for child in node.children.values():
        yield from _below(child, added + child.edge, limit)


def _split(parent: Node[V], child: Node[V], at: int) -> Node[V]:
    middle: Node[V] = Node(child.edge[:at])
    child.edge = child.edge[at:]
    middle.children[child.edge[0]] = child
    parent.children[middle.edge[0]] = middle
    return middle


def _shared(left: str, right: str) -> int:
    if right.startswith(left):
        return len(left)
    for index, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return index
    return min(len(left), len(right))
