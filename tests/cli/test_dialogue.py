"""The dialogue of `providers add` in a real terminal."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect

from refact_lsp.core.paths import folders
from tests.rpc.test_auth import ACCESS, Vendor, come_back, vendor_template
from tests.servers.openai_like import KEY, OpenAiLike
from tests.servers.scripted import scripted

WAIT_S = 30


def _add(*template: str) -> pexpect.spawn:
    command = ["-m", "refact_lsp", "providers", "add", *template]
    child = pexpect.spawn(sys.executable, command, encoding="utf-8", timeout=WAIT_S)
    child.delaybeforesend = None  # the echo is off before a key is asked for
    return child


def _ended(child: pexpect.spawn, screen: list[str]) -> str:
    """Take the exit code of one that has said everything; gives what was on the screen."""
    shown = "".join(screen)
    assert child.wait() == 0, shown
    child.close()
    return shown


def _talk(url: str) -> str:
    """Answer every question as a person would; gives everything that was on the screen."""
    child = _add()
    screen: list[str] = []

    def keep() -> None:
        screen.append(f"{child.before}{child.after}")

    def until(question: str, answer: str) -> None:
        child.expect(question)
        keep()
        child.sendline(answer)

    until("Template", "custom")
    while True:
        seen = child.expect([r"API key[^\n]*:", r"models\.", r"[A-Z][^\n]*: $", pexpect.EOF])
        keep()
        if seen == 0:
            child.sendline(KEY)
        elif seen == 1:
            break
        elif seen == 2:
            child.sendline(url if "URL" in str(child.after) else "")
        else:
            raise AssertionError("".join(screen))
    while child.expect([r"\[Y/n\]:", pexpect.EOF]) == 0:
        keep()
        child.sendline("n")
    keep()
    return _ended(child, screen)


async def test_a_provider_is_added_step_by_step_without_showing_the_key(home: Path):
    async with scripted(OpenAiLike()) as server:
        screen = await asyncio.to_thread(_talk, server.url)
    assert KEY not in screen
    assert "chat" in screen
    stored = folders({"REFACT_HOME": str(home)})
    assert KEY not in stored.database.read_bytes().decode("latin-1")
    assert KEY in stored.secrets.read_text()


def _sign_in(come_back: Callable[[str], None]) -> str:
    """Add a provider by signing in to it, then answer what is proposed; gives the screen."""
    child = _add("vendor")
    screen: list[str] = []

    def until(question: Any) -> int:
        found = child.expect(question)
        screen.append(f"{child.before}{child.after}")
        return found

    until(r"Sign in to Vendor[^\n]*\[Y/n\]:")
    child.sendline("")
    until(r"http://127\.0\.0\.1:\d+/authorize\S+")
    come_back(str(child.after))
    until(r"models\.")
    while until([r"\[Y/n\]:", pexpect.EOF]) == 0:  # typed after the sign-in: for these questions
        child.sendline("n")
    return _ended(child, screen)


async def test_the_dialogue_offers_to_sign_in_where_a_key_is_not_the_only_way(home: Path):
    loop = asyncio.get_running_loop()
    async with scripted(Vendor()) as server:
        vendor_template(home, server.url)
        screen = await asyncio.to_thread(
            _sign_in,
            lambda url: asyncio.run_coroutine_threadsafe(come_back(url), loop).result(WAIT_S),
        )
    assert "API key" not in screen
    assert "signed in" in screen
    assert ACCESS not in screen
