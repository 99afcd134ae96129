"""The user's providers: shown, saved and deleted. Secrets go to `auth` and never come back."""

import re
import shutil
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, cast

import msgspec

from refact_lsp.app.application import App
from refact_lsp.app.world import World
from refact_lsp.core import nouns
from refact_lsp.core.private_files import locked_async
from refact_lsp.core.problems import refuse
from refact_lsp.features.setup.credentials import TOKEN_FIELD
from refact_lsp.features.setup.endpoints import HEADER_PREFIX, KEY_FIELD
from refact_lsp.features.setup.models import enabled_of, models_of
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.schema import Template
from refact_lsp.registry.templates import check_settings, effective, fields_of
from refact_lsp.store.providers import ProviderRow, free_id
from refact_lsp.store.providers import delete_provider as delete_row
from refact_lsp.store.providers import save_provider as save_row
from refact_lsp.store.rows import Connection
from refact_lsp.store.settings import set_setting

# Prefix of the setting that remembers of a provider that somebody signed out.
SIGNED_OUT = "auth.signedOut."
_NOT_LET_IN = "authentication"
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")


def templates(world: World) -> tuple[nouns.Template, ...]:
    """Every template, as the user picks it."""
    return tuple(
        _template(name, template) for name, template in sorted(world.catalog.templates.items())
    )


async def list_providers(app: App) -> tuple[nouns.Provider, ...]:
    """Every provider, oldest first."""
    rows = app.world.configuration.providers.values()
    return tuple([await _provider(app, row) for row in rows if _is_known(app, row)])


async def get_provider(app: App, provider: str) -> nouns.Provider:
    """One provider; raises `notConfigured`."""
    return await _provider(app, row_of(app.world, provider))


def row_of(world: World, provider: str) -> ProviderRow:
    """Find a provider's row; raises `notConfigured`."""
    row = world.configuration.providers.get(provider)
    if row is None:
        raise refuse(
            "notConfigured",
            f"There is no provider {provider!r}.",
            "See refact-lsp providers list.",
            provider=provider,
            field="id",
        )
    return row


async def save_provider(
    app: App,
    *,
    template: str,
    settings: Mapping[str, Any],
    provider_id: str | None = None,
    display_name: str | None = None,
    enabled: bool | None = None,
) -> nouns.Provider:
    """Create a provider, or change the one of that id.

    A setting left out keeps what is stored; null or an empty text takes it away. A secret sent as
    its mask is kept.
    """
    chosen = app.catalog.template(template)
    before = app.world.configuration.providers.get(provider_id) if provider_id else None
    _check_identity(provider_id, template, before)
    name = display_name or (before.display_name if before else chosen.name)
    is_on = enabled if enabled is not None else (before.enabled if before else True)
    # Another window may be saving one: two new ones must not come by the same id.
    async with locked_async(app.folders.locks / "providers.lock"):
        row_id = provider_id or await app.database.read(lambda c: free_id(c, template))
        await _save(app, row_id, chosen, before, settings, display_name=name, enabled=is_on)
    app.health.pop(row_id, None)
    return await get_provider(app, row_id)


async def _save(
    app: App,
    row_id: str,
    chosen: Template,
    before: ProviderRow | None,
    settings: Mapping[str, Any],
    *,
    display_name: str,
    enabled: bool,
) -> None:
    plain, secrets = split_secrets(chosen, settings)
    merged = merge_settings(before.settings if before else {}, plain)
    stored = app.secrets.fields(row_id) if before else ()
    kept = {name: {"secret": True} for name in stored if name != TOKEN_FIELD}
    shown = {**kept, **{name: value for name, value in secrets.items() if value != ""}}
    check_settings(chosen, {**merged, **{n: v for n, v in shown.items() if "." not in n}})
    resolve_addresses(chosen, merged)  # refuses an address that is none, before anything is kept
    for name, value in secrets.items():
        if value == "":
            await app.secrets.delete(row_id, name)
        elif isinstance(value, str):
            await app.secrets.set(row_id, name, value)
    await app.change(
        lambda connection: save_row(
            connection,
            id=row_id,
            template=chosen.id,
            display_name=display_name,
            enabled=enabled,
            settings=merged,
            at=datetime.now(UTC),
        )
    )


async def delete_provider(app: App, provider: str) -> None:
    """Delete a provider with its secrets, tokens and models."""
    row_of(app.world, provider)
    await app.sign_ins.drop(provider)
    await app.secrets.delete_all(provider)
    app.tokens.forget(provider)
    app.calibrations.forget(provider)

    def delete(connection: Connection) -> None:
        delete_row(connection, provider)
        set_setting(connection, SIGNED_OUT + provider, None)

    await app.change(delete)
    app.health.pop(provider, None)


