"""What a sign-in service is asked for, whichever way the user came: exchange, refresh, revoke."""

import re
import time
from collections.abc import Mapping

import msgspec

from refact_lsp.auth.oauth_http import Answer, Web, post
from refact_lsp.core.oauth_spec import OAuthSpec
from refact_lsp.core.problems import ProblemKind, RefactError, refuse

_MOST_LIFE_S = 10 * 365 * 86_400.0


class TokenSet(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens as they are kept among the secrets; `expires_at` in seconds of the epoch."""

    access_token: str
    refresh_token: str | None = None
    expires_at: float | None = None
    account: str | None = None

    def __repr__(self) -> str:
        return f"TokenSet(expires_at={self.expires_at!r})"


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """An ordinary key that a service made for the user."""

    key: str
    account: str | None = None

    def __repr__(self) -> str:
        return "ApiKey()"


Grant = TokenSet | ApiKey


class Service(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in service as one provider instance uses it."""

    provider: str
    spec: OAuthSpec
    settings: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])
    web: Web = msgspec.field(default_factory=Web)

    @property
    def client_id(self) -> str | None:
        """The registered client: the template's, or the user's own."""
        return self.spec.client_id or self.settings.get("clientId") or None

    def required_client_id(self) -> str:
        """Give the client id; refuses where the flow cannot do without and there is none."""
        if self.client_id is None:
            raise refuse(
                "notConfigured",
                f"{self.provider} has no OAuth client id.",
                "Register an OAuth app with the vendor and put its client id into the settings, "
                "or use an API key.",
                field="clientId",
                provider=self.provider,
            )
        return self.client_id

    def address(self, template: str | None) -> str:
        """Fill settings into an address; a setting may be a host and nothing more."""
        if template is None:
            raise self.refused("unsupported", "does not offer this way to sign in", "Use another.")

        def setting(match: re.Match[str]) -> str:
            value = self.settings.get(match[1], "")
            if not re.fullmatch(r"[A-Za-z0-9.-]+(:\d{1,5})?", value):
                raise refuse(
                    "invalidRequest",
                    f"The setting {match[1]} of {self.provider} is not a host.",
                    "Write the host alone, for example company.example.com.",
                    field=match[1],
                    provider=self.provider,
                )
            return value

        return re.sub(r"\{(\w+)\}", setting, template)

    def refused(self, kind: ProblemKind, what: str, hint: str) -> RefactError:
        """Make the problem for something that this service said."""
        return refuse(kind, f"{self.provider} {what}.", hint, provider=self.provider)


async def exchange(service: Service, code: str, *, verifier: str, redirect: str) -> Grant:
    """Turn the code of the way back into tokens or a key."""
    fields = {"code": code, "code_verifier": verifier}
    if service.spec.result == "tokens":
        fields |= {
            "grant_type": "authorization_code",
            "redirect_uri": redirect,
            "client_id": service.required_client_id(),
        }
    else:
        fields["code_challenge_method"] = "S256"
    answer = await ask(service, service.spec.token_url, fields)
    if answer.error:
        raise service.refused(
            "authentication",
            f"did not accept the code ({answer.error})",
            "Sign in again: a code is good for a short time, and once.",
        )
    return read_grant(service, answer)


async def refresh(service: Service, tokens: TokenSet) -> TokenSet:
    """Get new tokens; raises `authentication` where the user has to sign in again."""
    if tokens.refresh_token is None:
        raise expired(service)
    fields = {"grant_type": "refresh_token", "refresh_token": tokens.refresh_token}
    if service.client_id:
        fields["client_id"] = service.client_id
    answer = await ask(service, service.spec.token_url, fields)
    if answer.error in {"temporarily_unavailable", "server_error"} or answer.status >= 500:  # noqa: PLR2004  — the server's fault (RFC 9110, 15.6)
        raise service.refused(
            "overloaded", f"cannot renew the sign-in now ({answer.error})", "Try again later."
        )
    if answer.error:
        raise expired(service)
    found = read_grant(service, answer)
    if isinstance(found, ApiKey):
        raise expired(service)
    return msgspec.structs.replace(
        found,
        # A service that does not rotate leaves the refresh token out (RFC 6749, 6).
        refresh_token=found.refresh_token or tokens.refresh_token,
        account=found.account or tokens.account,
    )


async def revoke(service: Service, tokens: TokenSet) -> bool:
    """Take the tokens back at the service (RFC 7009); tells whether it said yes."""
    if service.spec.revoke_url is None:
        return False
    done = True
    for kind, token in (
        ("refresh_token", tokens.refresh_token),
        ("access_token", tokens.access_token),
    ):
        if token is None:
            continue
        fields = {"token": token, "token_type_hint": kind}
        if service.client_id:
            fields["client_id"] = service.client_id
        try:
            answer = await ask(service, service.spec.revoke_url, fields)
        except RefactError:
            done = False
        else:
            done = done and answer.error is None
    return done


async def ask(service: Service, template: str | None, fields: Mapping[str, str]) -> Answer:
    """Send one request of the service in its own shape."""
    return await post(
        service.address(template),
        {**fields, **service.spec.token_parameters},
        body=service.spec.body,
        web=service.web,
    )


def read_grant(service: Service, answer: Answer) -> Grant:
    """Read tokens or a key from an answer without an error."""
    account = answer.text(service.spec.account_field) if service.spec.account_field else None
    if service.spec.result == "apiKey":
        key = answer.text(service.spec.key_field)
        if key is None or not key.isprintable():
            raise _no_grant(service)
        return ApiKey(key=key, account=account)
    access = answer.text("access_token")
    if access is None or not access.isprintable():
        raise _no_grant(service)
    life_s = answer.seconds("expires_in")
    return TokenSet(
        access_token=access,
        refresh_token=answer.text("refresh_token"),
        expires_at=None if life_s is None else time.time() + min(life_s, _MOST_LIFE_S),
        account=account,
    )


def expired(service: Service) -> RefactError:
    """Make the problem of a sign-in that is over."""
    return service.refused("authentication", "no longer accepts the sign-in", "Sign in again.")


def _no_grant(service: Service) -> RefactError:
    return service.refused(
        "badResponse", "answered the sign-in without a token", "Try again, or use an API key."
    )
