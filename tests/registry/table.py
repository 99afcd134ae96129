"""The table of providers that the README shows, made from the templates. Pure."""

from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import WIRE_LABELS

START, END = "<!-- providers:start -->", "<!-- providers:end -->"
_HEAD = ("provider", "template", "wire format", "chat", "completion", "embedding")
_METHODS = {
    "none": "by chat",
    "suffix": "native",
    "template": "by family",
    "infill": "native",
    "chat": "by chat",
}


def providers_table(catalog: Catalog) -> str:
    """Write the table: the built-in one first, local runtimes, then the others by name."""
    rows = [_HEAD, tuple("---" for _ in _HEAD)]
    rows += [_row(template) for template in sorted(catalog.templates.values(), key=_order)]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def with_table(text: str, table: str) -> str:
    """Put the table between the markers of a text; raises ValueError where they are missing."""
    before, start, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not (start and end):
        raise ValueError(f"the markers {START} and {END} are missing")
    return f"{before}{START}\n{table}\n{END}{after}"


def _row(template: Template) -> tuple[str, ...]:
    name = f"[{template.name}]({template.docs_url})" if template.docs_url else template.name
    wires = ", ".join(WIRE_LABELS[wire] for wire in template.wires)
    chat = "yes" if template.supports.chat else ""
    return (
        name,
        f"`{template.id}`",
        wires,
        chat,
        _completion(template),
        "yes" if template.supports.embedding else "",
    )


def _completion(template: Template) -> str:
    supported = template.supports.completion or any(
        variant.supports is not None and variant.supports.completion
        for variant in template.variants
    )
    if supported:
        # A route for completions without a method of the template's own: its models name theirs.
        return "native" if template.fim == "none" else _METHODS[template.fim]
    return "by chat" if template.supports.chat else ""


def _order(template: Template) -> tuple[bool, bool, str]:
    embedded = template.wires[0] == "embedded"
    return not embedded, template.locality != "machine", template.name.lower()