def split_secrets(
    template: Template, settings: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Part the settings from the secrets; values of the user's own headers are secrets too.

    A secret's value is its text, `""` to delete it, or a mask that keeps what is stored.
    """
    kinds = {field.name: field.type for field in fields_of(template)}
    plain: dict[str, Any] = {}
    secrets: dict[str, Any] = {}
    for name, value in settings.items():
        if kinds.get(name) == "secret":
            secrets[name] = value if value is not None else ""
        elif name == "headers" and isinstance(value, Mapping):
            headers = cast("Mapping[str, Any]", value)
            secrets.update({HEADER_PREFIX + header: text for header, text in headers.items()})
            plain[name] = {header: True for header, text in headers.items() if text != ""}
        else:
            plain[name] = value
    return plain, secrets


def merge_settings(before: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Lay what was given over what was stored; null or an empty text takes a setting away."""
    merged = {**before, **given}
    return {name: value for name, value in merged.items() if value not in (None, "")}


def _check_identity(provider_id: str | None, template: str, before: ProviderRow | None) -> None:
    if provider_id is not None and not _ID.fullmatch(provider_id):
        raise refuse(
            "invalidRequest",
            f"{provider_id!r} cannot be a provider's id.",
            "Use small letters, digits and hyphens, at most 64, beginning with a letter or digit.",
            field="id",
        )
    if before is not None and before.template != template:
        raise refuse(
            "invalidRequest",
            f"The provider {before.id!r} was made from {before.template}, not from {template}.",
            "Save it under another id.",
            field="template",
        )


def _is_known(app: App, row: ProviderRow) -> bool:
    return row.template in app.catalog.templates


async def _provider(app: App, row: ProviderRow) -> nouns.Provider:
    template = app.catalog.template(row.template)
    chosen = effective(template, row.settings)
    addresses = resolve_addresses(template, row.settings)
    state = app.world.configuration.lists.get(row.id)
    fetched = state.fetched_at if state else None
    return nouns.Provider(
        id=row.id,
        template=row.template,
        display_name=row.display_name,
        enabled=row.enabled,
        settings=await _shown_settings(app, row, template),
        locality=addresses.locality,
        addresses=nouns.Addresses(**addresses.shown),
        auth=await _auth_state(app, row, chosen),
        health=app.health.get(row.id) or nouns.Health(state="unknown"),
        model_count=len(models_of(app.world, row.id)),
        enabled_model_count=len(enabled_of(app.world, row.id)),
        models_fetched_at=fetched.isoformat().replace("+00:00", "Z") if fetched else None,
        models_stale=bool(state and state.stale),
    )


async def _shown_settings(app: App, row: ProviderRow, template: Template) -> dict[str, Any]:
    shown = dict(row.settings)
    for field in fields_of(template):
        if field.type == "secret":
            shown[field.name] = await app.secrets.masked(row.id, field.name)
    headers = shown.get("headers")
    if isinstance(headers, Mapping):
        shown["headers"] = {
            name: await app.secrets.masked(row.id, HEADER_PREFIX + name)
            for name in cast("Mapping[str, Any]", headers)
        }
    return shown


async def _auth_state(app: App, row: ProviderRow, template: Template) -> nouns.AuthState:
    kinds = template.auth.kinds
    if "oauth" in kinds and (signed_in := await _sign_in_state(app, row)) is not None:
        return signed_in
    source = app.secrets.source(row.id, KEY_FIELD) if "api-key" in kinds else None
    if source is not None:
        return nouns.AuthState(state="ready", source=source)
    if "program" in kinds and template.auth.program and shutil.which(template.auth.program.name):
        return nouns.AuthState(state="ready", source="command")
    if "none" in kinds:
        return nouns.AuthState(state="notNeeded")
    left = bool(app.world.configuration.settings.get(SIGNED_OUT + row.id))
    return nouns.AuthState(state="signedOut" if left or kinds[0] == "oauth" else "missing")


async def _sign_in_state(app: App, row: ProviderRow) -> nouns.AuthState | None:
    """Tell of the tokens that are kept; expired are those that nothing renews any more."""
    if app.secrets.source(row.id, TOKEN_FIELD) is None:
        return None
    tokens = await app.tokens.read(row.id)
    if tokens is None:
        return None
    past = tokens.expires_at is not None and tokens.expires_at < time.time()
    health = app.health.get(row.id)
    refused = health is not None and health.error is not None and health.error.kind == _NOT_LET_IN
    return nouns.AuthState(
        state="expired" if past and (tokens.refresh_token is None or refused) else "ready",
        source="oauth",
        account=tokens.account,
        expires_at=None if tokens.expires_at is None else _iso(tokens.expires_at),
    )


def _iso(epoch_s: float) -> str:
    at = datetime.fromtimestamp(epoch_s, UTC)
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def _template(name: str, template: Template) -> nouns.Template:
    fields = [
        msgspec.convert(field, nouns.Field, from_attributes=True) for field in fields_of(template)
    ]
    return nouns.Template(
        id=name,
        name=template.name,
        notes=template.notes,
        wire=template.wires[0],
        local=template.locality == "machine",
        auth=template.auth.kinds,
        fields=tuple(fields),
        supports=nouns.Supports(
            chat=template.supports.chat,
            completion=template.supports.completion,
            embedding=template.supports.embedding,
            model_list=template.supports.model_list,
        ),
        key_url=template.key_url,
        docs_url=template.docs_url,
    )
