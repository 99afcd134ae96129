"""A stream of a model while it is read: joined, closed, cut, and what comes after it."""

import asyncio

from refact_lsp.features.completion.ports import Settings
from refact_lsp.features.completion.values import Request
from tests.features.completion.desk import Editor, open_desk, settle
from tests.rows import every_row


async def test_a_live_stream_is_joined_by_the_request_that_continues_it():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        first = await desk.opened(editor)
        desk.model.calls[0].say("comp", end=False)
        await settle()
        editor.type("co")
        second = desk.start(editor.ask)
        await settle()
        assert await first == []
        desk.model.calls[0].say("ute()")
        (item,) = await second
        assert item.text == "mpute()"
        assert len(desk.model.calls) == 1
        assert desk.engine.recent()[1].outcome == "superseded"


@every_row(
    ("typed", "closer", "said", "shown", "replaced"),
    [
        ("comp(", ")", "ute(a, b) + 1", None, 0),
        ("compute(", ")", "ute(a, b) + 1", "a, b) + 1", 1),
        ("f('", "'", "f('a')", "a')", 1),
        ("f(['", "'])", "f(['a'])", "a'])", 3),
        ("f(a) {", "}", "f(a) {\n  b();\n}", "\n  b();\n}", 1),
        ("f(a) {\n  ", "\n}", "f(a) {\n  b();\n}", "b();", 0),
        ("f(a) {\n  ", "\n})", "f(a) {\n  b();\n}", None, 0),
    ],
)
async def test_a_live_stream_stays_joined_when_the_editor_adds_a_closer(
    typed: str, closer: str, said: str, shown: str | None, replaced: int
):
    async with open_desk(settings=Settings(multiline="always")) as desk:
        editor = Editor(desk.engine, "x = |\nlast()\n", language="text")
        first = await desk.begun(editor)
        head = "comp" if said.startswith("ute") else ""
        desk.model.calls[0].say(head or said[:2], end=False)
        await settle()
        at = editor.cursor
        editor.change(editor.text[:at] + typed + closer + editor.text[at:], at + len(typed))
        second = desk.start(editor.ask)
        await settle()
        assert await first == []
        desk.model.calls[0].say(said if head else said[2:])
        await settle()
        if shown is None:
            assert not desk.model.calls[0].open
            second.cancel()
            return
        assert second.done()
        (item,) = await second
        assert (item.text, item.end_column - editor.snapshot().column) == (shown, replaced)
        assert len(desk.model.calls) == 1
        editor.accept(item)
        assert editor.text == f"x = {head}{said}\nlast()\n"


async def test_a_stream_that_says_something_else_is_closed_before_another_is_opened():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        first = await desk.opened(editor)
        desk.model.calls[0].say("comp", end=False)
        await settle()
        editor.type("z")
        second = desk.start(editor.ask)
        await settle()
        assert not desk.model.calls[0].open
        await desk.clock.advance(1)
        desk.model.calls[1].say("ip()")
        assert [item.text for item in await second] == ["ip()"]
        assert await first == []
        assert desk.model.most_open == 1


async def test_a_joined_stream_that_turns_elsewhere_is_asked_anew():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        await desk.opened(editor)
        editor.type("co")
        second = desk.start(editor.ask)
        await settle()
        desk.model.calls[0].say("dim", end=False)
        await settle()
        assert not desk.model.calls[0].open
        desk.model.calls[1].say("unt()")
        assert [item.text for item in await second] == ["unt()"]
        assert desk.model.most_open == 1


async def test_cancelling_a_request_closes_the_stream_and_reads_no_more():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        task.cancel()
        await settle()
        call = desk.model.calls[0]
        call.say("never read")
        await settle()
        assert not call.open
        assert call.read == 0
        assert desk.engine.recent()[0].outcome == "cancelled"


async def test_a_request_that_is_cancelled_as_a_newer_one_comes_ends_alone():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        first = await desk.begun(editor, "comp")
        editor.type("co")
        second = desk.start(editor.ask)
        await asyncio.sleep(0)  # the newer one has begun, and the older does not know yet
        first.cancel()
        await settle()
        assert (first.cancelled(), second.done()) == (True, False)
        assert desk.engine.recent()[1].outcome == "cancelled"
        desk.model.calls[0].say("ute()")
        assert [item.text for item in await second] == ["mpute()"]
        assert len(desk.model.calls) == 1


async def test_a_request_whose_newer_one_comes_before_it_began_asks_no_model():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        older, newer = (desk.engine.complete(editor.snapshot(), Request()) for _ in range(2))
        assert not isinstance(older, list)
        assert not isinstance(newer, list)
        assert await older == []
        assert desk.engine.recent()[1].outcome == "superseded"
        task = desk.start(lambda: newer)
        await desk.clock.advance(1)
        desk.model.calls[0].say("compute()")
        assert [item.text for item in await task] == ["compute()"]
        assert len(desk.model.calls) == 1


