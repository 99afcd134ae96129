"""Endpoints: a provider's settings, template and secrets put together for the HTTP client."""

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Wire
from refact_lsp.features.setup.credentials import TOKEN_FIELD, ReadSecret, saved
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.schema import KeyHeader, Template
from refact_lsp.registry.templates import by_program, effective, fields_of, with_defaults
from refact_lsp.store.providers import ProviderRow

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
    template = app.catalog.template(provider.template)
    read = saved(app, provider)
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
    secrets = [
        (field.header, field.name)
        for field in fields_of(template)
        if field.header and field.type == "secret"
    ]

    async def authorize(refused: bool) -> Mapping[str, str]:  # noqa: FBT001  — the endpoint's signature
        found = await _credential(chosen, provider, read, refused=refused)
        for header, name in secrets:
            secret = await read(name, refused)
            found |= {header: secret.reveal()} if secret else {}
        return found | await _secret_headers(values.get("headers"), read, refused=refused)

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
        program=chosen.auth.program if by_program(chosen) else None,
    )


async def _credential(
    template: Template, provider: str, read: ReadSecret, *, refused: bool
) -> dict[str, str]:
    """Give the header of a sign-in's token, else of the key."""
    kinds = template.auth.kinds
    if "oauth" in kinds and (token := await read(TOKEN_FIELD, refused)) is not None:
        return {"Authorization": f"Bearer {token.reveal()}"}
    if "api-key" not in kinds and "oauth" not in kinds:
        return {}
    secret = await read(KEY_FIELD, refused)
    if secret is not None:
        name, before = _KEY_HEADERS[template.auth.header]
        return {name: before + secret.reveal()}
    if "none" in kinds:
        return {}
    sign_in = f"Sign in: refact-lsp providers sign-in {provider}. Or g" if "oauth" in kinds else "G"
    raise refuse(
        "authentication",
        f"{provider} has no key.",
        f"{sign_in}ive it a key with refact-lsp providers add {provider}, or the settings page.",
        field=KEY_FIELD,
        provider=provider,
    )


async def _secret_headers(headers: object, read: ReadSecret, *, refused: bool) -> dict[str, str]:
    """Resolve the user's own headers; their values are secrets, each under its header's name."""
    found: dict[str, str] = {}
    for name in cast("Mapping[str, object]", headers) if isinstance(headers, Mapping) else ():
        secret = await read(HEADER_PREFIX + name, refused)
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
