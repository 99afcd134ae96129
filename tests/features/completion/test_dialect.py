"""Copilot's dialect through a real server: what a client tells reaches the engine."""

from typing import Any

from tests.bench.stdio import SCRIPTED, Document, Provider, Server, bench, until

TEXT = "compute_total(first, second)"
AT_ONCE: dict[str, Any] = {"debounceMs": 0}


async def outcomes(server: Server) -> dict[str, Any]:
    rows = (await server.ask("refact/completion/stats", {}))["rows"]
    return {name: sum(row[name] for row in rows) for name in ("shown", "acceptedPartly")}


def read(provider: Provider) -> list[str]:
    """The documents that the runtime was let read; the cursor is at their beginning."""
    return [call.body["input_suffix"] for call in provider.calls]


async def test_what_a_client_tells_of_an_item_is_counted_once():
    async with bench(completion=AT_ONCE) as (server, provider):
        provider.answer = lambda _hole: [TEXT]
        document = Document(server, "def f(first, second):\n    value = ")
        [item] = await document.complete()
        assert await outcomes(server) == {"shown": 1, "acceptedPartly": 0}
        server.notify("textDocument/didShowCompletion", {"item": item})
        server.notify(
            "textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 13}
        )
        assert await outcomes(server) == {"shown": 1, "acceptedPartly": 1}


async def test_a_local_runtime_is_warmed_where_a_document_is_opened_or_gains_the_focus():
    runtime = SCRIPTED._replace(template="llamacpp")
    async with bench(runtime, completion=AT_ONCE) as (server, provider):
        Document(server, "a = 1\n", "file:///project/a.py")
        await until(lambda: "a = 1\n" in read(provider))
        server.notify("textDocument/didFocus", {"textDocument": {"uri": "file:///project/a.py"}})
        Document(server, "b = 2\n", "file:///project/b.py")
        await until(lambda: "b = 2\n" in read(provider))
        assert {call.body["n_predict"] for call in provider.calls} == {0}
