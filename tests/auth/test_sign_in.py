import asyncio
import base64
import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from refact_lsp.auth.flows.browser import start_browser
from refact_lsp.auth.flows.device import start_device
from refact_lsp.auth.oauth import Service, TokenSet
from refact_lsp.auth.oauth_http import Exchanged, Web
from refact_lsp.auth.secret import Secret
from refact_lsp.auth.secrets import Secrets
from refact_lsp.auth.sign_in import SignIns
from refact_lsp.auth.tokens import Tokens
from refact_lsp.core.oauth_spec import OAuthSpec
from refact_lsp.core.paths import Folders
from refact_lsp.core.problems import RefactError
from tests.servers.certificates import server_context
from tests.servers.scripted import Reply, Scripted, plain_browser, scripted

ACCESS, REFRESH, KEY = "planted-access-1", "planted-refresh-1", "planted-key-1"
GRANTED = {"access_token": ACCESS, "refresh_token": REFRESH, "expires_in": 3600, "login": "me"}


def say(fields: Mapping[str, Any], status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(fields).encode())


def service(server: Scripted, **changed: Any) -> Service:
    web = changed.pop("web", Web())
    fields: dict[str, Any] = {
        "flows": ("browser", "device"),
        "authorize_url": f"{server.url}/authorize",
        "token_url": f"{server.url}/token",
        "device_url": f"{server.url}/device",
        "revoke_url": f"{server.url}/revoke",
        "client_id": "us",
        "scopes": ("read:user", "x"),
        "account_field": "login",
    }
    return Service(provider="p", spec=OAuthSpec(**(fields | changed)), web=web)


def form(server: Scripted, index: int = -1) -> dict[str, str]:
    return {
        name: value[0] for name, value in parse_qs(server.requests[index].body.decode()).items()
    }


def asked(url: str) -> dict[str, str]:
    return {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}


async def visit(url: str, **headers: str) -> httpx.Response:
    async with plain_browser() as browser:
        return await browser.get(url, headers=headers)


@pytest.fixture
def tokens(secrets: Secrets, places: Folders) -> Tokens:
    return Tokens(secrets, places.locks)


# --- the browser ------------------------------------------------------------------------------


async def test_the_browser_brings_the_code_and_it_becomes_tokens(tokens: Tokens, secrets: Secrets):
    async with scripted(say(GRANTED)) as server:
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(server))
        assert started.kind == "browser"
        query = asked(started.url)
        assert (query["client_id"], query["response_type"]) == ("us", "code")
        assert query["scope"] == "read:user x"
        waiting = asyncio.gather(sign_ins.complete(started.flow_id))
        back = f"{query['redirect_uri']}?{urlencode({'code': 'c1', 'state': query['state']})}"
        page = await visit(back)
        assert (page.status_code, page.headers["cache-control"]) == (200, "no-store")
        ((done),) = await waiting
        assert (done.provider, done.account) == ("p", "me")
        sent = form(server)
        digest = hashlib.sha256(sent["code_verifier"].encode()).digest()
        assert query["code_challenge"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        assert (sent["code"], sent["redirect_uri"]) == ("c1", query["redirect_uri"])
        assert await tokens.access(service(server)) == Secret(ACCESS, "oauth")
        assert secrets.source("p", "oauth") == "file"
        with pytest.raises(httpx.ConnectError):
            await visit(back)
        with pytest.raises(RefactError, match="is over"):
            await sign_ins.complete(started.flow_id)


async def test_a_strange_visitor_neither_ends_nor_enters_the_sign_in():
    async with scripted(say(GRANTED)) as server:
        flow = await start_browser(service(server))
        query = asked(flow.url)
        good = f"{query['redirect_uri']}?{urlencode({'code': 'c', 'state': query['state']})}"
        port = urlsplit(good).port
        strangers = [
            await visit(f"{query['redirect_uri']}?code=evil&state=guess"),
            await visit(f"{query['redirect_uri']}?code=evil"),
            await visit(f"{query['redirect_uri']}?state={query['state']}"),
            await visit(f"http://127.0.0.1:{port}/favicon.ico"),
            await visit(good, Host="evil.example"),
        ]
        assert [page.status_code for page in strangers] == [400, 400, 400, 404, 404]
        assert server.requests == []
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"x" * 100_000)
        await writer.drain()
        assert await reader.read() == b""
        writer.close()
        assert (await visit(good)).status_code == 200
        assert isinstance(await flow.finish(), TokenSet)


