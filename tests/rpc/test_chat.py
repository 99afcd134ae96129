"""Chat turns over the protocol, and what is told while they run."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from refact_lsp.rpc.table import InvalidParams
from tests.rows import every_row
from tests.rpc.chatting import MODEL, Client, Desk, calls, half, problem_of, says, text_of
from tests.servers.scripted import Reply, chat_chunks, scripted, sse


async def test_an_answer_streams_with_model_usage_and_cost(client: Client):
    usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    async with scripted(Desk(says("Hello", " there", ".", **usage))) as server:
        await client.add(server)
        model = await client.model("custom/m", price={"input": "1", "output": "2"})
        turned = await client.send("Hi", model=model)
    assert text_of(turned["message"]) == "Hello there."
    assert turned["message"]["role"] == "assistant"
    assert (turned["model"], turned["finishReason"]) == (model, "stop")
    assert turned["usage"] == {"inputTokens": 1000, "outputTokens": 500}
    assert turned["cost"] == "0.002"
    assert turned["timing"]["totalMs"] >= turned["timing"]["firstTokenMs"] >= 0
    assert [told["seq"] for told in client.told] == list(range(len(client.told)))
    assert {told["threadId"] for told in client.told} == {turned["threadId"]}
    assert {told["turnId"] for told in client.told} == {turned["turnId"]}
    assert client.events() == [
        {"type": "text", "delta": "Hello"},
        {"type": "text", "delta": " there"},
        {"type": "text", "delta": "."},
        {"type": "usage", "usage": turned["usage"], "cost": "0.002"},
        {"type": "done", "finishReason": "stop"},
    ]


async def test_usage_is_estimated_where_the_provider_tells_none(client: Client):
    async with scripted(Desk(says("word " * 400))) as server:
        await client.add(server)
        turned = await client.send("question " * 200, model=MODEL)
    assert 150 < turned["usage"]["inputTokens"] < 600
    assert 300 < turned["usage"]["outputTokens"] < 1200
    assert client.events("usage")[-1]["usage"] == turned["usage"]


async def test_a_thread_goes_on_with_its_instructions_and_history(client: Client):
    desk = Desk(says("First."), says("Second."))
    async with scripted(desk) as server:
        await client.add(server)
        first = await client.send("One?", model=MODEL, system="Be brief.")
        await client.send("Two?", threadId=first["threadId"])
    sent = [(message["role"], message["content"]) for message in desk.asked[1]["messages"]]
    assert sent == [
        ("system", "Be brief."),
        ("user", "One?"),
        ("assistant", "First."),
        ("user", "Two?"),
    ]
    thread = await client.ask("refact/chat/get", threadId=first["threadId"])
    assert [message["role"] for message in thread["messages"]] == ["user", "assistant"] * 2
    assert thread["messages"][1]["model"] == MODEL
    assert thread["messages"][1]["usage"]["outputTokens"] > 0
    assert (thread["title"], thread["messageCount"], thread["model"]) == ("One?", 4, MODEL)


async def test_tools_of_the_client_end_the_turn_and_their_results_go_back(client: Client):
    desk = Desk(calls("look", "find"), says("Done."))
    tools = [{"name": "look", "description": "Looks.", "inputSchema": {"type": "object"}}]
    async with scripted(desk) as server:
        await client.add(server)
        model = await client.model("custom/m", tools=True)
        first = await client.send("Look!", model=model, tools=tools)
        assert first["finishReason"] == "toolCalls"
        assert first["message"]["content"] == [
            {"type": "toolCall", "id": "c0", "name": "look", "arguments": {"n": 0}},
            {"type": "toolCall", "id": "c1", "name": "find", "arguments": {"n": 1}},
        ]
        assert [event["name"] for event in client.events("toolCall")] == ["look", "find"]
        results = [
            {"type": "toolResult", "id": "c0", "content": "seen"},
            {"type": "toolResult", "id": "c1", "content": "lost", "isError": True},
        ]
        second = await client.send(results, threadId=first["threadId"], model=model, tools=tools)
    assert text_of(second["message"]) == "Done."
    assert [message["role"] for message in desk.asked[1]["messages"]] == [
        "user", "assistant", "tool", "tool",
    ]  # fmt: skip


async def test_thinking_is_told_kept_and_sent_back_as_it_was_sealed(client: Client):
    detail = {"type": "reasoning.text", "index": 0, "text": "Hm", "signature": "sealed-by-vendor"}
    call = {"index": 0, "id": "c0", "function": {"name": "look", "arguments": "{}"}}
    stream = sse(
        {"choices": [{"delta": {"reasoning": "Hm", "reasoning_details": [detail]}}]},
        {"choices": [{"delta": {"content": "Yes.", "tool_calls": [call]}}]},
        {"choices": [{"delta": {}, "finish_reason": "tool_calls"}]},
    )
    desk = Desk(Reply(body=stream, content_type="text/event-stream"), says("And so."))
    async with scripted(desk) as server:
        settings = {"baseUrl": server.url, "apiKey": "sk-or-test-000000000000"}
        await client.ask("refact/providers/save", template="openrouter", settings=settings)
        model = "openrouter/deepseek/deepseek-r1"
        first = await client.send("Well?", model=model)
        result = [{"type": "toolResult", "id": "c0", "content": "seen"}]
        await client.send(result, threadId=first["threadId"], model=model)
    assert client.events("reasoning") == [{"type": "reasoning", "delta": "Hm"}]
    kinds = [part["type"] for part in first["message"]["content"]]
    assert kinds == ["reasoning", "text", "toolCall"]
    assert desk.asked[1]["messages"][1]["reasoning_details"] == [detail]


async def test_a_stopped_answer_is_kept_as_far_as_it_came(client: Client):
    async with scripted(half) as server:
        await client.add(server)
        turn = asyncio.get_running_loop().create_task(client.send("Go", model=MODEL))
        await client.hears("text")
        thread = client.told[0]["threadId"]
        busy = await problem_of(client.send("Again", threadId=thread))
        assert (busy.kind, busy.field) == ("invalidRequest", "threadId")
        await client.ask("refact/chat/stop", threadId=thread)
        turned = await turn
        await server.until(lambda: bool(server.closed_sockets))
    assert (turned["finishReason"], text_of(turned["message"])) == ("cancelled", "The first half")
    assert client.events()[-1] == {"type": "done", "finishReason": "cancelled"}
    kept = await client.ask("refact/chat/get", threadId=thread)
    assert text_of(kept["messages"][1]) == "The first half"
    assert kept["messages"][1]["finishReason"] == "cancelled"
    await client.ask("refact/chat/stop", threadId=thread)  # nothing runs: nothing to do


async def test_what_a_stopped_answer_used_is_counted(client: Client):
    async with scripted(half) as server:
        await client.add(server)
        model = await client.model("custom/m", price={"input": "1000", "output": "1000"})
        turn = asyncio.get_running_loop().create_task(client.send("Go", model=model))
        await client.hears("text")
        await client.ask("refact/chat/stop", threadId=client.told[0]["threadId"])
        turned = await turn
    assert float(turned["cost"]) > 0
    rows = (await client.ask("refact/usage/summary", by=["role"]))["rows"]
    assert [(row["keys"], row["usage"]["inputTokens"] > 0) for row in rows] == [(["chat"], True)]
    assert float(rows[0]["cost"]) > 0


async def test_a_cancelled_request_keeps_what_came(client: Client):
    async with scripted(half) as server:
        await client.add(server)
        turn = asyncio.get_running_loop().create_task(client.send("Go", model=MODEL))
        await client.hears("text")
        turn.cancel()
        with pytest.raises(asyncio.CancelledError):
            await turn
        await server.until(lambda: bool(server.closed_sockets))
    kept = await client.ask("refact/chat/get", threadId=client.told[0]["threadId"])
    assert text_of(kept["messages"][1]) == "The first half"


async def test_an_answer_cut_in_the_middle_is_a_problem_and_kept(client: Client):
    cut = Reply(body=chat_chunks("Half of")[:1], content_type="text/event-stream", end="close")
    async with scripted(cut) as server:
        await client.add(server)
        problem = await problem_of(client.send("Go", model=MODEL))
    assert problem.kind == "network"
    kept = await client.ask("refact/chat/get", threadId=client.told[0]["threadId"])
    assert text_of(kept["messages"][1]) == "Half of"


async def test_a_question_that_no_model_answered_leaves_nothing(client: Client):
    refused = Reply(status=401, body=b'{"error": {"message": "bad key"}}')
    async with scripted(refused) as server:
        await client.add(server)
        problem = await problem_of(client.send("Go", model=MODEL))
    assert problem.kind == "authentication"
    assert (await client.ask("refact/chat/threads"))["threads"] == []


async def test_the_next_model_of_the_role_answers_where_the_first_fails(client: Client):
    gone = Reply(status=404, body=b'{"error": {"message": "model not found"}}')
    async with scripted(gone) as first, scripted(Desk(says("From two."))) as second:
        await client.add(first, "one")
        await client.add(second, "two")
        names = [await client.model(f"{name}/m") for name in ("one", "two")]
        await client.ask("refact/defaults/set", role="chat", model=names[0], fallbacks=names[1:])
        turned = await client.send("Hi", ephemeral=True)
    assert (turned["model"], text_of(turned["message"])) == (names[1], "From two.")
    switched = client.events("switched")[0]
    assert (switched["from"], switched["to"]) == (names[0], names[1])
    assert switched["error"]["kind"] == "modelNotFound"


async def test_a_retry_is_told(client: Client):
    busy = Reply(
        status=429,
        body=b'{"error": {"message": "slow down"}}',
        headers={
            "retry-after-ms": "1",
            "retry-after": "0",
        },
    )
    async with scripted(Desk(busy, says("Now."))) as server:
        await client.add(server)
        turned = await client.send("Hi", model=MODEL)
    assert text_of(turned["message"]) == "Now."
    retry = client.events("retry")[0]
    assert (retry["attempt"], retry["error"]["kind"]) == (1, "rateLimited")


async def test_an_ephemeral_turn_is_kept_nowhere(client: Client):
    async with scripted(Desk(says("Gone."))) as server:
        await client.add(server)
        turned = await client.send("Hi", model=MODEL, ephemeral=True)
    assert (await client.ask("refact/chat/threads"))["threads"] == []
    problem = await problem_of(client.ask("refact/chat/get", threadId=turned["threadId"]))
    assert problem.field == "threadId"


async def test_files_and_images_are_put_in_place(client: Client, tmp_path: Path):
    notes = tmp_path / "notes.md"
    notes.write_text("one\ntwo ``` ticks\nthree\n")
    image = tmp_path / "dot.png"
    image.write_bytes(b"\x89PNG")
    desk = Desk(says("Seen."))
    content = [
        {"type": "text", "text": "Look"},
        {
            "type": "file",
            "uri": notes.as_uri(),
            "range": {
                "start": {"line": 1, "character": 0},
                "end": {"line": 2, "character": 0},
            },
        },
        {"type": "image", "mimeType": "image/png", "uri": image.as_uri()},
    ]
    async with scripted(desk) as server:
        await client.add(server)
        model = await client.model("custom/m", vision=True)
        await client.send(content, model=model)
    parts = desk.asked[0]["messages"][0]["content"]
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    assert "notes.md:2-2\n````\ntwo ``` ticks\n````" in text
    assert str(tmp_path) not in text
    assert "three" not in text
    url = next(part["image_url"]["url"] for part in parts if part["type"] == "image_url")
    assert url == "data:image/png;base64,iVBORw=="
    await client.session.app.counted()
    ledger = client.session.app.database.read_now(
        lambda c: [*c.execute("SELECT files_json FROM ledger WHERE role = 'chat'")]
    )
    assert str(notes) in ledger[0][0]


async def test_a_file_that_a_rule_keeps_back_is_never_sent(client: Client, tmp_path: Path):
    secret = tmp_path / ".env"
    secret.write_text("TOKEN=planted-secret")
    link = tmp_path / "harmless.txt"
    link.symlink_to(secret)
    desk = Desk(says("No."))
    async with scripted(desk) as server:
        await client.add(server)
        for path in (secret, link):
            content = [{"type": "file", "uri": path.as_uri()}, {"type": "text", "text": "Read"}]
            problem = await problem_of(client.send(content, model=MODEL))
            assert (problem.kind, bool(problem.hint)) == ("privacy", True)
    assert desk.asked == []
    assert (await client.ask("refact/chat/threads"))["threads"] == []


async def test_a_file_gone_since_does_not_end_the_thread(client: Client, tmp_path: Path):
    notes = tmp_path / "notes.txt"
    notes.write_text("remember")
    desk = Desk(says("Read."), says("Fine."))
    async with scripted(desk) as server:
        await client.add(server)
        first = await client.send([{"type": "file", "uri": notes.as_uri()}], model=MODEL)
        notes.unlink()
        await client.send("And now?", threadId=first["threadId"])
    assert "Not attached" in str(desk.asked[1]["messages"][0])


@every_row(
    ("params", "kind", "field"),
    [
        ({"content": "Do it", "mode": "agent"}, "unsupported", "mode"),
        ({"content": "  "}, "invalidRequest", "content"),
        ({"content": []}, "invalidRequest", "content"),
        ({"content": [{"type": "search", "query": "x"}]}, "unsupported", "content"),
        ({"content": [{"type": "image", "mimeType": "image/png"}]}, "invalidRequest", "content"),
        ({"content": [{"type": "file", "uri": "http://a/b"}]}, "invalidRequest", "content"),
        ({"content": [{"type": "file", "uri": "file:///nowhere"}]}, "invalidRequest", "content"),
        ({"content": [{"type": "file", "uri": "file:///dev"}]}, "invalidRequest", "content"),
        ({"content": "Hi", "threadId": "t-none"}, "invalidRequest", "threadId"),
        ({"content": "Hi", "model": "nowhere/m"}, "notConfigured", "model"),
        ({"content": "Hi", "model": None, "role": "chat"}, "notConfigured", None),
    ],
)
async def test_what_cannot_be_asked_is_refused_with_what_to_do(
    client: Client, params: Any, kind: str, field: str | None
):
    async with scripted(Desk(says("Hi."))) as server:
        await client.add(server)
        given = {"model": MODEL, **params}
        sent = {name: value for name, value in given.items() if value is not None}
        problem = await problem_of(client.ask("refact/chat/send", **sent))
    assert (problem.kind, problem.field) == (kind, field)
    assert problem.hint


async def test_a_missing_field_is_named(client: Client):
    with pytest.raises(InvalidParams, match="content"):
        await client.ask("refact/chat/send", model=MODEL)


async def test_a_history_too_long_keeps_the_newest(client: Client):
    desk = Desk(says("Fine."))
    async with scripted(desk) as server:
        await client.add(server)
        model = await client.model("custom/m", contextWindow=4096, maxOutput=512)
        first = await client.send("old " * 2000, model=model)
        await client.send("new " * 2000, threadId=first["threadId"], model=model)
        problem = await problem_of(client.send("long " * 9000, model=model))
    assert [message["content"][:3] for message in desk.asked[1]["messages"]] == ["new"]
    assert problem.kind == "contextTooLong"


async def test_a_model_that_nobody_knows_may_try(client: Client):
    desk = Desk(says("Fine."))
    tools = [{"name": "look", "description": "Looks.", "inputSchema": {"type": "object"}}]
    image = {"type": "image", "mimeType": "image/png", "data": "iVBORw=="}
    text = {"type": "text", "text": "long " * 9000}
    async with scripted(desk) as server:
        await client.add(server)
        listed = (await client.ask("refact/models/list", includeDisabled=True))["models"]
        assert "custom/brand-new" not in {model["id"] for model in listed}
        await client.send([text, image], model="custom/brand-new", tools=tools)
        denied = await client.model("custom/denied", tools=False, vision=False)
        for params in ({"content": [image]}, {"content": "Hi", "tools": tools}):
            problem = await problem_of(client.ask("refact/chat/send", model=denied, **params))
            assert problem.kind == "unsupported"
    assert len(desk.asked) == 1
    assert desk.asked[0]["tools"]
