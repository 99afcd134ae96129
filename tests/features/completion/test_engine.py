import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from refact_lsp.core.problems import Problem
from refact_lsp.core.requests import CompletionRequest
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.ports import Settings
from refact_lsp.features.completion.preferences import Changes
from refact_lsp.features.completion.values import Guess, Selected
from refact_lsp.features.completion.workspace.confidence import QUIET_THRESHOLD
from tests.features.completion.desk import CAPABILITIES, TARGET, Editor, open_desk, settle
from tests.rows import every_row


async def test_a_model_s_answer_becomes_an_item_at_the_cursor():
    async with open_desk(answer="a + b") as desk:
        editor = Editor(desk.engine, "def add(a, b):\n    return |\n")
        (item,) = await desk.answered(editor)
        assert (item.text, item.start_line, item.start_column) == ("a + b", 1, 11)
        assert (item.end_line, item.end_column) == (1, 11)
        request = desk.model.calls[0].request
        assert request.prefix == "def add(a, b):\n    return "
        assert request.suffix == "\n"


async def test_typing_through_an_answer_asks_the_model_once_and_never_shows_nothing():
    async with open_desk(answer="compute(first, second)") as desk:
        editor = Editor(desk.engine, "value = |\n")
        text = (await desk.answered(editor))[0].text
        for index, char in enumerate(text[:-1], 1):
            editor.type(char)
            (item,) = await editor.ask()
            assert item.text == text[index:]
        assert len(desk.model.calls) == 1
        assert desk.engine.recent()[0].cache == "typedThrough"


async def test_deleting_back_shows_the_same_text_again_without_the_model():
    async with open_desk(answer="(bar)") as desk:
        editor = Editor(desk.engine, "foo|\n")
        await desk.answered(editor)
        editor.delete(2)
        (item,) = await editor.ask()
        assert item.text == "oo(bar)"
        assert len(desk.model.calls) == 1


async def test_a_closer_that_the_editor_adds_is_replaced_and_not_doubled():
    async with open_desk(answer="foo(bar) + 1") as desk:
        editor = Editor(desk.engine, "x = |\n")
        await desk.answered(editor)
        editor.type("foo()")
        editor.cursor -= 1
        (item,) = await editor.ask()
        assert (item.text, item.start_column, item.end_column) == ("bar) + 1", 8, 9)
        assert len(desk.model.calls) == 1


async def test_a_change_below_the_cursor_is_another_place():
    async with open_desk(answer="one()") as desk:
        editor = Editor(desk.engine, "x = |\ny = 2\n")
        await desk.answered(editor)
        editor.change(editor.text.replace("y", "z"), editor.cursor)
        await desk.answered(editor)
        assert len(desk.model.calls) == 2


async def test_another_model_or_other_parameters_are_asked_anew():
    targets = [TARGET]
    async with open_desk(answer="one()", target=TARGET) as desk:
        desk.engine._ports = replace(desk.ports, target=lambda: targets[-1])
        editor = Editor(desk.engine, "x = |\n")
        await desk.answered(editor)
        targets.append(replace(TARGET, revision="2"))
        await desk.answered(editor)
        assert len(desk.model.calls) == 2


async def test_keys_pressed_before_the_delay_ask_once():
    async with open_desk(answer="d()") as desk:
        editor = Editor(desk.engine, "|\nx = 1\n")
        tasks = []
        for char in "abc":
            editor.type(char)
            tasks.append(desk.start(editor.ask))
            await desk.clock.advance(0.02)
        await desk.clock.advance(1)
        assert [len(await task) for task in tasks] == [0, 0, 1]
        assert len(desk.model.calls) == 1


async def test_the_client_s_own_delay_is_taken_off_the_server_s():
    async with open_desk(answer="d()", settings=Settings(debounce_ms=200)) as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = desk.start(lambda: editor.ask(client="Neovim"))
        await settle()
        assert task.done()
        editor.type("q")
        task = desk.start(lambda: editor.ask(client="unheard of"))
        await settle()
        assert not task.done()
        await desk.clock.advance(0.2)
        assert task.done()


@every_row(
    ("settings", "reason"),
    [
        (Settings(enabled=False), "disabled"),
        (Settings(languages={"python": False}), "language"),
        (Settings(globs={"*.py": False}), "glob"),
    ],
)
async def test_what_is_switched_off_is_named(settings: Settings, reason: str):
    async with open_desk(answer="x", settings=settings) as desk:
        assert await Editor(desk.engine, "x = |\n").ask() == []
        assert desk.engine.recent()[0].reason == reason
        assert not desk.model.calls


