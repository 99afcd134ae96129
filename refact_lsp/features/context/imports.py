"""What one import statement takes, from its node in the tree. Pure; one function a language."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from refact_lsp.features.context.facts import Import

if TYPE_CHECKING:
    from tree_sitter import Node


def imports_of(grammar: str, node: "Node") -> Iterator[Import]:
    """Give the imports of one statement."""
    reader = _READERS.get(grammar)
    return reader(node) if reader else iter(())


def _python(node: "Node") -> Iterator[Import]:
    taken = [_pair(each) for each in node.children_by_field_name("name")]
    if node.type == "import_statement":
        for name, local in taken:
            yield Import(name, (), local)
        return
    if any(child.type == "wildcard_import" for child in node.children):
        taken = [("*", "*")]
    yield Import(_text(node.child_by_field_name("module_name")), tuple(taken), passed_on=True)


def _typescript(node: "Node") -> Iterator[Import]:
    module = _text(node.child_by_field_name("source")).strip("\"'`")
    exported = node.type == "export_statement"
    names: list[tuple[str, str]] = []
    local = ""
    for clause in node.named_children:
        parts = [clause, *clause.named_children]
        for part in parts:
            if part.type == "identifier":
                names.append(("default", _text(part)))
            elif part.type in {"namespace_import", "namespace_export"}:
                local = _text(part.named_children[-1])
            elif part.type in {"named_imports", "export_clause"}:
                names += [_pair(each) for each in part.named_children if each.type != "comment"]
    if exported and not names and not local:
        names = [("*", "*")]
    if module:
        yield Import(module, tuple(names), local, exported)


def _go(node: "Node") -> Iterator[Import]:
    module = _text(node.child_by_field_name("path")).strip('"`')
    alias = _text(node.child_by_field_name("name"))
    names = (("*", "*"),) if alias == "." else ()
    yield Import(module, names, alias or module.rpartition("/")[2])


def _rust(node: "Node") -> Iterator[Import]:
    argument = node.child_by_field_name("argument")
    public = any(child.type == "visibility_modifier" for child in node.children)
    for path, local in _use_tree(argument, "") if argument is not None else ():
        module, _, name = path.rpartition("::")
        yield Import(module, ((name, local),), "", public)


def _use_tree(node: "Node", prefix: str) -> Iterator[tuple[str, str]]:
    match node.type:
        case "scoped_use_list":
            inner = _joined(prefix, _text(node.child_by_field_name("path")))
            items = node.child_by_field_name("list")
            for each in items.named_children if items is not None else ():
                yield from _use_tree(each, inner)
        case "use_list":
            for each in node.named_children:
                yield from _use_tree(each, prefix)
        case "use_as_clause":
            path = _joined(prefix, _text(node.child_by_field_name("path")))
            yield path, _text(node.child_by_field_name("alias"))
        case "use_wildcard":
            inner = _text(node.named_children[0]) if node.named_children else ""
            yield _joined(_joined(prefix, inner), "*"), "*"
        case "self":
            yield prefix, prefix.rpartition("::")[2]
        case "comment" | "line_comment" | "block_comment":
            return
        case _:
            path = _joined(prefix, _text(node))
            yield path, path.rpartition("::")[2]


def _joined(prefix: str, name: str) -> str:
    return f"{prefix}::{name}" if prefix and name else prefix or name


def _pair(node: "Node") -> tuple[str, str]:
    """Give the name that a part of an import takes, and what it is called here."""
    name = node.child_by_field_name("name")
    alias = node.child_by_field_name("alias")
    taken = _text(name) if name is not None else _text(node)
    return taken, _text(alias) if alias is not None else taken


def _text(node: "Node | None") -> str:
    return (node.text or b"").decode("utf-8", "replace") if node is not None else ""


_READERS: Mapping[str, Callable[["Node"], Iterator[Import]]] = MappingProxyType(
    {
        "python": _python,
        "typescript": _typescript,
        "tsx": _typescript,
        "javascript": _typescript,
        "go": _go,
        "rust": _rust,
    }
)
