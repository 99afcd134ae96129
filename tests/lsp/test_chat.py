"""Chat as an editor has it: the program over stdio, a provider on loopback."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.cli.editor import editor
from refact_lsp.core.parts import TextPart
from refact_lsp.rpc.session import open_session
from tests.servers.scripted import Exchange, Reply, chat_chunks, scripted

pytestmark = pytest.mark.usefixtures("furnished")

EVENT = "refact/chat/event"
MODEL = "custom/m"


class Log:
    """Everything the editor heard, in order; answers are noted beside it."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Any]] = []
        self._changed = asyncio.Event()

    def __call__(self, method: str, params: Any) -> None:
        self.heard.append((method, params))
        self._changed.set()

    def events(self) -> list[Any]:
        return [params["event"] for method, params in self.heard if method == EVENT]

    async def until(self, kind: str) -> Any:
        """Wait for an event of that type; gives its notification."""
        async with asyncio.timeout(10):
            while True:
                for method, params in self.heard:
                    if method == EVENT and params["event"]["type"] == kind:
                        return params
                self._changed.clear()
                await self._changed.wait()


class Model:
    """Answers once it has been shown something; otherwise it never comes to an end."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        self.asked.append(exchange.request.json["messages"][-1]["content"])
        if "See" in self.asked[-1]:
            answer = Reply(body=chat_chunks("Yes", ", sure."), content_type="text/event-stream")
            await exchange.reply(answer)
            return
        await exchange.start(200, {"content-type": "text/event-stream"})
        await exchange.chunk(chat_chunks("Once upon")[0])
        await exchange.gone.wait()
        exchange.keep = False


async def test_turns_are_told_while_they_run_can_be_stopped_and_left(tmp_path: Path):
    file = tmp_path / "notes.py"
    file.write_text("saved = 1\n")
    log, model = Log(), Model()
    async with scripted(model) as server:
        async with editor(tmp_path, log) as client:
            settings = {"baseUrl": server.url}
            await client.request(
                "refact/providers/save", {"template": "custom", "settings": settings}
            )

            # Events come before the answer, and unsaved text is attached.
            uri = await client.open(file, "unsaved = 2\n")
            content = [{"type": "text", "text": "See"}, {"type": "file", "uri": uri}]
            turned = await client.request("refact/chat/send", {"content": content, "model": MODEL})
            assert [event["type"] for event in log.events()] == ["text", "text", "usage", "done"]
            assert turned["message"]["content"] == [{"type": "text", "text": "Yes, sure."}]
            assert "notes.py\n```\nunsaved = 2" in model.asked[0]

            # An answer is stopped while it streams.
            log.heard.clear()
            loop = asyncio.get_running_loop()
            asked = {"content": "Tell", "model": MODEL}
            turn = loop.create_task(client.request("refact/chat/send", asked))
            thread = (await log.until("text"))["threadId"]
            await client.request("refact/chat/stop", {"threadId": thread})
            assert (await turn)["finishReason"] == "cancelled"
            await server.until(lambda: len(server.closed_sockets) == 1)

            # The editor leaves in the midst of another.
            log.heard.clear()
            left = loop.create_task(client.request("refact/chat/send", asked))
            thread = (await log.until("text"))["threadId"]
        await server.until(lambda: len(server.closed_sockets) == 2)
        assert isinstance((await asyncio.gather(left, return_exceptions=True))[0], Exception)
    async with open_session() as session:
        kept = (await session.chat.get(thread)).messages
    assert kept[1].content == (TextPart(text="Once upon"),)
    assert kept[1].finish_reason == "cancelled"
