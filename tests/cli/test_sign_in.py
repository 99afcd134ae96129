"""Signing in at a terminal, as a process of its own."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.rpc.test_auth import ACCESS, Vendor, come_back, vendor_template
from tests.servers.scripted import scripted


async def command(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "refact_lsp", *arguments,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ,
    )  # fmt: skip


async def test_the_page_is_shown_and_the_browser_leads_back(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        process = await command("providers", "sign-in", "vendor", "--json")
        assert process.stdout is not None
        started = json.loads(await process.stdout.readline())
        assert started["kind"] == "browser"
        await come_back(started["url"])
        out, err = await process.communicate()
        provider = json.loads(out)
        assert provider["auth"]["source"] == "oauth"
        assert ACCESS.encode() not in out + err
        process = await command("providers", "sign-out", "vendor")
        out, _ = await process.communicate()
        assert (process.returncode, out) == (0, b"Signed out of vendor.\n")


async def test_a_pasted_address_is_read_from_standard_input(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        process = await command("providers", "sign-in", "vendor", "--paste", "--json")
        assert process.stdout is not None
        started = json.loads(await process.stdout.readline())
        state = parse_qs(urlsplit(started["url"]).query)["state"][0]
        pasted = f"http://127.0.0.1:1/callback?code=c1&state={state}\n".encode()
        out, err = await process.communicate(pasted)
        assert process.returncode == 0, err
        assert json.loads(out)["auth"]["state"] == "ready"


async def test_a_wrong_paste_is_one_clear_message(home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        process = await command("providers", "sign-in", "vendor", "--paste")
        _, err = await process.communicate(b"http://127.0.0.1:1/callback?code=c1&state=other\n")
        assert process.returncode == 1
        assert b"another sign-in" in err
        assert b"Traceback" not in err
