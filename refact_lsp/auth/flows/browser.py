"""Signing in with the browser: PKCE (RFC 7636), a way back over loopback, and a paste box always.

Over SSH or in a container the browser cannot reach this machine: then the user pastes the address
that it ended at, or the code alone.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import parse_qs, urlencode, urlsplit

from refact_lsp.auth.flows.loopback import LoopbackServer, WayBack
from refact_lsp.auth.oauth import Grant, Service, exchange
from refact_lsp.auth.oauth_http import check_address
from refact_lsp.core.problems import RefactError

_LIFE_S = 600.0


class BrowserFlow:
    """The page to open is known; `finish` waits for the way back or for a pasted code."""

    user_code: str | None = None

    def __init__(self, service: Service) -> None:
        spec = service.spec
        self.expires_at = time.time() + _LIFE_S
        self._service = service
        self._verifier = secrets.token_urlsafe(48)
        self._state = secrets.token_urlsafe(24)
        self._server = LoopbackServer(spec.redirect_path, self._state, self._arrive)
        self._listening = False
        self._came: asyncio.Future[WayBack] = asyncio.get_running_loop().create_future()
        self._exchanging = asyncio.Lock()
        self._grant: Grant | None = None
        self.url = self._redirect = ""

    async def open(self) -> None:
        """Listen, and lay out the address of the page."""
        spec = self._service.spec
        authorize = self._service.address(spec.authorize_url)
        check_address(authorize)
        self._listening = await self._server.open(
            spec.redirect_port, both=spec.redirect_host == "localhost"
        )
        port = self._server.port or spec.redirect_port or 80
        self._redirect = f"http://{spec.redirect_host}:{port}{spec.redirect_path}"
        if spec.state_in == "redirect":
            self._redirect += f"?{urlencode({'state': self._state})}"
        separator = "&" if urlsplit(authorize).query else "?"
        self.url = f"{authorize}{separator}{urlencode(self._parameters())}"

    @property
    def kind(self) -> str:
        """`paste` where nothing can listen here; a pasted code is taken either way."""
        return "browser" if self._listening else "paste"

    def supply(self, code: str) -> None:
        """Take what the user pasted: the address, `code#state`, or the code; checks the state."""
        text = code.strip()
        state: str | None = None
        if "code=" in text or "error=" in text:
            query = parse_qs(urlsplit(text).query or text.partition("?")[2] or text)
            text, state = query.get("code", [""])[0], query.get("state", [None])[0]
        elif "#" in text:
            text, _, state = text.partition("#")
        if not text or not text.isprintable():
            raise self._service.refused(
                "invalidRequest",
                "was not given a code",
                "Paste the whole address that the browser ended at, or the code that it shows.",
            )
        if state is not None and not hmac.compare_digest(state.encode(), self._state.encode()):
            raise self._service.refused(
                "authentication",
                "gave a code for another sign-in",
                "Paste the address of the sign-in that was started last.",
            )
        self._arrive(WayBack(text, None))

    async def finish(self) -> Grant:
        """Wait for the code and exchange it; a refused code may be followed by another."""
        async with self._exchanging:
            if self._grant is None:
                self._grant = await self._exchange()
                await self.close()
            return self._grant

    async def close(self) -> None:
        """Stop listening."""
        await self._server.close()

    async def _exchange(self) -> Grant:
        try:
            async with asyncio.timeout(max(0.0, self.expires_at - time.time())):
                came = await asyncio.shield(self._came)
        except TimeoutError as error:
            raise self._service.refused(
                "authentication", "was not signed in to within ten minutes", "Sign in again."
            ) from error
        try:
            if came.code is None:
                raise self._service.refused(
                    "authentication",
                    "was told to refuse",
                    "Sign in again and allow the access.",
                )
            return await exchange(
                self._service, came.code, verifier=self._verifier, redirect=self._redirect
            )
        except RefactError:
            self._came = asyncio.get_running_loop().create_future()
            raise

    def _arrive(self, came: WayBack) -> None:
        if not self._came.done():
            self._came.set_result(came)

    def _parameters(self) -> dict[str, str]:
        spec = self._service.spec
        digest = hashlib.sha256(self._verifier.encode()).digest()
        parameters = {
            spec.redirect_parameter: self._redirect,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        # A service that gives out keys takes no client and no grant: it is OAuth's PKCE alone.
        if spec.result == "tokens":
            parameters |= {
                "response_type": "code",
                "client_id": self._service.required_client_id(),
            }
        elif self._service.client_id:
            parameters["client_id"] = self._service.client_id
        if spec.scopes:
            parameters["scope"] = " ".join(spec.scopes)
        if spec.state_in == "parameter":
            parameters["state"] = self._state
        return parameters | dict(spec.authorize_parameters)


async def start_browser(service: Service) -> BrowserFlow:
    """Lay out the page to open and listen for the way back."""
    flow = BrowserFlow(service)
    try:
        await flow.open()
    except BaseException:
        await flow.close()
        raise
    return flow
