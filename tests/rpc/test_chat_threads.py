"""Threads: which model goes on with them, their titles, lists, forks, exports and ends."""

import asyncio

from tests.rows import every_row
from tests.rpc.chatting import MODEL, Client, Desk, calls, half, problem_of, says
from tests.servers.scripted import Reply, scripted


async def test_the_light_role_gives_a_new_thread_its_title(client: Client):
    def handler() -> Desk:
        return Desk(says("Because of scattering."), says('"Why The Sky Is Blue"\n'))

    desk = handler()
    async with scripted(desk) as server:
        await client.add(server)
        model = await client.model("custom/m")
        await client.ask("refact/defaults/set", role="chat", model=model)
        turned = await client.send("Why is the sky blue?")
        await server.until(lambda: len(desk.asked) == 2)
        thread = await client.ask("refact/chat/get", threadId=turned["threadId"])
        while thread["title"] == "Why is the sky blue?":
            thread = await client.ask("refact/chat/get", threadId=turned["threadId"])
    assert thread["title"] == "Why The Sky Is Blue"
    assert "scattering" not in str(desk.asked[1])
    assert desk.asked[1].get("max_tokens", desk.asked[1].get("max_completion_tokens")) <= 200


async def test_no_title_is_asked_for_where_no_light_model_is_set(client: Client):
    desk = Desk(says("Yes."))
    async with scripted(desk) as server:
        await client.add(server)
        await client.send("Sure?", model=MODEL)
        await client.send("Really?", model=MODEL)
    assert len(desk.asked) == 2


async def test_threads_are_listed_searched_forked_exported_and_deleted(client: Client):
    desk = Desk(calls("look"), says("A needle in it."), says("Bare."))
    async with scripted(desk) as server:
        await client.add(server)
        model = await client.model("custom/m", tools=True)
        first = await client.send("Alpha", model=model, system="Be kind.")
        thread = first["threadId"]
        result = [{"type": "toolResult", "id": "c0", "content": "a ``` fence"}]
        await client.send(result, threadId=thread, model=model)
        other = await client.send("Beta", model=model)
    page = await client.ask("refact/chat/threads", limit=1)
    assert [row["id"] for row in page["threads"]] == [other["threadId"]]
    page = await client.ask("refact/chat/threads", limit=1, cursor=page["cursor"])
    assert [row["id"] for row in page["threads"]] == [thread]
    assert "cursor" not in page
    found = await client.ask("refact/chat/threads", query="needle")
    assert [row["id"] for row in found["threads"]] == [thread]
    fork = (await client.ask("refact/chat/fork", threadId=thread, before=2))["threadId"]
    copy = await client.ask("refact/chat/get", threadId=fork)
    assert (copy["messageCount"], copy["forkedFrom"]) == (2, thread)
    markdown = (await client.ask("refact/chat/export", threadId=thread))["markdown"]
    for word in ("# Alpha", "Be kind.", "## You", f"## {model}", "Calls look", "A needle"):
        assert word in markdown
    assert "````\na ``` fence\n````" in markdown
    await client.ask("refact/chat/delete", threadId=thread)
    rows = (await client.ask("refact/chat/threads"))["threads"]
    assert {row["id"] for row in rows} == {fork, other["threadId"]}


async def test_a_thread_begun_with_a_model_of_its_own_stays_with_it(client: Client):
    async with scripted(Desk(says("Near."))) as near, scripted(Desk(says("Usual."))) as usual:
        await client.add(near, "near")
        await client.add(usual, "usual")
        own, role = [await client.model(f"{name}/m") for name in ("near", "usual")]
        await client.ask("refact/defaults/set", role="chat", model=role)
        first = await client.send("Hi", model=own)
        second = await client.send("And?", threadId=first["threadId"])
        third = await client.send("And now?", threadId=first["threadId"], role="chat")
    assert [turned["model"] for turned in (first, second, third)] == [own, own, role]


async def test_a_thread_of_the_role_follows_the_role(client: Client):
    gone = Reply(status=404, body=b'{"error": {"message": "model not found"}}')
    first_side = Desk(gone, says("Back."))
    async with scripted(first_side) as first, scripted(Desk(says("Stood in."))) as second:
        await client.add(first, "one")
        await client.add(second, "two")
        names = [await client.model(f"{name}/m") for name in ("one", "two")]
        await client.ask("refact/defaults/set", role="chat", model=names[0], fallbacks=names[1:])
        begun = await client.send("Hi")
        assert begun["model"] == names[1]
        # The title of the new thread asks the first model, too: it comes or not, before or after.
        await first.until(lambda: len(first_side.asked) >= 2)
        again = await client.send("And?", threadId=begun["threadId"])
    assert again["model"] == names[0]


async def test_a_thread_is_deleted_while_it_answers(client: Client):
    async with scripted(half) as server:
        await client.add(server)
        turn = asyncio.get_running_loop().create_task(client.send("Go", model=MODEL))
        await client.hears("text")
        thread = client.told[0]["threadId"]
        await client.ask("refact/chat/delete", threadId=thread)
        assert (await turn)["finishReason"] == "cancelled"
    assert (await client.ask("refact/chat/threads"))["threads"] == []


@every_row("limit", [0, -1, 100_000])
async def test_a_page_has_a_size(client: Client, limit: int):
    problem = await problem_of(client.ask("refact/chat/threads", limit=limit))
    assert problem.field == "limit"