async def test_a_refusal_in_the_browser_is_told():
    async with scripted(say(GRANTED)) as server:
        flow = await start_browser(service(server))
        query = asked(flow.url)
        await visit(f"{query['redirect_uri']}?error=access_denied&state={query['state']}")
        with pytest.raises(RefactError, match="refuse") as caught:
            await flow.finish()
        assert caught.value.problem.kind == "authentication"
        await flow.close()


@pytest.mark.parametrize(
    "shape", ["{code}", "{url}", "{code}#{state}", "code={code}&state={state}"]
)
async def test_what_the_user_pastes_is_taken_in_any_shape(tokens: Tokens, shape: str):
    async with scripted(say(GRANTED)) as server:
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(server), "paste")
        assert started.kind == "paste"
        query = asked(started.url)
        url = f"{query['redirect_uri']}?{urlencode({'code': 'c-1', 'state': query['state']})}"
        pasted = shape.format(code="c-1", url=url, state=query["state"])
        await sign_ins.complete(started.flow_id, f" {pasted}\n")
        assert form(server)["code"] == "c-1"


async def test_a_code_of_another_sign_in_is_refused_and_a_wrong_one_may_be_followed(
    tokens: Tokens,
):
    async with scripted([say({"error": "invalid_grant"}, 400), say(GRANTED)]) as server:
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(server))
        with pytest.raises(RefactError, match="another sign-in"):
            await sign_ins.complete(started.flow_id, "c#other-state")
        with pytest.raises(RefactError, match="invalid_grant"):
            await sign_ins.complete(started.flow_id, "wrong")
        assert (await sign_ins.complete(started.flow_id, "right")).provider == "p"


async def test_a_cancelled_wait_ends_the_sign_in(tokens: Tokens):
    async with scripted(say(GRANTED)) as server:
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(server))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(sign_ins.complete(started.flow_id), 0.01)
        with pytest.raises(httpx.ConnectError):
            await visit(asked(started.url)["redirect_uri"])


async def test_a_taken_port_leaves_the_paste_box():
    async with scripted(say(GRANTED)) as server:
        flow = await start_browser(service(server, redirect_port=server.port))
        assert flow.kind == "paste"
        assert asked(flow.url)["redirect_uri"] == f"http://127.0.0.1:{server.port}/callback"
        flow.supply("c")
        assert isinstance(await flow.finish(), TokenSet)


async def test_a_service_that_gives_out_keys_has_no_client_and_keeps_the_state_in_the_way_back(
    tokens: Tokens, secrets: Secrets
):
    async with scripted(say({"key": KEY, "user_id": "u"})) as server:
        changed: dict[str, Any] = {
            "flows": ("browser",),
            "result": "apiKey",
            "body": "json",
            "client_id": None,
            "scopes": (),
            "redirect_parameter": "callback_url",
            "redirect_host": "localhost",
            "state_in": "redirect",
        }
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(server, **changed))
        query = asked(started.url)
        assert set(query) == {"callback_url", "code_challenge", "code_challenge_method"}
        assert "state=" in query["callback_url"]
        waiting = asyncio.gather(sign_ins.complete(started.flow_id))
        assert (await visit(f"{query['callback_url']}&code=c")).status_code == 200
        await waiting
        sent = server.requests[-1].json
        assert set(sent) == {"code", "code_verifier", "code_challenge_method"}
        assert await secrets.get("p", "apiKey") == Secret(KEY, "file")
        await tokens.sign_out(service(server, **changed))
        assert secrets.fields("p") == ()


# --- the device code --------------------------------------------------------------------------

DEVICE = {
    "device_code": "planted-device",
    "user_code": "AB-CD",
    "verification_uri": "https://example.test/device",
    "expires_in": 600,
    "interval": 7,
}


async def poll(answers: Sequence[Reply]) -> tuple[list[float], Any]:
    """Sign in by device against scripted answers; gives the pauses and the grant or problem."""
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async with scripted([say(DEVICE), *answers]) as server:
        flow = await start_device(service(server), pause=pause)
        assert (flow.kind, flow.url, flow.user_code) == (
            "device",
            DEVICE["verification_uri"],
            "AB-CD",
        )
        try:
            return pauses, await flow.finish()
        except RefactError as error:
            return pauses, error.problem


