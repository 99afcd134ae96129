"""Copilot's dialect through a real server: what a client tells reaches the engine."""

from pathlib import Path
from typing import Any

from tests.bench.stdio import SCRIPTED, Document, Provider, Server, bench, set_up, until

TEXT = "compute_total(first, second)"
AT_ONCE: dict[str, Any] = {"debounceMs": 0}


async def outcomes(server: Server) -> dict[str, Any]:
    rows = (await server.ask("refact/completion/stats", {}))["rows"]
    return {name: sum(row[name] for row in rows) for name in ("shown", "acceptedPartly")}


def read(provider: Provider) -> list[tuple[str, int]]:
    """What llama.cpp was let read, the cursor at its beginning, and how much it was to write."""
    bodies = [call.body for call in provider.calls if "input_suffix" in call.body]
    return [(body["input_suffix"], body["n_predict"]) for body in bodies]


async def test_what_a_client_tells_reaches_the_engine(furnished: Path):
    async with bench(home=furnished, completion=AT_ONCE) as (server, provider):
        # What became of an item is counted once.
        provider.answer = lambda _hole: [TEXT]
        document = Document(server, "def f(first, second):\n    value = ")
        [item] = await document.complete()
        assert await outcomes(server) == {"shown": 1, "acceptedPartly": 0}
        server.notify("textDocument/didShowCompletion", {"item": item})
        server.notify(
            "textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 13}
        )
        assert await outcomes(server) == {"shown": 1, "acceptedPartly": 1}

        # A local runtime is warmed where a document is opened or gains the focus.
        await set_up(server, provider, SCRIPTED._replace(template="llamacpp"))
        Document(server, "a = 1\n", "file:///project/a.py")
        await until(lambda: ("a = 1\n", 0) in read(provider))
        server.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/a.py"}})
        Document(server, "b = 2\n", "file:///project/b.py")
        await until(lambda: ("b = 2\n", 0) in read(provider))
        assert {written for _, written in read(provider)} == {0}
