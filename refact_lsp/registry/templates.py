"""A template together with the settings of one instance: fields, defaults, checks, variants.

`fields_of(template)` gives every field that a front end shows; `with_defaults` fills in what the
user left out; `check_settings` refuses what does not fit, naming the field; `effective` applies the
variants (region, plan, wire) that the settings choose. All pure.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.types import Wire
from refact_lsp.registry.schema import Field, Option, Template, Variant

WIRE_LABELS: dict[str, str] = {
    "openai-chat": "OpenAI Chat Completions",
    "openai-responses": "OpenAI Responses",
    "anthropic-messages": "Anthropic Messages",
    "openai-completions": "OpenAI Completions",
    "ollama": "Ollama",
    "llamacpp": "llama.cpp",
    "openai-embeddings": "OpenAI Embeddings",
    "codex-exec": "The program codex",
    "claude-print": "The program claude",
    "embedded": "Embedded",
}
# The wires of the other two kinds of request, where the template names none.
COMPLETION_WIRES: dict[str, Wire] = {
    "ollama": "ollama",
    "llamacpp": "llamacpp",
    "embedded": "embedded",
}
EMBEDDING_WIRES: dict[str, Wire] = {"ollama": "ollama"}

# Every template that talks to an address has these beside its own.
COMMON_FIELDS: tuple[Field, ...] = (
    Field(
        name="baseUrl",
        label="Base URL",
        type="url",
        help="Replaces the template's address: a host, a base address or a full endpoint.",
        advanced=True,
    ),
    Field(
        name="headers",
        label="Extra headers",
        type="map",
        help="Sent with every request; a value may be a secret or a reference such as env:NAME.",
        advanced=True,
    ),
    Field(name="timeoutMs", label="Timeout in milliseconds", type="integer", advanced=True),
    Field(
        name="proxy",
        label="Proxy",
        type="url",
        placeholder="http://proxy.example:3128",
        advanced=True,
    ),
    Field(
        name="caFile",
        label="CA file",
        help="A PEM file of certificate authorities to trust besides the system's.",
        advanced=True,
    ),
    Field(
        name="allowHttp",
        label="Allow plain HTTP",
        type="boolean",
        default=False,
        help="Lets requests go unencrypted to an address that is not loopback.",
        advanced=True,
    ),
)


def fields_of(template: Template) -> tuple[Field, ...]:
    """List the template's own fields, key first, then the common advanced ones."""
    if template.wires[0] == "embedded":
        return template.fields
    own = {field.name for field in template.fields}
    derived = (*_key_field(template), *_wire_field(template))
    before = tuple(field for field in derived if field.name not in own)
    after = tuple(field for field in COMMON_FIELDS if field.name not in own)
    return (*before, *template.fields, *after)