async def test_the_device_code_waits_and_slows_down_as_told():
    pauses, grant = await poll(
        [
            say({"error": "authorization_pending"}, 400),
            say({"error": "slow_down"}, 400),
            say({"error": "authorization_pending"}),
            say(GRANTED),
        ]
    )
    assert pauses == [7, 7, 12, 12]
    assert grant.access_token == ACCESS


async def test_a_lost_connection_while_waiting_is_asked_again_more_slowly():
    pauses, grant = await poll([Reply(raw=b"", end="reset"), say(GRANTED)])
    assert pauses == [7, 14]
    assert grant.access_token == ACCESS


@pytest.mark.parametrize(
    ("error", "words"),
    [("access_denied", "refuse"), ("expired_token", "expire"), ("incorrect_client", "incorrect_")],
)
async def test_the_end_of_a_device_code_says_why(error: str, words: str):
    _, problem = await poll([say({"error": error}, 400)])
    assert problem.kind == "authentication"
    assert words in problem.message
    assert problem.hint


async def test_a_device_code_expires_by_our_clock_too():
    async with scripted([say(DEVICE | {"expires_in": 600})]) as server:

        async def pause(seconds: float) -> None:
            flow.expires_at = time.time() - 1

        flow = await start_device(service(server), pause=pause)
        with pytest.raises(RefactError, match="expire"):
            await flow.finish()
        assert len(server.requests) == 1


async def test_a_page_to_open_that_is_not_safe_is_refused():
    async with scripted(say(DEVICE | {"verification_uri": "javascript:alert(1)"})) as server:
        with pytest.raises(RefactError):
            await start_device(service(server))


async def test_a_flow_without_a_client_id_says_where_to_put_one():
    async with scripted(say(DEVICE)) as server:
        with pytest.raises(RefactError, match="client id") as caught:
            await start_device(service(server, client_id=None))
        assert caught.value.problem.field == "clientId"
        own = service(server, client_id=None)
        given = Service(provider="p", spec=own.spec, settings={"clientId": "mine"})
        await start_device(given)
        assert form(server)["client_id"] == "mine"


# --- tokens -----------------------------------------------------------------------------------


def soon(**changed: Any) -> TokenSet:
    fields: dict[str, Any] = {
        "access_token": ACCESS,
        "refresh_token": REFRESH,
        "expires_at": time.time() + 30,
    }
    return TokenSet(**(fields | changed))


RENEWED = {"access_token": "planted-access-2", "expires_in": 3600}


async def test_tokens_are_renewed_before_they_expire_and_a_refresh_token_left_out_stays(
    tokens: Tokens,
):
    async with scripted(say(RENEWED)) as server:
        await tokens.keep("p", soon(account="me"))
        assert await tokens.access(service(server)) == Secret("planted-access-2", "oauth")
        assert form(server) == {
            "grant_type": "refresh_token",
            "refresh_token": REFRESH,
            "client_id": "us",
        }
        await tokens.access(service(server))
        assert len(server.requests) == 1
        kept = await tokens.read("p")
        assert kept is not None
        assert (kept.refresh_token, kept.account) == (REFRESH, "me")


async def test_a_rejected_token_is_renewed_once_by_whoever_comes_first(
    secrets: Secrets, places: Folders
):
    windows = [Tokens(Secrets(places, {"REFACT_KEYRING": "off"}), places.locks) for _ in range(3)]
    async with scripted([say(RENEWED), say({"error": "invalid_grant"}, 400)]) as server:
        await windows[0].keep("p", soon(expires_at=None))
        for window in windows:
            assert await window.access(service(server)) == Secret(ACCESS, "oauth")
        found = await asyncio.gather(
            *(window.access(service(server), rejected=True) for window in windows)
        )
        assert found == [Secret("planted-access-2", "oauth")] * 3
        assert len(server.requests) == 1


async def test_a_sign_in_that_is_over_asks_to_sign_in_again(tokens: Tokens):
    async with scripted(say({"error": "invalid_grant"}, 400)) as server:
        with pytest.raises(RefactError, match="not signed in"):
            await tokens.access(service(server))
        for kept in (soon(expires_at=time.time() - 1), soon(refresh_token=None, expires_at=1.0)):
            await tokens.keep("p", kept)
            with pytest.raises(RefactError, match="no longer accepts") as caught:
                await tokens.access(service(server))
            assert caught.value.problem.kind == "authentication"
            assert REFRESH not in str(caught.value.problem)


