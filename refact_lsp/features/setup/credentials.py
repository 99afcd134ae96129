"""Credentials at the moment of use: keys, headers, and the tokens of a sign-in."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from refact_lsp.app.application import App
from refact_lsp.auth.oauth import Service
from refact_lsp.auth.oauth_http import Exchanged, Web
from refact_lsp.auth.secret import Secret
from refact_lsp.auth.tokens import FIELD as TOKEN_FIELD
from refact_lsp.core.ledger import LedgerEntry
from refact_lsp.core.problems import refuse
from refact_lsp.llm.targets import is_loopback
from refact_lsp.registry.templates import effective, with_defaults
from refact_lsp.store.providers import ProviderRow

# Reads a secret setting by its name, of a saved provider or of a draft; the second argument says
# that the last one given was refused. `TOKEN_FIELD` is the token of a sign-in.
ReadSecret = Callable[[str, bool], Awaitable[Secret | None]]


def saved(app: App, row: ProviderRow) -> ReadSecret:
    """Read the secrets of a saved provider."""

    async def read(name: str, refused: bool) -> Secret | None:  # noqa: FBT001  — a callback
        if name != TOKEN_FIELD:
            return await app.secrets.get(row.id, name, fresh=refused)
        if app.secrets.source(row.id, TOKEN_FIELD) is None:
            return None
        return await app.tokens.access(service_of(app, row), rejected=refused)

    return read


def service_of(app: App, row: ProviderRow) -> Service:
    """Give the sign-in service of a provider; raises where it has none or may not be asked."""
    service = _service(app, row)
    spec = service.spec
    hosts = [
        urlsplit(service.address(address)).hostname or ""
        for address in (spec.token_url, spec.device_url)
        if address is not None
    ]
    far = next((host for host in hosts if not is_loopback(host)), None)
    if app.local_only and far:
        raise refuse(
            "privacy",
            f"Local-only is on, so {far} was not contacted.",
            "Turn local-only off to sign in.",
            provider=row.id,
        )
    return service


def quiet_service_of(app: App, row: ProviderRow) -> Service:
    """Give the service for signing out: with local-only on, nothing is taken back there."""
    service = _service(app, row)
    if app.local_only:
        return replace(service, spec=msgspec.structs.replace(service.spec, revoke_url=None))
    return service


def _service(app: App, row: ProviderRow) -> Service:
    template = app.catalog.template(row.template)
    spec = effective(template, row.settings).auth.oauth
    if spec is None:
        raise refuse(
            "unsupported",
            f"{template.name} has no sign-in.",
            "Give it a key: refact-lsp providers add, or the settings page.",
            provider=row.id,
        )
    values = with_defaults(template, row.settings)

    def record(exchanged: Exchanged) -> None:
        answered = exchanged.status.isdigit()
        app.record(
            LedgerEntry(
                at=datetime.now(UTC),
                provider=row.id,
                host=exchanged.host,
                role="auth",
                model="",
                bytes_out=exchanged.bytes_out,
                bytes_in=exchanged.bytes_in,
                files=(),
                status=int(exchanged.status) if answered else None,
                error=None if answered else "network",
            )
        )

    return Service(
        provider=row.id,
        spec=spec,
        settings={name: value for name, value in values.items() if isinstance(value, str)},
        web=Web(proxy=values.get("proxy"), ca_file=values.get("caFile"), record=record),
    )