async def test_no_model_and_an_excluded_file_are_named():
    problem = Problem(kind="notConfigured", message="No model.")
    async with open_desk(target=problem) as desk:
        assert await Editor(desk.engine, "x = |\n").ask() == []
        shown = desk.engine.explain()
        assert shown is not None
        assert (shown.dropped, shown.problem) == ("noModel", problem)
    async with open_desk(answer="x", excluded=lambda _snapshot, _target: "*.py") as desk:
        assert await Editor(desk.engine, "x = |\n").ask() == []
        assert desk.engine.recent()[0].reason == "excluded"
        assert not desk.model.calls


async def test_a_request_for_another_version_comes_back_empty():
    async with open_desk(answer="x") as desk:
        editor = Editor(desk.engine, "x = |\n")
        assert await editor.ask(version=7) == []
        assert desk.engine.recent()[0].reason == "staleVersion"


@pytest.mark.parametrize(("snooze_ms", "until"), [(2.0**53, "2109"), (-1e300, UNSET)])
async def test_a_snooze_ends_on_a_day_of_the_calendar(snooze_ms: float, until: object):
    def at(after_s: float) -> str:
        return f"{datetime(2100, 1, 1, tzinfo=UTC) + timedelta(seconds=after_s):%Y}"

    async with open_desk(answer="one()") as desk:
        assert desk.engine.configure(Changes(snooze_ms=snooze_ms), at).until == until


async def test_snooze_holds_back_until_it_ends_and_explicit_requests_pass():
    async with open_desk(answer="one()") as desk:
        editor = Editor(desk.engine, "x = |\n")
        state = desk.engine.configure(Changes(snooze_ms=60_000), lambda seconds: f"in {seconds:g}")
        assert state.until == "in 60"
        assert await editor.ask() == []
        assert desk.engine.recent()[0].reason == "snoozed"
        assert await desk.answered(editor, trigger="explicit")
        await desk.clock.advance(61)
        assert await editor.ask()


async def test_a_failing_model_is_left_alone_for_a_while_and_named():
    async with open_desk(answer="one()") as desk:
        desk.model.fails = Problem(kind="network", message="No route.")
        editor = Editor(desk.engine, "x = |\n")
        assert await desk.answered(editor) == []
        assert desk.engine.recent()[0].reason == "failed"
        assert desk.engine.problem == desk.model.fails
        editor.type("a")
        assert await desk.answered(editor) == []
        assert desk.engine.recent()[0].reason == "providerFailing"
        desk.model.fails = None
        await desk.clock.advance(5)
        assert await desk.answered(editor)
        assert desk.engine.problem is None


async def test_that_there_is_nothing_is_remembered_for_a_while():
    async with open_desk(answer="  ") as desk:
        editor = Editor(desk.engine, "x = |\n")
        for _ in range(3):
            assert await desk.answered(editor) == []
        assert len(desk.model.calls) == 1
        assert desk.engine.recent()[0].reason == "blank"
        await desk.clock.advance(31)
        await desk.answered(editor)
        assert len(desk.model.calls) == 2


def guessing_desk():
    """Open a desk whose embedded model speaks while the provider thinks."""
    return open_desk(
        settings=Settings(suggest_while_waiting=True),
        guess=lambda _snapshot, _threshold: Guess("comp", 0.9),
    )


async def test_a_guess_stands_in_for_a_slow_model_and_is_extended_not_replaced():
    async with guessing_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        await desk.clock.advance(0.3)
        assert [item.text for item in await task] == ["comp"]
        desk.model.calls[0].say("compute()")
        await settle()
        assert [item.text for item in await editor.ask()] == ["compute()"]


async def test_a_model_that_disagrees_with_the_shown_guess_does_not_replace_it():
    async with guessing_desk() as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        await desk.clock.advance(0.3)
        await task
        desk.model.calls[0].say("other()")
        await settle()
        assert [item.text for item in await editor.ask()] == ["comp"]
        editor.type("o")
        assert [item.text for item in await editor.ask()] == ["ther()"]


async def test_the_embedded_model_answers_by_itself():
    target = replace(TARGET, embedded=True, model="builtin/workspace", method="none")
    async with open_desk(
        target=target, guess=lambda _snapshot, _threshold: Guess("compute()", 0.9)
    ) as desk:
        editor = Editor(desk.engine, "x = |\n")
        (item,) = await editor.ask()
        assert (item.text, item.model) == ("compute()", "builtin/workspace")
        assert not desk.model.calls


async def test_a_fault_of_the_embedded_model_is_nothing_and_its_trace_says_so():
    def faulty(_snapshot: Snapshot, _threshold: float) -> Guess | None:
        raise IndexError

    target = replace(TARGET, embedded=True, model="builtin/workspace", method="none")
    async with open_desk(target=target, guess=faulty) as desk:
        assert Editor(desk.engine, "x = |\n").at_once() == []
        assert desk.engine.recent()[0].outcome == "failed"


