"""Signing in at a terminal: as a process of its own, where a person answers what it shows."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.cli.shell import Shell
from tests.rpc.test_auth import ACCESS, Vendor, come_back, vendor_template
from tests.servers.scripted import scripted


async def command(*arguments: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "refact_lsp", *arguments,
        stdin=PIPE, stdout=PIPE, stderr=PIPE, env=os.environ,
    )  # fmt: skip


async def test_the_page_is_shown_and_the_browser_leads_back(shell: Shell, home: Path):
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
        out, _ = await shell.beside("providers", "sign-out", "vendor")
        assert out == "Signed out of vendor.\n"


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


async def test_a_wrong_paste_is_one_clear_message(shell: Shell, home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        pasted = "http://127.0.0.1:1/callback?code=c1&state=other\n"
        asked = ("providers", "sign-in", "vendor", "--paste")
        _, err = await shell.beside(*asked, stdin=pasted, code=1)
        assert "another sign-in" in err
