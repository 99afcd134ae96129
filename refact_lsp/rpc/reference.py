"""The protocol's reference page, made from its JSON Schema. Pure."""

from collections.abc import Mapping
from typing import Any

from refact_lsp.rpc.typescript import field_type, type_of

_HEAD = """# The `refact/*` protocol, version {version}

Made by `refact-lsp protocol --markdown`; do not edit. JSON-RPC 2.0 over LSP framing. A field
with a question mark may be absent, and is never null unless null is named. Errors have code
{code} and a `Problem` as their data.
"""


def reference(schema: Mapping[str, Any]) -> str:
    """Give one page: every method with its params and result, then the shapes."""
    parts = [_HEAD.format(version=schema["version"], code=schema["error"]["code"]), "## Methods\n"]
    parts.append("| method | params | result |\n| --- | --- | --- |")
    for name, method in schema["methods"].items():
        parts.append(f"| `{name}` | {_cell(method['params'])} | {_cell(method['result'])} |")
    parts.append("\n## Notifications\n")
    for name, kind in schema["notifications"].items():
        parts.append(f"- `{name}`: {_cell(kind)}")
    parts.append("\n## Shapes\n")
    for name, shape in sorted(schema["$defs"].items()):
        parts.append(f"### {name}\n\n{shape.get('description', '').strip()}\n")
        if shape.get("properties"):
            required = set(shape.get("required", ()))
            for field, kind in shape["properties"].items():
                mark = "" if field in required else "?"
                parts.append(f"- `{field}{mark}`: `{field_type(kind, field in required)}`")
            parts.append("")
    return "\n".join(parts).rstrip() + "\n"


def _cell(shape: Mapping[str, Any]) -> str:
    name = type_of(shape)
    return f"[{name}](#{name.lower()})" if name.isidentifier() else f"`{name}`"
