"""An outside judge of requests: the SDKs' own parameter types, no unknown field allowed.

Pydantic and the SDKs are imported when a request is judged.
"""

import functools
import re
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from pydantic_core import SchemaValidator

# The type of a request, by wire.
PARAMS = {
    "openai-chat": "openai.types.chat.completion_create_params:CompletionCreateParamsStreaming",
    "openai-responses": (
        "openai.types.responses.response_create_params:ResponseCreateParamsStreaming"
    ),
    "openai-completions": "openai.types.completion_create_params:CompletionCreateParamsStreaming",
    "openai-embeddings": "openai.types.embedding_create_params:EmbeddingCreateParams",
    "anthropic-messages": "anthropic.types.message_create_params:MessageCreateParamsStreaming",
}
SDK = re.compile(r"(anthropic|openai)(\..*)?")
BARE = re.compile(r"(anthropic|openai)(\.types(\..*)?)?")


class _Bare:
    """Finds the SDKs' packages without their `__init__`, which imports thousands of modules."""

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        found = PathFinder.find_spec(name, path, target) if BARE.fullmatch(name) else None
        if found is None or found.submodule_search_locations is None:
            return None
        bare = ModuleSpec(name, None, is_package=True)
        bare.submodule_search_locations = found.submodule_search_locations
        return bare


@contextmanager
def _bare_sdks() -> Generator[None]:
    """Import bare packages in the block, and leave no trace of them to who imports the SDKs."""
    before = {name: sys.modules.pop(name) for name in list(sys.modules) if SDK.fullmatch(name)}
    sys.meta_path.insert(0, _Bare())
    try:
        yield
    finally:
        sys.meta_path.pop(0)
        for name in [name for name in sys.modules if SDK.fullmatch(name)]:
            del sys.modules[name]
        sys.modules.update(before)


def _strict(schema: Any) -> Any:
    """Check iterables as lists, which pydantic would leave unread, and forbid unknown fields."""
    if isinstance(schema, dict):
        strict = {name: _strict(value) for name, value in schema.items()}
        if strict.get("type") == "generator":
            strict["type"] = "list"
        if strict.get("type") == "typed-dict":
            strict["extra_behavior"] = "forbid"
            strict.pop("extras_schema", None)
            strict["config"] = {**(strict.get("config") or {}), "extra_fields_behavior": "forbid"}
        return strict
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(value) for value in schema)
    return schema


@functools.cache
def _validator(wire: str) -> "SchemaValidator":
    from pydantic import TypeAdapter
    from pydantic_core import SchemaValidator

    module, _, name = PARAMS[wire].partition(":")
    with _bare_sdks():
        params = getattr(import_module(module), name)
        return SchemaValidator(_strict(TypeAdapter(params).core_schema))


def objections(wire: str, body: bytes) -> list[str]:
    """What the SDK's types object to; empty where they accept the request."""
    from pydantic_core import ValidationError

    try:
        _validator(wire).validate_json(body, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found[:6]]
    return []


def decoded(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])