async def test_a_service_that_is_down_while_the_token_is_still_good_is_no_failure(tokens: Tokens):
    async with scripted(Reply(status=503, body=b"busy")) as server:
        await tokens.keep("p", soon())
        assert await tokens.access(service(server)) == Secret(ACCESS, "oauth")


async def test_signing_out_takes_both_tokens_back_and_forgets_them(
    tokens: Tokens, secrets: Secrets
):
    async with scripted(Reply(body=b"")) as server:
        await tokens.keep("p", soon())
        assert await tokens.sign_out(service(server))
        assert [form(server, index)["token"] for index in (0, 1)] == [REFRESH, ACCESS]
        assert secrets.fields("p") == ()
    await tokens.keep("p", soon())
    assert not await tokens.sign_out(service(server))
    assert secrets.fields("p") == ()


# --- what services answer ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(body=b"<html>log in</html>"), "badResponse"),
        (Reply(status=302, headers={"location": "https://elsewhere.test/"}), "badResponse"),
        (Reply(body=b"x" * (1 << 20) + b"x"), "badResponse"),
        (Reply(body=b"[]"), "badResponse"),
        (say({"token_type": "bearer"}), "badResponse"),
        (say({"access_token": "a\nb"}), "badResponse"),
        (say({"error": {"message": "planted"}}), "authentication"),
        (say({"message": "planted"}, 500), "authentication"),
        (Reply(raw=b"", end="reset"), "network"),
        (Reply(end="hang", raw=b""), "timeout"),
    ],
)
async def test_every_bad_answer_has_its_problem_and_shows_no_secret(reply: Reply, kind: str):
    seen: list[Exchanged] = []
    async with scripted(reply) as server:
        web = Web(timeout_s=0.2 if kind == "timeout" else 10, record=seen.append)
        flow = await start_browser(service(server, web=web))
        flow.supply("planted-code")
        with pytest.raises(RefactError) as caught:
            await flow.finish()
        await flow.close()
    problem = caught.value.problem
    assert problem.kind == kind
    assert problem.hint
    assert "planted" not in str(problem)
    assert [each.host for each in seen] == ["127.0.0.1"]
    assert len(server.requests) <= 1


async def test_the_providers_file_of_authorities_counts(tmp_path: Path):
    tls, ca_file = server_context(tmp_path)
    broken = tmp_path / "broken.pem"
    broken.write_text("no certificate")
    kinds: list[str | None] = []
    async with scripted(say(GRANTED), tls=tls) as server:
        for file in (ca_file, None, str(broken)):
            flow = await start_browser(service(server, web=Web(ca_file=file)))
            flow.supply("c")
            try:
                await flow.finish()
                kinds.append(None)
            except RefactError as error:
                kinds.append(error.problem.kind)
            await flow.close()
    assert kinds == [None, "network", "notConfigured"]


@pytest.mark.parametrize(
    "url", ["http://example.test/token", "ftp://127.0.0.1/x", "https://user:pw@example.test/", "x"]
)
async def test_an_address_that_is_not_safe_is_refused_before_anything_is_sent(url: str):
    async with scripted(say(GRANTED)) as server:
        flow = await start_browser(service(server, token_url=url))
        flow.supply("c")
        with pytest.raises(RefactError) as caught:
            await flow.finish()
        await flow.close()
        assert caught.value.problem.kind == "invalidRequest"


@pytest.mark.parametrize("host", ["evil.test/x", "a@b", "", "a b", "evil.test#"])
async def test_a_setting_put_into_an_address_is_a_host_and_nothing_more(host: str):
    spec = OAuthSpec(flows=("device",), token_url="https://{host}/t", device_url="https://{host}/d")
    bent = Service(provider="p", spec=spec, settings={"host": host, "clientId": "us"})
    with pytest.raises(RefactError) as caught:
        await start_device(bent)
    assert caught.value.problem.field == "host"
    good = Service(provider="p", spec=spec, settings={"host": "ghe.example:8443"})
    assert good.address(spec.token_url) == "https://ghe.example:8443/t"