async def test_reading_stops_at_the_useful_end():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "print(|)\nx\n")
        task = await desk.opened(editor)
        call = desk.model.calls[0]
        for piece in ("'hi'", ")", "\n", "more", " text"):
            call.say(piece, end=False)
        await settle()
        assert [item.text for item in await task] == ["'hi'"]
        assert not call.open


async def test_what_follows_is_read_ahead_while_a_suggestion_is_looked_at():
    said = iter(["first()", "\nsecond()"])
    async with open_desk(answer=lambda _request: next(said)) as desk:
        editor = Editor(desk.engine, "|\nend\n", language="text")
        (item,) = await desk.answered(editor)
        await desk.clock.advance(0.3)
        assert desk.model.calls[1].request.prefix == "first()"
        editor.accept(item)
        (after,) = await editor.ask()
        assert after.text == "\nsecond()"
        assert desk.engine.recent()[0].cache == "prefetched"
        assert len(desk.model.calls) == 2


async def test_the_rest_of_a_long_stream_is_served_piece_by_piece_as_each_is_accepted():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "def f():\n    x = |\n\n\nlast()\n")
        task = await desk.begun(editor)
        more = ("    for b in a:\n        c(b)\n", "\n    d()\n    return e\n\n", "def g():\n")
        desk.model.calls[0].say("1\n    a = 2\n", *more, end=False)
        await settle()
        assert not desk.model.calls[0].open
        (item,) = await task
        shown = [item.text]
        for _ in range(2):
            editor.accept(item)
            (item,) = await editor.ask()
            assert desk.engine.recent()[0].cache == "prefetched"
            shown.append(item.text)
        assert shown == [
            "1",
            "\n    a = 2\n    for b in a:\n        c(b)",
            "\n\n    d()\n    return e",
        ]
        assert len(desk.model.calls) == 1
        editor.accept(item)
        task = await desk.begun(editor)
        assert len(desk.model.calls) == 2
        task.cancel()


async def test_where_one_line_is_wanted_the_next_is_served_once_the_break_is_typed():
    async with open_desk(settings=Settings(multiline="never")) as desk:
        editor = Editor(desk.engine, "def f():\n    x = |\n\n\nlast()\n")
        task = await desk.begun(editor)
        desk.model.calls[0].say("1\n    a = 2\n    b = 3\n", end=False)
        await settle()
        (item,) = await task
        shown = [item.text]
        for _ in range(2):
            editor.accept(item)
            assert editor.at_once() == []
            assert desk.engine.recent()[0].reason == "nextLine"
            editor.type("\n    ")
            (item,) = editor.at_once()
            assert desk.engine.recent()[0].cache == "prefetched"
            shown.append(item.text)
        assert shown == ["1", "a = 2", "b = 3"]
        assert len(desk.model.calls) == 1


async def test_where_one_line_is_wanted_a_line_that_was_asked_for_too_early_is_kept():
    async with open_desk(settings=Settings(multiline="never")) as desk:
        editor = Editor(desk.engine, "def f():\n    a()|\n    z()\n", language="javascript")
        task = await desk.begun(editor, "\n    b", "()\n", "    c()\n")
        assert await task == []
        editor.type("\n    ")
        assert [item.text for item in editor.at_once()] == ["b()"]
        assert len(desk.model.calls) == 1


async def test_what_has_not_come_yet_is_not_waited_for():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\nlast()\n")
        task = await desk.begun(editor, "1\n", "y =")
        desk.model.calls[0].say(" 2\n", end=False)
        await settle()
        (item,) = await task
        assert not desk.model.calls[0].open
        assert desk.model.calls[0].read == len("1\ny =")
        editor.accept(item)
        task = await desk.begun(editor)
        assert len(desk.model.calls) == 2
        task.cancel()


async def test_accepting_at_once_reads_ahead_and_the_next_request_joins():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "|\nend\n", language="text")
        task = await desk.opened(editor)
        desk.model.calls[0].say("first()")
        (item,) = await task
        editor.accept(item)
        await settle()
        task = desk.start(editor.ask)
        await settle()
        desk.model.calls[1].say("\nsecond()")
        assert [item.text for item in await task] == ["\nsecond()"]
        assert len(desk.model.calls) == 2


async def test_a_document_that_leaves_the_stream_closes_it_before_the_next_request():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        call = desk.model.calls[0]
        call.say("comp", end=False)
        await settle()
        editor.type("c")
        await settle()
        assert call.open
        editor.type("z")
        await settle()
        assert not call.open
        assert await task == []


async def test_a_document_that_moved_on_is_not_asked_for_again():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        editor.type("zz")
        desk.model.calls[0].say("comp", end=False)
        assert await task == []
        await settle()
        assert [call.open for call in desk.model.calls] == [False]


async def test_an_answer_for_a_document_that_moved_on_is_kept_and_not_sent():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        editor.type("co")
        desk.model.calls[0].say("compute()")
        assert await task == []
        assert desk.engine.recent()[0].reason == "stale"
        assert [item.text for item in await editor.ask()] == ["mpute()"]
        assert len(desk.model.calls) == 1
