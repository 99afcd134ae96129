"""An outside judge of requests: the SDKs' own parameter types, no unknown field allowed."""

import functools
from typing import Any

import msgspec
from pydantic import TypeAdapter
from pydantic_core import SchemaValidator, ValidationError


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
def _validator(wire: str) -> SchemaValidator:
    match wire:
        case "openai-chat":
            from openai.types.chat.completion_create_params import (
                CompletionCreateParamsStreaming as Params,
            )
        case "openai-responses":
            from openai.types.responses.response_create_params import (
                ResponseCreateParamsStreaming as Params,
            )
        case "openai-completions":
            from openai.types.completion_create_params import (
                CompletionCreateParamsStreaming as Params,
            )
        case "openai-embeddings":
            from openai.types.embedding_create_params import EmbeddingCreateParams as Params
        case _:
            from anthropic.types.message_create_params import (
                MessageCreateParamsStreaming as Params,
            )
    return SchemaValidator(_strict(TypeAdapter(Params).core_schema))


def objections(wire: str, body: bytes) -> list[str]:
    """What the SDK's types object to; empty where they accept the request."""
    try:
        _validator(wire).validate_json(body, strict=True)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        return [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in found[:6]]
    return []


def decoded(body: bytes) -> dict[str, Any]:
    return msgspec.json.decode(body, type=dict[str, Any])
