"""Explicit requests: several candidates, their order, and more of them."""

from refact_lsp.core.problems import Problem
from tests.features.completion.desk import Editor, open_desk, settle


async def test_an_explicit_request_asks_at_once_for_several_distinct_candidates():
    said = iter(["one()", "two()", "one()"])
    async with open_desk(answer=lambda _request: next(said)) as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = desk.start(lambda: editor.ask(trigger="explicit"))
        await settle()
        assert [item.text for item in await task] == ["one()", "two()"]
        temperatures = [call.request.temperature for call in desk.model.calls]
        assert temperatures == [0.0, 0.7, 0.7]


async def test_an_explicit_request_that_is_repeated_keeps_the_list_and_adds_to_it():
    said = iter(["one()", "two()", "one()", "three()", "two()", "one()", "two()"])
    async with open_desk(answer=lambda _request: next(said)) as desk:
        editor = Editor(desk.engine, "x = |\n", language="text")
        lists = [
            [item.text for item in await desk.answered(editor, trigger="explicit")]
            for _ in range(4)
        ]
        assert lists[0] == ["one()", "two()"]
        assert lists[1:] == [["one()", "two()", "three()"]] * 3
        temperatures = [call.request.temperature for call in desk.model.calls]
        assert temperatures == [0.0, 0.7, 0.7, 0.9, 0.9, 1.0, 1.0]


async def test_what_an_automatic_request_showed_stays_first_when_others_are_asked_for():
    said = iter(["unheard_of(x)", "len(x)", "sum(x)"])
    async with open_desk(answer=lambda _request: next(said)) as desk:
        editor = Editor(desk.engine, "x = []\ny = |\n")
        await desk.answered(editor)
        items = await desk.answered(editor, trigger="explicit")
        assert [item.text for item in items] == ["unheard_of(x)", "len(x)", "sum(x)"]


async def test_a_candidate_with_names_that_nothing_defines_comes_behind_the_others():
    said = iter(["unheard_of(x)", "len(x)", "sum(x)"])
    async with open_desk(answer=lambda _request: next(said)) as desk:
        editor = Editor(desk.engine, "x = []\ny = |\n")
        items = await desk.answered(editor, trigger="explicit")
        assert [item.text for item in items] == ["len(x)", "sum(x)", "unheard_of(x)"]


async def test_candidates_that_fail_or_are_late_take_nothing_from_those_that_came():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = desk.start(lambda: editor.ask(trigger="explicit"))
        await settle()
        first, failing, late = desk.model.calls
        await desk.clock.advance(0.3)
        first.say("one()")
        failing.fail(Problem(kind="network", message="No route."))
        await settle()
        assert not task.done()
        await desk.clock.advance(0.4)
        assert [item.text for item in await task] == ["one()"]
        await settle()
        assert not late.open
        assert desk.engine.problem is None


async def test_another_candidate_is_shown_where_the_first_fails():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = desk.start(lambda: editor.ask(trigger="explicit"))
        await settle()
        first, second, third = desk.model.calls
        first.fail(Problem(kind="network", message="No route."))
        second.say("two()")
        third.say("two()")
        assert [item.text for item in await task] == ["two()"]


async def test_cancelling_an_explicit_request_closes_all_its_streams():
    async with open_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = desk.start(lambda: editor.ask(trigger="explicit"))
        await settle()
        assert sum(call.open for call in desk.model.calls) == 3
        task.cancel()
        await settle()
        assert not any(call.open for call in desk.model.calls)