async def test_quiet_mode_wants_a_surer_guess_and_says_so():
    async with open_desk(
        target=replace(TARGET, embedded=True, model="builtin/workspace", method="none"),
        guess=lambda _snapshot, threshold: (
            Guess("compute()", threshold) if threshold < QUIET_THRESHOLD else None
        ),
    ) as desk:
        editor = Editor(desk.engine, "x = |\n")
        assert [item.text for item in await editor.ask()] == ["compute()"]
        assert desk.engine.configure(Changes(quiet=True), str).quiet
        assert await editor.ask() == []
        explained = desk.engine.explain()
        assert explained
        assert explained.dropped == "quiet"


async def test_an_item_begins_with_the_popup_s_selection_and_has_its_range():
    async with open_desk(answer="(name)") as desk:
        editor = Editor(desk.engine, "pri|\n")
        selected = Selected(text="print", start_column=0, end_column=3)
        (item,) = await desk.answered(editor, selected=selected)
        assert (item.text, item.start_column, item.end_column) == ("print(name)", 0, 3)
        assert desk.model.calls[0].request.prefix == "print"


async def test_completion_waits_for_the_chat_on_the_same_machine():
    turn = asyncio.Event()

    async def idle(_target: object) -> None:
        await turn.wait()

    async with open_desk(answer="one()", idle=idle) as desk:
        editor = Editor(desk.engine, "x = |\n")
        task = await desk.opened(editor)
        assert not desk.model.calls
        turn.set()
        await settle()
        assert await task


@every_row(
    ("text", "language", "reason"),
    [
        ("x = |name\n", "python", "wordRight"),
        ("x = y;|\n", "c", "statementDone"),
        ("|", "python", "blankDocument"),
        ("x = | + some_long_name_here(with, several, arguments)\n", "python", "textRight"),
    ],
)
async def test_a_rule_that_holds_an_automatic_request_back_is_named(
    text: str, language: str, reason: str
):
    async with open_desk(answer="one()") as desk:
        editor = Editor(desk.engine, text, language=language)
        assert await desk.answered(editor) == []
        assert desk.engine.recent()[0].reason == reason
        await desk.answered(editor, trigger="explicit")
        assert desk.model.calls


async def test_a_local_runtime_is_warmed_on_focus_and_when_typing_pauses():
    warmed: list[int] = []

    async def warm(_target: object, request: CompletionRequest, _files: object) -> None:
        warmed.append(len(request.prefix))

    local = replace(TARGET, locality="machine", reads_for_nothing=True)
    async with open_desk(answer="one()", target=local, warm=warm) as desk:
        editor = Editor(desk.engine, "x = |\n")
        desk.engine.focused(editor.snapshot())
        await settle()
        assert warmed == [4]
        await desk.answered(editor)
        await desk.clock.advance(121)
        for char in "ab":
            editor.type(char)
            await desk.clock.advance(2)
        assert len(warmed) == 1
        await desk.clock.advance(3)
        await desk.clock.advance(3)
        assert len(warmed) == 2


async def test_an_internal_fault_comes_back_empty_and_spares_the_rest():
    def broken(_snapshot: object, _budget: int) -> list[object]:
        raise ZeroDivisionError

    async with open_desk(answer="one()", gather=broken) as desk:
        editor = Editor(desk.engine, "x = |\n")
        assert await desk.answered(editor) == []
        assert desk.engine.recent()[0].reason == "failed"


async def test_a_chat_model_s_answer_is_freed_of_its_echo():
    target = replace(TARGET, method="chat", capabilities=CAPABILITIES)
    said = "```python\nvalue = compute(a)\n```"
    async with open_desk(answer=said, target=target) as desk:
        editor = Editor(desk.engine, "value = |\n")
        (item,) = await desk.answered(editor)
        assert item.text == "compute(a)"


async def test_a_text_that_was_not_taken_is_not_shown_at_that_place_again():
    async with open_desk(answer="compute()") as desk:
        editor = Editor(desk.engine, "x = |\n")
        await desk.answered(editor)
        editor.type("z")
        editor.delete(1)
        editor.change(editor.text + "y", editor.cursor)
        await desk.clock.advance(6)
        assert await desk.answered(editor) == []
        assert desk.engine.recent()[0].reason == "rejectedBefore"


async def test_the_client_s_word_on_indentation_counts():
    async with open_desk(answer="while x:\n      y()\n      z()") as desk:
        editor = Editor(desk.engine, "def f():\n  |\n\nend()\n")
        (item,) = await desk.answered(editor, tab_size=2, insert_spaces=True)
        assert item.text == "while x:\n    y()\n    z()"
