"""Signing in to a provider and out again."""

from refact_lsp.app.application import App
from refact_lsp.auth.sign_in import Started
from refact_lsp.core import nouns
from refact_lsp.features.setup.credentials import quiet_service_of, service_of
from refact_lsp.features.setup.providers import SIGNED_OUT, get_provider, row_of
from refact_lsp.store.settings import set_setting


async def start(app: App, provider: str, method: str | None) -> Started:
    """Begin a sign-in; `method` is one of the service's, or `paste`."""
    return await app.sign_ins.start(service_of(app, row_of(app.world, provider)), method)


async def complete(app: App, flow: str, code: str | None) -> nouns.Provider:
    """Wait until the user is back, or take the code; gives the provider as it then is."""
    signed_in = await app.sign_ins.complete(flow, code)
    await _mark(app, signed_in.provider, out=None)
    app.health.pop(signed_in.provider, None)
    return await get_provider(app, signed_in.provider)


async def sign_out(app: App, provider: str) -> None:
    """Forget the tokens, and take them back at the service where it can."""
    await app.tokens.sign_out(quiet_service_of(app, row_of(app.world, provider)))
    await _mark(app, provider, out=True)
    app.health.pop(provider, None)


async def _mark(app: App, provider: str, *, out: bool | None) -> None:
    """Remember that somebody signed out, so that the provider says so and not that a key lacks."""
    await app.change(lambda c: set_setting(c, SIGNED_OUT + provider, out))
