"""The dialogue of `providers add` in a real terminal."""

import asyncio
import sys
from pathlib import Path

import pexpect

from refact_lsp.core.paths import folders
from tests.servers.openai_like import KEY, OpenAiLike
from tests.servers.scripted import scripted

WAIT_S = 30


def _talk(url: str) -> str:
    """Answer every question as a person would; gives everything that was on the screen."""
    child = pexpect.spawn(
        sys.executable, ["-m", "refact_lsp", "providers", "add"], encoding="utf-8", timeout=WAIT_S
    )
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
    child.close()
    assert child.exitstatus == 0, "".join(screen)
    return "".join(screen)


async def test_a_provider_is_added_step_by_step_without_showing_the_key(home: Path):
    async with scripted(OpenAiLike()) as server:
        screen = await asyncio.to_thread(_talk, server.url)
    assert KEY not in screen
    assert "chat" in screen
    stored = folders({"REFACT_HOME": str(home)})
    assert KEY not in stored.database.read_bytes().decode("latin-1")
    assert KEY in stored.secrets.read_text()
