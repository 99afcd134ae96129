"""Signing in from a command; in a terminal: see test_dialogue.py."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.cli.shell import Shell
from tests.rpc.test_auth import ACCESS, Vendor, come_back, vendor_template
from tests.servers.scripted import scripted


async def test_the_page_is_shown_and_the_browser_leads_back(shell: Shell, home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        async with shell.talking("providers", "sign-in", "vendor", "--json") as command:
            started = json.loads(await command.line())
            assert started["kind"] == "browser"
            await come_back(started["url"])
            out, err = await command.end()
        provider = json.loads(out)
        assert provider["auth"]["source"] == "oauth"
        assert ACCESS not in out + err
        out, _ = await shell.beside("providers", "sign-out", "vendor")
        assert out == "Signed out of vendor.\n"


async def test_a_pasted_address_is_read_from_standard_input(shell: Shell, home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        asked = ("providers", "sign-in", "vendor", "--paste", "--json")
        async with shell.talking(*asked) as command:
            started = json.loads(await command.line())
            state = parse_qs(urlsplit(started["url"]).query)["state"][0]
            out, _ = await command.end(f"http://127.0.0.1:1/callback?code=c1&state={state}\n")
        assert json.loads(out)["auth"]["state"] == "ready"


async def test_a_wrong_paste_is_one_clear_message(shell: Shell, home: Path):
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        pasted = "http://127.0.0.1:1/callback?code=c1&state=other\n"
        asked = ("providers", "sign-in", "vendor", "--paste")
        _, err = await shell.beside(*asked, stdin=pasted, code=1)
        assert "another sign-in" in err
