"""Tokens at the moment of use: renewed before they expire and once after a 401.

Several windows share them, and many services give a refresh token once: whoever renews holds a
lock, reads again, and leaves new tokens that another window got meanwhile alone.
"""

import time
from pathlib import Path

import msgspec

from refact_lsp.auth.oauth import ApiKey, Grant, Service, TokenSet, expired, refresh, revoke
from refact_lsp.auth.secret import Secret
from refact_lsp.auth.secrets import Secrets
from refact_lsp.core.private_files import locked_async
from refact_lsp.core.problems import RefactError

FIELD = "oauth"
# Renewed this long before they expire, so that a request under way does not meet the end.
_EARLY_S = 60.0


class Tokens:
    """Keeps and renews the tokens of providers that one signs in to."""

    def __init__(self, secrets: Secrets, locks: Path) -> None:
        self._secrets = secrets
        self._locks = locks
        self._handed: dict[str, str] = {}

    async def keep(self, provider: str, grant: Grant) -> None:
        """Store what a sign-in gave: a key is kept as any key is."""
        if isinstance(grant, ApiKey):
            await self._secrets.set(provider, "apiKey", grant.key)
        else:
            await self._store(provider, grant)

    async def read(self, provider: str) -> TokenSet | None:
        """Read the tokens as stored; None where nobody signed in or they cannot be read."""
        stored = await self._secrets.get(provider, FIELD)
        if stored is None:
            return None
        try:
            return msgspec.json.decode(stored.reveal(), type=TokenSet)
        except msgspec.DecodeError:
            return None

    async def access(self, service: Service, *, rejected: bool = False) -> Secret:
        """Give a token to send; `rejected` says that the last one given met a 401."""
        provider = service.provider
        tokens = await self.read(provider)
        if tokens is None:
            raise service.refused("authentication", "is not signed in to", "Sign in first.")
        last = self._handed.get(provider, tokens.access_token) if rejected else None
        if _must_renew(tokens, last):
            tokens = await self._renewed(service, last)
        self._handed[provider] = tokens.access_token
        return Secret(tokens.access_token, "oauth")

    async def sign_out(self, service: Service) -> bool:
        """Take the tokens back where the service can, and forget them; tells whether it could."""
        tokens = await self.read(service.provider)
        revoked = await revoke(service, tokens) if tokens else False
        self._handed.pop(service.provider, None)
        await self._secrets.delete(service.provider, FIELD)
        if service.spec.result == "apiKey":
            await self._secrets.delete(service.provider, "apiKey")
        return revoked

    def forget(self, provider: str) -> None:
        """Forget what was handed out for a provider that is no more."""
        self._handed.pop(provider, None)

    async def _renewed(self, service: Service, last: str | None) -> TokenSet:
        provider = service.provider
        async with locked_async(self._locks / f"oauth-{provider}.lock"):
            self._secrets.look_again()
            tokens = await self.read(provider)
            if tokens is None:
                raise expired(service)
            if not _must_renew(tokens, last):
                return tokens
            try:
                renewed = await refresh(service, tokens)
            except RefactError:
                # Renewing early failed, but what we have is still good.
                if last is None and tokens.expires_at and time.time() < tokens.expires_at:
                    return tokens
                raise
            await self._store(provider, renewed)
            return renewed

    async def _store(self, provider: str, tokens: TokenSet) -> None:
        await self._secrets.set(provider, FIELD, msgspec.json.encode(tokens).decode())


def _must_renew(tokens: TokenSet, last: str | None) -> bool:
    if tokens.access_token == last:
        return True
    return tokens.expires_at is not None and time.time() > tokens.expires_at - _EARLY_S
