"""Signing in over the front door; the service and the provider are one server on loopback."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.session import Session, open_session
from tests.rpc.conftest import asker
from tests.servers.openai_like import OpenAiLike
from tests.servers.scripted import Exchange, Reply, plain_browser, scripted

ACCESS, RENEWED, REFRESH, KEY = "planted-access", "planted-renewed", "planted-refresh", "sk-or-made"


class Vendor(OpenAiLike):
    """A provider whose sign-in service lives at the same address."""

    def __init__(self, valid: str = ACCESS) -> None:
        super().__init__(key=valid)
        self.granted: dict[str, Any] = {
            "access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600, "login": "me",
        }  # fmt: skip
        self.renewed: dict[str, Any] = {"access_token": RENEWED, "expires_in": 3600}
        self.renewals = 0

    async def __call__(self, exchange: Exchange) -> None:
        target, body = exchange.request.target, exchange.request.body.decode()
        if target == "/token" and "refresh_token" in parse_qs(body):
            self.renewals += 1
            await exchange.reply(_json(self.renewed, 400 if "error" in self.renewed else 200))
        elif target == "/token":
            await exchange.reply(_json(self.granted))
        elif target == "/device":
            await exchange.reply(
                _json({
                    "device_code": "d", "user_code": "AB-12", "interval": 0.01,
                    "verification_uri": "https://vendor.example/device", "expires_in": 60,
                })
            )  # fmt: skip
        elif target == "/api/v1/auth/keys":
            await exchange.reply(_json({"key": KEY, "user_id": "u"}))
        else:
            await super().__call__(exchange)


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode())


def vendor_template(home: Path, url: str, *, flows: str = '["browser", "device"]') -> None:
    folder = home / "config" / "registry" / "providers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vendor.toml").write_text(f"""
name = "Vendor"
notes = "A vendor of the tests."
wires = ["openai-chat"]
base_url = "{url}/v1"
model_list = "openai"
[auth]
kinds = ["oauth", "api-key"]
[auth.oauth]
flows = {flows}
authorize_url = "{url}/authorize"
token_url = "{url}/token"
device_url = "{url}/device"
revoke_url = "{url}/revoke"
client_id = "us"
account_field = "login"
[routes]
chat = "/chat/completions"
models = "/models"
""")


def openrouter_template(home: Path, url: str) -> None:
    folder = home / "config" / "registry" / "providers"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "openrouter.toml").write_text(f"""