def with_defaults(template: Template, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the settings over the defaults of the fields; an empty string is no value."""
    values = {field.name: field.default for field in fields_of(template)}
    values.update({name: value for name, value in settings.items() if value not in (None, "")})
    return {name: value for name, value in values.items() if value is not None}


def check_settings(template: Template, settings: Mapping[str, Any]) -> None:
    """Raise `invalidRequest` naming the first field that is unknown, missing or of another shape.

    A secret may be a string, or the mask that the protocol shows in its place.
    """
    fields = {field.name: field for field in fields_of(template)}
    for name, value in settings.items():
        if name not in fields:
            raise refuse(
                "invalidRequest",
                f"{template.name} has no setting {name!r}.",
                f"Its settings are {', '.join(fields)}.",
                field=name,
            )
        if value not in (None, ""):
            _check_value(template, fields[name], value)
    for field in fields.values():
        if field.required and settings.get(field.name) in (None, "") and field.default is None:
            raise refuse(
                "invalidRequest", f"{field.label} is missing.", field.help, field=field.name
            )


def effective(
    template: Template, settings: Mapping[str, Any], *, wire: Wire | None = None
) -> Template:
    """Apply the variants that the settings (and a model's own `wire`) choose, in file order."""
    values = with_defaults(template, settings)
    if wire is not None:
        values["wire"] = wire
    chosen = template
    for variant in template.variants:
        if all(values.get(name) == value for name, value in variant.when.items()):
            chosen = _apply(chosen, variant)
    selected = values.get("wire")
    if not by_program(chosen) and selected in template.wires and selected != chosen.wires[0]:
        rest = tuple(other for other in template.wires if other != selected)
        chosen = msgspec.structs.replace(chosen, wires=(selected, *rest))
    return chosen


def by_program(template: Template) -> bool:
    """Say whether an effective template's provider is a program that is run."""
    return template.auth.kinds == ("program",)


def chat_wire(template: Template) -> Wire:
    """Name the wire of chat requests of an effective template."""
    return template.wires[0]


def completion_wire(template: Template) -> Wire:
    """Name the wire of fill-in-the-middle requests of an effective template."""
    chat = template.wires[0]
    return template.completion_wire or COMPLETION_WIRES.get(chat, "openai-completions")


def embedding_wire(template: Template) -> Wire:
    """Name the wire of embedding requests of an effective template."""
    return template.embedding_wire or EMBEDDING_WIRES.get(template.wires[0], "openai-embeddings")


def _key_field(template: Template) -> tuple[Field, ...]:
    kinds = template.auth.kinds
    if "api-key" not in kinds:
        return ()
    env = f" or env:{template.env[0]}" if template.env else ""
    return (
        Field(
            name="apiKey",
            label="API key",
            type="secret",
            required=kinds[0] == "api-key" and len(kinds) == 1,
            placeholder=template.key_placeholder,
            help=f"The key itself, or where it is: cmd:PROGRAM ARG, file:PATH{env}.",
        ),
    )


def _wire_field(template: Template) -> tuple[Field, ...]:
    if len(template.wires) == 1:
        return ()
    return (
        Field(
            name="wire",
            label="Wire format",
            type="enum",
            default=template.wires[0],
            options=tuple(Option(value=w, label=WIRE_LABELS[w]) for w in template.wires),
            help="The shape of requests and answers that the server speaks.",
        ),
    )


def _apply(template: Template, variant: Variant) -> Template:
    changes: dict[str, Any] = {
        "base_url": variant.base_url,
        "catalogs": variant.catalogs,
        "env": variant.env,
        "key_url": variant.key_url,
        "model_list": variant.model_list,
        "token_count": variant.token_count,
        "fim": variant.fim,
        "quirks": variant.quirks,
        "supports": variant.supports,
        "usage": variant.usage,
    }
    changes = {name: value for name, value in changes.items() if value is not None}
    if variant.defaults:
        changes["defaults"] = {**template.defaults, **variant.defaults}
    if variant.routes:
        changes["routes"] = {**template.routes, **variant.routes}
    auth = {"header": variant.key_header, "kinds": variant.auth_kinds}
    auth = {name: value for name, value in auth.items() if value is not None}
    if auth:
        changes["auth"] = msgspec.structs.replace(template.auth, **auth)
    if variant.wire is not None:
        rest = tuple(other for other in template.wires if other != variant.wire)
        changes["wires"] = (variant.wire, *rest)
    return msgspec.structs.replace(template, **changes)


def _check_value(template: Template, field: Field, value: Any) -> None:  # noqa: ANN401  — any JSON
    def wrong(expected: str) -> RefactError:
        return refuse(
            "invalidRequest",
            f"{field.label} of {template.name} must be {expected}.",
            field.help,
            field=field.name,
        )

    match field.type:
        case "boolean" if not isinstance(value, bool):
            raise wrong("true or false")
        case "integer" if not isinstance(value, int) or isinstance(value, bool):
            raise wrong("a whole number")
        case "map" if not isinstance(value, Mapping):
            raise wrong("a table of names and values")
        case "enum" if value not in [option.value for option in field.options]:
            raise wrong("one of " + ", ".join(option.value for option in field.options))
        case "string" | "url" if not isinstance(value, str):
            raise wrong("a text")
        case "secret" if not isinstance(value, str | Mapping):
            raise wrong("a text")
        case _:
            pass
