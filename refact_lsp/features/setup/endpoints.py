"""Endpoints: a provider's settings, template and secrets put together for the HTTP client."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast

import msgspec

from refact_lsp.app.application import App
from refact_lsp.auth.secret import Secret
from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Wire
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.schema import KeyHeader, Template
from refact_lsp.registry.templates import effective, fields_of, with_defaults
from refact_lsp.store.providers import ProviderRow

# Reads a secret setting by its name: of a saved provider, or of a draft.
ReadSecret = Callable[[str], Awaitable[Secret | None]]

KEY_FIELD = "apiKey"
HEADER_PREFIX = "headers."

_KEY_HEADERS: Mapping[KeyHeader, tuple[str, str]] = {
    "bearer": ("Authorization", "Bearer "),
    "x-api-key": ("x-api-key", ""),
    "api-key": ("api-key", ""),
    "x-goog-api-key": ("x-goog-api-key", ""),
}


def endpoint_of(
    app: App, provider: ProviderRow, *, wire: Wire | None = None, listing: bool = False
) -> Endpoint:
    """Give the endpoint of a saved provider; `wire` is a model's own, where it has one."""

    async def read(name: str) -> Secret | None:
        return await app.secrets.get(provider.id, name)

    template = app.catalog.template(provider.template)
    return make_endpoint(template, provider.id, provider.settings, read, wire=wire, listing=listing)


def make_endpoint(
    template: Template,
    provider: str,
    settings: Mapping[str, Any],
    read: ReadSecret,
    *,
    wire: Wire | None = None,
    listing: bool = False,
) -> Endpoint:
    """Put an endpoint together; secrets are read at the moment of use, never here.

    `listing` is for the list of models, where some providers want the key in another header.
    """
    chosen = effective(template, settings, wire=wire)
    if listing and chosen.auth.list_header is not None:
        auth = msgspec.structs.replace(chosen.auth, header=chosen.auth.list_header)
        chosen = msgspec.structs.replace(chosen, auth=auth)
    values = with_defaults(template, settings)
    addresses = resolve_addresses(template, settings, wire=wire)

    async def authorize(refresh: bool) -> Mapping[str, str]:  # noqa: ARG001, FBT001  — the endpoint's signature
        return {
            **await _key_header(chosen, provider, read),
            **await _secret_headers(values.get("headers"), read),
        }

    return Endpoint(
        provider=provider,
        wire=chosen.wires[0],
        locality=addresses.locality,
        addresses=addresses.all,
        authorize=authorize,
        headers=_plain_headers(template, chosen, values),
        quirks=_quirks(template, chosen, values),
        timeout_ms=values.get("timeoutMs"),
        proxy=values.get("proxy"),
        ca_file=values.get("caFile"),
        allow_http=bool(values.get("allowHttp")),
        max_concurrency=chosen.max_concurrency,
    )


async def _key_header(template: Template, provider: str, read: ReadSecret) -> Mapping[str, str]:
    if "api-key" not in template.auth.kinds:
        return {}
    secret = await read(KEY_FIELD)
    if secret is None:
        if "none" in template.auth.kinds:
            return {}
        raise refuse(
            "authentication",
            f"{provider} has no key.",
            f"Give it one: refact-lsp providers add {provider}, or the settings page.",
            field=KEY_FIELD,
            provider=provider,
        )
    name, before = _KEY_HEADERS[template.auth.header]
    return {name: before + secret.reveal()}


async def _secret_headers(headers: object, read: ReadSecret) -> Mapping[str, str]:
    """Resolve the user's own headers; their values are secrets, each under its header's name."""
    found: dict[str, str] = {}
    for name in cast("Mapping[str, object]", headers) if isinstance(headers, Mapping) else ():
        secret = await read(HEADER_PREFIX + name)
        if secret is not None:
            found[name] = secret.reveal()
    return found


def _plain_headers(
    template: Template, chosen: Template, values: Mapping[str, Any]
) -> Mapping[str, str]:
    named = {
        field.header: str(values[field.name])
        for field in fields_of(template)
        if field.header and field.type != "secret" and values.get(field.name)
    }
    return {**chosen.headers, **named}


def _quirks(template: Template, chosen: Template, values: Mapping[str, Any]) -> Any:  # noqa: ANN401  — msgspec's replace is untyped
    changes = {
        field.quirk: values[field.name]
        for field in fields_of(template)
        if field.quirk and values.get(field.name) not in (None, "")
    }
    return msgspec.structs.replace(chosen.quirks, **changes) if changes else chosen.quirks
