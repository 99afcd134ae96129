"""Sign-ins under way: started by one request, ended by another."""

import asyncio
import secrets
import time
from datetime import UTC, datetime
from typing import Literal, Protocol, cast

import msgspec

from refact_lsp.auth.flows.browser import start_browser
from refact_lsp.auth.flows.device import start_device
from refact_lsp.auth.oauth import Grant, Service
from refact_lsp.auth.tokens import Tokens
from refact_lsp.core.oauth_spec import FlowKind
from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Value


class Started(Value, frozen=True, kw_only=True):
    """What the user needs to go on, in the protocol's shape."""

    flow_id: str
    kind: Literal["device", "browser", "paste"]
    url: str
    user_code: str | None = None
    expires_at: datetime


class SignedIn(msgspec.Struct, frozen=True, kw_only=True):
    """Whose sign-in ended well; the secrets are stored."""

    provider: str
    account: str | None


class Flow(Protocol):
    """A way to sign in, under way."""

    url: str
    user_code: str | None
    expires_at: float

    @property
    def kind(self) -> str: ...
    def supply(self, code: str) -> None: ...
    async def finish(self) -> Grant: ...
    async def close(self) -> None: ...


class SignIns:
    """Holds the flows that wait for their user; one a provider."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens
        self._flows: dict[str, tuple[str, Flow]] = {}

    async def start(self, service: Service, method: str | None = None) -> Started:
        """Begin; `method` is a flow of the service or `paste`; its first flow by default."""
        kind = _chosen(service, method)
        await self.drop(service.provider)
        flow = cast(
            "Flow",
            await start_device(service) if kind == "device" else await start_browser(service),
        )
        flow_id = secrets.token_urlsafe(16)
        self._flows[flow_id] = (service.provider, flow)
        shown = "paste" if method == "paste" else flow.kind
        return Started(
            flow_id=flow_id,
            kind=cast('Literal["device", "browser", "paste"]', shown),
            url=flow.url,
            user_code=flow.user_code,
            expires_at=datetime.fromtimestamp(flow.expires_at, UTC),
        )

    async def complete(self, flow_id: str, code: str | None = None) -> SignedIn:
        """Wait until the user is back, or take the code; a cancelled wait ends the sign-in."""
        found = self._flows.get(flow_id)
        if found is None or found[1].expires_at < time.time():
            await self._end(flow_id)
            raise refuse(
                "invalidRequest",
                "This sign-in is over.",
                "Start it again with refact/auth/start.",
                field="flowId",
            )
        provider, flow = found
        if code and code.strip():
            flow.supply(code)
        try:
            grant = await flow.finish()
        except asyncio.CancelledError:
            await self._end(flow_id)
            raise
        if flow_id in self._flows:
            await self._tokens.keep(provider, grant)
            await self._end(flow_id)
        return SignedIn(provider=provider, account=grant.account)

    async def close(self) -> None:
        """End every sign-in under way."""
        for flow_id in tuple(self._flows):
            await self._end(flow_id)

    async def drop(self, provider: str) -> None:
        """End a provider's sign-in under way."""
        for flow_id, (owner, _) in tuple(self._flows.items()):
            if owner == provider:
                await self._end(flow_id)

    async def _end(self, flow_id: str) -> None:
        found = self._flows.pop(flow_id, None)
        if found is not None:
            await found[1].close()


def _chosen(service: Service, method: str | None) -> FlowKind:
    flows = service.spec.flows
    if method is None:
        return flows[0]
    for flow in flows:
        if flow == method or (method == "paste" and flow == "browser"):
            return flow
    raise refuse(
        "unsupported",
        f"{service.provider} has no sign-in by {method!r}.",
        f"It offers {', '.join(flows)}.",
        field="method",
        provider=service.provider,
    )
