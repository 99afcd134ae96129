"""Signing in with a code on any device (RFC 8628)."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from refact_lsp.auth.oauth import Grant, Service, ask, read_grant
from refact_lsp.auth.oauth_http import Answer, check_address
from refact_lsp.core.problems import RefactError

_GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
# The interval where the service names none, and what slow_down adds (RFC 8628, 3.2 and 3.5).
_INTERVAL_S = 5.0
_SLOWER_S = 5.0
_MOST_INTERVAL_S = 60.0
_LIFE_S = 900.0
_MOST_LIFE_S = 3600.0


class DeviceFlow:
    """A code was handed out; `finish` asks until the user has entered it."""

    kind = "device"

    def __init__(
        self,
        service: Service,
        answer: Answer,
        pause: Callable[[float], Awaitable[None]],
    ) -> None:
        device_code, user_code = answer.text("device_code"), answer.text("user_code")
        url = answer.text("verification_uri") or answer.text("verification_url")
        if device_code is None or user_code is None or url is None:
            raise service.refused(
                "badResponse", "did not hand out a code", "Try again, or use an API key."
            )
        check_address(url)
        self.url = answer.text("verification_uri_complete") or url
        check_address(self.url)
        self.user_code: str | None = user_code
        self.expires_at = time.time() + min(answer.seconds("expires_in") or _LIFE_S, _MOST_LIFE_S)
        self._service = service
        self._device_code = device_code
        self._interval_s = answer.seconds("interval") or _INTERVAL_S
        self._pause = pause
        self._asking = asyncio.Lock()
        self._grant: Grant | None = None

    def supply(self, code: str) -> None:  # noqa: ARG002  — the shape of every flow
        """Refuse a pasted code: this way has none."""
        raise self._service.refused(
            "invalidRequest",
            "takes no code here",
            f"Enter {self.user_code} at {self.url}, then wait.",
        )

    async def finish(self) -> Grant:
        """Wait for the user; raises `authentication` where they refused or the time ran out."""
        async with self._asking:
            while self._grant is None:
                await self._pause(min(self._interval_s, _MOST_INTERVAL_S))
                if time.time() > self.expires_at:
                    raise self._over("expired_token")
                self._grant = await self._poll()
            return self._grant

    async def close(self) -> None:
        """Nothing is open."""

    async def _poll(self) -> Grant | None:
        try:
            answer = await ask(
                self._service,
                self._service.spec.token_url,
                {
                    "grant_type": _GRANT_TYPE,
                    "device_code": self._device_code,
                    "client_id": self._service.required_client_id(),
                },
            )
        except RefactError as error:
            if error.problem.kind not in {"network", "timeout"}:
                raise
            # A lost connection: ask again more slowly (RFC 8628, 3.5).
            self._interval_s *= 2
            return None
        match answer.error:
            case None:
                return read_grant(self._service, answer)
            case "authorization_pending":
                return None
            case "slow_down":
                self._interval_s += _SLOWER_S
                return None
            case error:
                raise self._over(error)

    def _over(self, error: str) -> RefactError:
        match error:
            case "expired_token":
                what, hint = "let the code expire", "Sign in again."
            case "access_denied":
                what, hint = "was told to refuse", "Sign in again and allow the access."
            case _:
                what, hint = f"ended the sign-in ({error})", "Sign in again, or use an API key."
        return self._service.refused("authentication", what, hint)


async def start_device(
    service: Service, *, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
) -> DeviceFlow:
    """Ask for a code."""
    fields = {"client_id": service.required_client_id()}
    if service.spec.scopes:
        fields["scope"] = " ".join(service.spec.scopes)
    answer = await ask(service, service.spec.device_url, fields)
    if answer.error:
        raise service.refused(
            "authentication",
            f"hands out no code ({answer.error})",
            "Look at the client id in the provider's settings.",
        )
    return DeviceFlow(service, answer, pause)
