"""`refact/auth/*`."""

from refact_lsp.features.setup import signing_in
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _start(session: Session, params: m.AuthStart) -> m.AuthStarted:
    started = await signing_in.start(session.app, params.provider, params.method)
    return m.AuthStarted(
        flow_id=started.flow_id,
        kind=started.kind,
        url=started.url,
        user_code=started.user_code,
        expires_at=started.expires_at.isoformat(timespec="seconds").replace("+00:00", "Z"),
    )


async def _complete(session: Session, params: m.AuthComplete) -> m.ProviderResult:
    provider = await signing_in.complete(session.app, params.flow_id, params.code)
    return m.ProviderResult(provider=provider)


async def _sign_out(session: Session, params: m.AuthSignOut) -> Empty:
    await signing_in.sign_out(session.app, params.provider)
    return Empty()


METHODS = (
    Method("refact/auth/start", m.AuthStart, m.AuthStarted, _start),
    Method("refact/auth/complete", m.AuthComplete, m.ProviderResult, _complete),
    Method("refact/auth/signOut", m.AuthSignOut, Empty, _sign_out),
)