base_url = "{url}/v1"
[auth.oauth]
authorize_url = "{url}/auth"
token_url = "{url}/api/v1/auth/keys"
""")


async def sign_in(ask: Any, provider: str = "vendor") -> dict[str, Any]:
    started = await ask("refact/auth/start", provider=provider, method="browser")
    done, _ = await asyncio.gather(
        ask("refact/auth/complete", flowId=started["flowId"]), come_back(started["url"])
    )
    return done["provider"]


async def come_back(url: str) -> None:
    query = {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}
    back = query.get("redirect_uri") or query["callback_url"]
    more = {"code": "c1", **({"state": query["state"]} if "state" in query else {})}
    joined = f"{back}{'&' if '?' in back else '?'}{urlencode(more)}"
    async with plain_browser() as browser:
        assert (await browser.get(joined)).status_code == 200


async def test_openrouter_makes_a_key_that_is_used(home: Path):
    async with scripted(Vendor(valid=KEY)) as server:
        openrouter_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await ask("refact/providers/save", template="openrouter", settings={})
            provider = await sign_in(ask, "openrouter")
            assert provider["auth"] == {"state": "ready", "source": "file"}
            refreshed = await ask("refact/models/refresh", provider="openrouter")
            assert refreshed["models"]
            assert "error" not in refreshed
            assert server.requests[-1].headers["authorization"] == f"Bearer {KEY}"
            await ask("refact/auth/signOut", provider="openrouter")
            provider = (await ask("refact/providers/get", id="openrouter"))["provider"]
            assert provider["auth"] == {"state": "signedOut"}


async def signed_in(ask: Any) -> None:
    await ask("refact/providers/save", template="vendor", settings={})
    await sign_in(ask)


async def test_tokens_are_sent_shown_and_written_to_the_ledger(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await ask("refact/providers/save", template="vendor", settings={})
            before = (await ask("refact/providers/get", id="vendor"))["provider"]
            assert before["auth"] == {"state": "signedOut"}
            provider = await sign_in(ask)
            assert provider["auth"]["state"] == "ready"
            assert (provider["auth"]["source"], provider["auth"]["account"]) == ("oauth", "me")
            assert provider["auth"]["expiresAt"].endswith("Z")
            assert "error" not in await ask("refact/models/refresh", provider="vendor")
            assert server.requests[-1].headers["authorization"] == f"Bearer {ACCESS}"
            entries = (await ask("refact/ledger/list"))["entries"]
            assert ("auth", "200") in {(row["role"], row["status"]) for row in entries}
            everything = repr([provider, entries, await ask("refact/providers/list")])
            assert ACCESS not in everything
            assert REFRESH not in everything
            # Saving again must not trip over the stored tokens.
            await ask("refact/providers/save", id="vendor", template="vendor", settings={})
            tested = await ask("refact/providers/test", id="vendor")
            assert tested["steps"][0]["detail"] == "signed in"


async def test_a_refused_token_is_renewed_once_and_the_request_sent_again(home: Path):
    vendor = Vendor()
    async with scripted(vendor) as server:
        vendor_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await signed_in(ask)
            vendor.key = RENEWED
            assert "error" not in await ask("refact/models/refresh", provider="vendor")
            assert vendor.renewals == 1
            vendor.key = "something-else"
            refused = await ask("refact/models/refresh", provider="vendor")
            assert refused["error"]["kind"] == "authentication"
            assert vendor.renewals == 2


async def test_a_sign_in_that_nothing_renews_is_shown_as_expired(home: Path):
    vendor = Vendor()
    vendor.granted |= {"expires_in": 1}
    vendor.renewed = {"error": "invalid_grant"}
    async with scripted(vendor) as server:
        vendor_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await signed_in(ask)
            past = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_at": time.time() - 9}
            await session.app.secrets.set("vendor", "oauth", json.dumps(past))
            failed = await ask("refact/models/refresh", provider="vendor")
            assert failed["error"]["kind"] == "authentication"
            assert "Sign in" in failed["error"]["hint"]
            provider = (await ask("refact/providers/get", id="vendor"))["provider"]
            assert provider["auth"]["state"] == "expired"


async def test_a_device_code_is_shown_and_a_way_not_offered_is_refused(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url, flows='["device"]')
        async with open_session() as session:
            ask = asker(session)
            await ask("refact/providers/save", template="vendor", settings={})
            started = await ask("refact/auth/start", provider="vendor")
            assert (started["kind"], started["userCode"]) == ("device", "AB-12")
            provider = (await ask("refact/auth/complete", flowId=started["flowId"]))["provider"]
            assert provider["auth"]["state"] == "ready"
            with pytest.raises(RefactError) as caught:
                await ask("refact/auth/start", provider="vendor", method="browser")
            assert caught.value.problem.field == "method"


async def test_a_pasted_address_ends_the_sign_in(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await ask("refact/providers/save", template="vendor", settings={})
            started = await ask("refact/auth/start", provider="vendor", method="paste")
            assert started["kind"] == "paste"
            state = parse_qs(urlsplit(started["url"]).query)["state"][0]
            code = f"http://127.0.0.1/callback?code=c1&state={state}"
            done = await ask("refact/auth/complete", flowId=started["flowId"], code=code)
            assert done["provider"]["auth"]["source"] == "oauth"


async def test_deleting_a_provider_deletes_its_tokens_and_ends_its_sign_in(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        async with open_session() as session:
            ask = asker(session)
            await signed_in(ask)
            started = await ask("refact/auth/start", provider="vendor")
            await ask("refact/providers/delete", id="vendor")
            assert session.app.secrets.fields("vendor") == ()
            with pytest.raises(RefactError, match="is over"):
                await ask("refact/auth/complete", flowId=started["flowId"])
            assert ACCESS not in session.app.folders.secrets.read_text()


async def test_local_only_keeps_sign_in_at_home(ask: Any, session: Session):
    await ask("refact/providers/save", template="openrouter", settings={})
    await ask("refact/privacy/set", localOnly=True)
    with pytest.raises(RefactError) as caught:
        await ask("refact/auth/start", provider="openrouter")
    assert caught.value.problem.kind == "privacy"
    assert (await ask("refact/ledger/list"))["entries"] == []
    await ask("refact/auth/signOut", provider="openrouter")


async def test_a_provider_without_a_sign_in_says_so(ask: Any):
    await ask("refact/providers/save", template="groq", settings={"apiKey": "env:NOT_SET"})
    with pytest.raises(RefactError) as caught:
        await ask("refact/auth/start", provider="groq")
    assert caught.value.problem.kind == "unsupported"


async def test_a_command_is_asked_again_after_a_refusal(ask: Any, tmp_path: Path):
    """A command's answer is kept for a while: a refused one must not be kept."""
    vendor = OpenAiLike(key="fresh-key-1234567")
    source = tmp_path / "key"
    source.write_text("stale-key-1234567")
    async with scripted(vendor) as server:
        settings = {"baseUrl": server.url, "apiKey": f"cmd:cat {source}"}
        await ask("refact/providers/save", template="custom", settings=settings)
        vendor.key = "stale-key-1234567"
        assert "error" not in await ask("refact/models/refresh", provider="custom")
        vendor.key = "fresh-key-1234567"
        source.write_text("fresh-key-1234567")
        assert "error" not in await ask("refact/models/refresh", provider="custom")


async def test_a_list_takes_the_key_where_its_provider_wants_it(home: Path):
    models = [{"name": "models/gemini-3.8-flash", "supportedGenerationMethods": []}]
    async with scripted(_json({"models": models})) as server:
        folder = home / "config" / "registry" / "providers"
        folder.mkdir(parents=True)
        (folder / "gemini.toml").write_text(f'base_url = "{server.url}/v1beta/openai"\n')
        async with open_session() as session:
            ask = asker(session)
            settings = {"apiKey": "planted-gemini-key"}
            await ask("refact/providers/save", template="gemini", settings=settings)
            await ask("refact/models/refresh", provider="gemini")
    listing, *_ = server.requests
    assert listing.target.startswith("/v1beta/models")
    assert listing.headers["x-goog-api-key"] == "planted-gemini-key"
    assert "authorization" not in listing.headers
