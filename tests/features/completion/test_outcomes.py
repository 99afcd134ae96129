from decimal import Decimal

import pytest

from refact_lsp.core.types import Price, Usage
from refact_lsp.features.completion.outcomes import kept_chars, utf16_prefix
from refact_lsp.features.completion.stats import (
    Counts,
    add_latency,
    add_usage,
    percentile,
    rows,
)
from refact_lsp.store.completion_tallies import Tally
from tests.features.completion.desk import Desk, Editor, open_desk, settle
from tests.rows import every_row


async def shown(desk: Desk, text: str, language: str = "python") -> tuple[Editor, str]:
    editor = Editor(desk.engine, text, language=language)
    items = await desk.answered(editor)
    return editor, items[0].id


async def counted(desk: Desk) -> dict[str, int]:
    (row,) = await desk.engine.stats()
    return {
        "shown": row.shown,
        "accepted": row.accepted,
        "partly": row.accepted_partly,
        "typed": row.typed_through,
        "rejected": row.rejected,
        "chars": row.accepted_chars,
    }


NOTHING = dict.fromkeys(("accepted", "partly", "typed", "rejected", "chars"), 0)


async def test_an_accepted_text_is_seen_in_the_document_alone():
    async with open_desk(answer="compute()") as desk:
        editor, _ = await shown(desk, "x = |\n")
        editor.type("compute()")
        assert await counted(desk) == {**NOTHING, "shown": 1, "accepted": 1, "chars": 9}
        assert desk.engine.recent()[0].outcome == "accepted"


async def test_the_client_s_word_and_the_document_count_once():
    async with open_desk(answer="compute()") as desk:
        editor, item_id = await shown(desk, "x = |\n")
        desk.engine.accepted(item_id)
        editor.type("compute()")
        desk.engine.accepted(item_id)
        assert await counted(desk) == {**NOTHING, "shown": 1, "accepted": 1, "chars": 9}


async def test_a_text_typed_to_its_end_is_typed_through():
    async with open_desk(answer="sum(a)") as desk:
        editor, _ = await shown(desk, "x = |\n")
        for char in "sum(a)":
            editor.type(char)
        assert await counted(desk) == {**NOTHING, "shown": 1, "typed": 1}


async def test_a_word_taken_of_a_text_is_a_partial_acceptance():
    async with open_desk(answer="compute(first)") as desk:
        editor, item_id = await shown(desk, "x = |\n")
        editor.type("compute")
        assert await counted(desk) == {**NOTHING, "shown": 1, "partly": 1, "chars": 7}
        editor.type("(first)")
        assert await counted(desk) == {
            **NOTHING,
            "shown": 1,
            "partly": 1,
            "accepted": 1,
            "chars": 14,
        }
        desk.engine.accepted(item_id)


async def test_partial_acceptance_is_told_in_cumulative_utf16_units():
    async with open_desk(answer="a🙂bc") as desk:
        _, item_id = await shown(desk, "x = |\n", "text")
        desk.engine.partly_accepted(item_id, 1)
        desk.engine.partly_accepted(item_id, 4)
        assert await counted(desk) == {**NOTHING, "shown": 1, "partly": 1, "chars": 3}


async def test_typing_something_else_rejects_and_the_place_is_left_alone_for_a_while():
    async with open_desk(answer="compute()") as desk:
        editor, _ = await shown(desk, "x = |\n")
        editor.type("z")
        assert await counted(desk) == {**NOTHING, "shown": 1, "rejected": 1}


async def test_an_edit_elsewhere_is_no_rejection():
    async with open_desk(answer="compute()") as desk:
        editor, _ = await shown(desk, "x = |\ny\n")
        editor.change(editor.text.replace("y", "z"), editor.cursor)
        assert await counted(desk) == {**NOTHING, "shown": 1}


async def test_closers_that_the_editor_adds_do_not_reject():
    async with open_desk(answer="foo(bar)") as desk:
        editor, _ = await shown(desk, "x = |\n")
        editor.type("foo()")
        assert (await counted(desk))["rejected"] == 0


async def test_a_text_that_replaces_a_closer_is_seen_as_accepted():
    async with open_desk(answer="a, b)") as desk:
        editor = Editor(desk.engine, "f(|)\n")
        (item,) = await desk.answered(editor)
        editor.accept(item)
        assert editor.text == "f(a, b)\n"
        assert (await counted(desk))["accepted"] == 1


async def test_what_is_kept_is_looked_at_after_half_a_minute_and_five():
    async with open_desk(answer="one()\n    two()") as desk:
        editor, _ = await shown(desk, "def f():\n    |\n\nend\n")
        editor.type("one()\n    two()")
        await desk.clock.advance(30)
        (row,) = await desk.engine.stats()
        assert row.kept_share == 1.0
        editor.change(editor.text.replace("two()", "three()"), 0)
        await desk.clock.advance(270)
        (row,) = await desk.engine.stats()
        assert row.kept_share == 0.5


async def test_a_client_that_reports_what_is_shown_is_believed():
    async with open_desk(answer="one()") as desk:
        editor, item_id = await shown(desk, "x = |\n")
        desk.engine.shown(item_id)
        editor.change("y = \n", 4)
        await desk.answered(editor)
        assert (await counted(desk))["shown"] == 1


async def test_counters_are_handed_over_once_and_read_back():
    stored: list[Tally] = []

    async def keep(tallies: list[Tally]) -> None:
        stored.extend(tallies)

    async def read(_day: str) -> list[Tally]:
        return stored

    async with open_desk(answer="one()", keep_tallies=keep, tallies=read) as desk:
        await shown(desk, "x = |\n")
        assert len(await desk.engine.stats()) == 1
        assert await desk.engine.stats("2999-01-01") == []
        await desk.engine.flush()
        await desk.engine.flush()
        await settle()
        assert len(stored) == 1
        (row,) = await desk.engine.stats(by="language")
        assert (row.key, row.requests, row.shown) == ("python", 1, 1)


def test_rows_add_up_by_any_key_and_know_their_cost():
    counts = Counts()
    for day, model, latency in (("d1", "m1", 10), ("d2", "m1", 20), ("d2", "m2", 4000)):
        tally = counts.of(day, model, "python")
        tally.requests += 1
        add_latency(tally, latency)
        add_usage(
            tally,
            Usage(input_tokens=1000, output_tokens=10),
            Price(input=Decimal("0.5"), output=Decimal(2)),
        )
    assert [(row.key, row.requests) for row in rows(counts.take(), "model")] == [
        ("m1", 2),
        ("m2", 1),
    ]
    assert counts.take() == ()
    (row,) = rows([Tally(day="d", model="m", language="l", cost_micros=520)])
    assert row.cost == "0.00052"
    assert row.kept_share is None


@every_row("elapsed_ms", [0.05, 1, 7, 120, 30_000])
def test_percentiles_are_right_to_a_twelfth(elapsed_ms: float):
    tally = Tally(day="d", model="m", language="l", latency={})
    for _ in range(20):
        add_latency(tally, elapsed_ms)
    assert percentile(tally.latency, 0.95) == pytest.approx(elapsed_ms, rel=1 / 12)


def test_utf16_lengths_never_split_a_character():
    assert [utf16_prefix("a🙂b", units) for units in range(6)] == [0, 1, 1, 2, 3, 3]


def test_kept_lines_are_looked_for_near_their_place():
    far = [f"{number}\n" for number in range(200)]
    assert kept_chars("one\n  two", 3, ["x\n", "one\n", "  two\n"]) == 6
    assert kept_chars("one", 150, ["one\n", *far]) == 0
