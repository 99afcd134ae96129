"""The protocol's TypeScript types, made from its JSON Schema. Pure."""

from collections.abc import Mapping
from typing import Any

_HEAD = "// Made by `refact-lsp protocol --typescript`; do not edit.\n"
_PLAIN = {
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "object": "Record<string, unknown>",
    "array": "unknown[]",
}


def typescript(schema: Mapping[str, Any]) -> str:
    """Give one file: an interface for each shape, and a map of the methods."""
    parts = [_HEAD]
    for name, shape in sorted(schema["$defs"].items()):
        parts.append(_definition(name, shape))
    rows = [
        f"  {_quoted(name)}: {{ params: {type_of(method['params'])}; "
        f"result: {type_of(method['result'])} }};"
        for name, method in schema["methods"].items()
    ]
    parts.append("export interface Methods {\n" + "\n".join(rows) + "\n}\n")
    told = [
        f"  {_quoted(name)}: {type_of(kind)};" for name, kind in schema["notifications"].items()
    ]
    parts.append("export interface Notifications {\n" + "\n".join(told) + "\n}\n")
    return "\n".join(parts)


def field_type(shape: Mapping[str, Any], required: bool) -> str:  # noqa: FBT001  — one fact
    """Name the type of a field; one that may be absent is never null."""
    named = type_of(shape)
    return named if required else named.replace(" | null", "")


def _definition(name: str, shape: Mapping[str, Any]) -> str:
    comment = f"/** {shape['description'].splitlines()[0]} */\n" if "description" in shape else ""
    if "properties" not in shape:
        return f"{comment}export type {name} = {type_of(shape)};\n"
    required = set(shape.get("required", ()))
    fields = [
        f"  {_key(field)}{'' if field in required else '?'}: {field_type(kind, field in required)};"
        for field, kind in shape["properties"].items()
    ]
    body = "\n".join(fields)
    return (
        f"{comment}export interface {name} {{\n{body}\n}}\n"
        if fields
        else (f"{comment}export type {name} = Record<string, never>;\n")
    )


def type_of(shape: Mapping[str, Any]) -> str:
    """Name the TypeScript type of a schema."""
    choices = shape.get("anyOf") or shape.get("oneOf")
    if "$ref" in shape:
        named = str(shape["$ref"]).rpartition("/")[2]
    elif "enum" in shape:
        named = " | ".join(_quoted(value) for value in shape["enum"])
    elif "const" in shape:
        named = _quoted(shape["const"])
    elif choices:
        named = " | ".join(dict.fromkeys(type_of(choice) for choice in choices))
    elif isinstance(shape.get("items"), dict):
        named = f"({type_of(shape['items'])})[]"
    elif isinstance(shape.get("additionalProperties"), dict):
        named = f"Record<string, {type_of(shape['additionalProperties'])}>"
    else:
        named = _PLAIN.get(str(shape.get("type")), "unknown")
    return named


def _key(name: str) -> str:
    return name if name.isidentifier() else _quoted(name)


def _quoted(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)
