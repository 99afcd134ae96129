"""Every way to sign in, against a real OAuth server (npm's oidc-provider) on loopback."""

import asyncio
import html
import os
import re
import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest

from refact_lsp.auth.flows.device import start_device
from refact_lsp.auth.oauth import Service, TokenSet, refresh, revoke
from refact_lsp.auth.secrets import Secrets
from refact_lsp.auth.sign_in import SignIns
from refact_lsp.auth.tokens import Tokens
from refact_lsp.core.oauth_spec import OAuthSpec
from refact_lsp.core.paths import Folders, folders
from refact_lsp.core.problems import RefactError
from tests.e2e.programs import ROOT, free_port, missing

pytestmark = pytest.mark.e2e


@contextmanager
def oauth_server(access_ttl_s: int = 600) -> Generator[str]:
    node, modules = shutil.which("node"), ROOT / "oauth" / "node_modules"
    if node is None or not modules.exists():
        missing("no OAuth server of npm")
    port = free_port()
    process = subprocess.Popen(
        [node, Path(__file__).parent / "oauth" / "server.mjs", str(modules), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ | {"ACCESS_TTL": str(access_ttl_s)},
    )
    try:
        assert process.stdout is not None
        while (line := process.stdout.readline()) and line != "ready\n":
            pass
        assert line == "ready\n"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def places(home: Path) -> Folders:
    return folders({"REFACT_HOME": str(home)})


def service(base: str, client: str) -> Service:
    spec = OAuthSpec(
        flows=("device",) if client == "device" else ("browser",),
        client_id=client,
        authorize_url=f"{base}/auth",
        token_url=f"{base}/token",
        device_url=f"{base}/device/auth",
        revoke_url=f"{base}/token/revocation",
        scopes=("openid", "offline_access"),
        authorize_parameters={"prompt": "consent"},
    )
    return Service(provider="p", spec=spec)


def window(places: Folders) -> Tokens:
    return Tokens(Secrets(places, {"REFACT_KEYRING": "off"}), places.locks)


async def act_as_user(url: str, *, far: bool = False) -> str:
    """Log in and consent as a person would; gives the last page's text.

    From far away the way back cannot be visited: then its address is given, to be pasted.
    """
    stop = httpx.URL(url).params.get("redirect_uri", "") if far else None
    async with httpx.AsyncClient(trust_env=False, timeout=20) as browser:
        response = await browser.get(url)
        for _ in range(25):
            if response.is_redirect:
                target = urljoin(str(response.url), response.headers["location"])
                if stop and target.startswith(stop):
                    return target
                response = await browser.get(target)
                continue
            form = re.search(r'<form[^>]*action="([^"]+)"', response.text)
            if form is None:
                return response.text
            found = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', response.text)
            fields = {name: html.unescape(value) for name, value in found}
            if 'name="login"' in response.text:
                fields |= {"prompt": "login", "login": "u1", "password": "x"}
            action = urljoin(str(response.url), html.unescape(form[1]))
            response = await browser.post(action, data=fields)
    raise AssertionError(f"no end at {urlsplit(str(response.url)).path}")


async def sign_in(places: Folders, base: str) -> Tokens:
    tokens = window(places)
    sign_ins = SignIns(tokens)
    started = await sign_ins.start(service(base, "browser"))
    back = await act_as_user(started.url, far=True)
    await sign_ins.complete(started.flow_id, back)
    return tokens


async def test_the_browser_signs_in_over_loopback(places: Folders):
    with oauth_server() as base:
        tokens = window(places)
        sign_ins = SignIns(tokens)
        started = await sign_ins.start(service(base, "browser"))
        waiting = asyncio.gather(sign_ins.complete(started.flow_id))
        page = await act_as_user(started.url)
        assert "go back to your editor" in page
        await waiting
        kept = await tokens.read("p")
        assert kept is not None
        assert kept.refresh_token
        assert kept.expires_at


async def test_the_device_code_signs_in(places: Folders):
    with oauth_server() as base:
        polled = asyncio.Event()
        approved = asyncio.Event()

        async def pause(_: float) -> None:
            # The first question comes before the user is done, the second after.
            if polled.is_set():
                await approved.wait()
            polled.set()

        flow = await start_device(service(base, "device"), pause=pause)
        assert flow.user_code
        waiting = asyncio.gather(flow.finish())
        await polled.wait()
        assert "success" in (await act_as_user(flow.url)).lower()
        approved.set()
        (grant,) = await waiting
        assert isinstance(grant, TokenSet)


async def test_windows_that_renew_at_once_do_not_burn_the_refresh_token(places: Folders):
    with oauth_server(access_ttl_s=30) as base:  # always within a minute of its end
        first = await sign_in(places, base)
        windows = [first, *(window(places) for _ in range(3))]
        for _ in range(2):
            found = await asyncio.gather(
                *(each.access(service(base, "browser")) for each in windows)
            )
            assert all(found)
        kept = await first.read("p")
        assert kept is not None
        # The server ends the whole family where a refresh token comes twice; this one lives.
        assert isinstance(await refresh(service(base, "browser"), kept), TokenSet)
        with pytest.raises(RefactError, match="no longer accepts"):
            await refresh(service(base, "browser"), kept)


async def test_signing_out_ends_the_tokens_at_the_server(places: Folders):
    with oauth_server() as base:
        tokens = await sign_in(places, base)
        kept = await tokens.read("p")
        assert kept is not None
        assert await tokens.sign_out(service(base, "browser"))
        assert await tokens.read("p") is None
        with pytest.raises(RefactError, match="no longer accepts"):
            await refresh(service(base, "browser"), kept)
        assert await revoke(service(base, "browser"), kept)


async def test_a_code_is_good_once_and_only_with_its_verifier(places: Folders):
    with oauth_server() as base:
        sign_ins = SignIns(window(places))
        stale = await sign_ins.start(service(base, "browser"))
        stolen = await act_as_user(stale.url, far=True)
        code = httpx.URL(stolen).params["code"]
        fresh = await sign_ins.start(service(base, "browser"))
        with pytest.raises(RefactError, match="another sign-in"):
            await sign_ins.complete(fresh.flow_id, stolen)
        with pytest.raises(RefactError, match="invalid_grant"):
            await sign_ins.complete(fresh.flow_id, code)
        await sign_ins.close()
