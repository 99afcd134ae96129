"""Chat as an editor has it: the program over stdio, a provider on loopback."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.cli.editor import Editor, editor
from refact_lsp.core.parts import TextPart
from refact_lsp.rpc.session import open_session
from tests.servers.scripted import Exchange, Reply, Scripted, chat_chunks, scripted

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


async def save(client: Editor, server: Scripted) -> None:
    settings = {"baseUrl": server.url}
    await client.request("refact/providers/save", {"template": "custom", "settings": settings})


async def test_events_come_before_the_answer_and_unsaved_text_is_attached(tmp_path: Path):
    file = tmp_path / "notes.py"
    file.write_text("saved = 1\n")
    log = Log()
    answer = Reply(body=chat_chunks("Yes", ", sure."), content_type="text/event-stream")
    async with scripted(answer) as server, editor(tmp_path, log) as client:
        await save(client, server)
        uri = await client.open(file, "unsaved = 2\n")
        content = [{"type": "text", "text": "See"}, {"type": "file", "uri": uri}]
        turned = await client.request("refact/chat/send", {"content": content, "model": MODEL})
        kinds = [event["type"] for event in log.events()]
    assert kinds == ["text", "text", "usage", "done"]
    assert turned["message"]["content"] == [{"type": "text", "text": "Yes, sure."}]
    sent = server.requests[-1].json["messages"][-1]["content"]
    assert "notes.py\n```\nunsaved = 2" in sent


async def test_an_answer_is_stopped_while_it_streams_and_the_editor_may_leave(tmp_path: Path):
    async def endless(exchange: Exchange) -> None:
        await exchange.start(200, {"content-type": "text/event-stream"})
        await exchange.chunk(chat_chunks("Once upon")[0])
        await exchange.gone.wait()
        exchange.keep = False

    log = Log()
    async with scripted(endless) as server:
        async with editor(tmp_path, log) as client:
            await save(client, server)
            loop = asyncio.get_running_loop()
            asked = {"content": "Tell", "model": MODEL}
            turn = loop.create_task(client.request("refact/chat/send", asked))
            thread = (await log.until("text"))["threadId"]
            await client.request("refact/chat/stop", {"threadId": thread})
            assert (await turn)["finishReason"] == "cancelled"
            log.heard.clear()
            left = loop.create_task(client.request("refact/chat/send", asked))
            thread = (await log.until("text"))["threadId"]
            await server.until(lambda: len(server.closed_sockets) == 1)
        await server.until(lambda: len(server.closed_sockets) == 2)
        assert isinstance((await asyncio.gather(left, return_exceptions=True))[0], Exception)
    async with open_session() as session:
        kept = (await session.chat.get(thread)).messages
    assert kept[1].content == (TextPart(text="Once upon"),)
    assert kept[1].finish_reason == "cancelled"
