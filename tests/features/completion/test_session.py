import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.text import split_lines
from refact_lsp.features.completion.session import Waiting, _agreeing, _parting, deleted_text

TEXT = st.text("ab\n", max_size=12)
ENDINGS = st.text("ab\r\n", max_size=12)


@given(TEXT, TEXT, TEXT)
def test_what_a_change_took_away_can_be_put_back(head: str, gone: str, tail: str):
    found = deleted_text(split_lines(head + gone + tail), split_lines(head + tail))
    assert len(found) == len(gone)
    assert sorted(found) == sorted(gone)


@given(ENDINGS, ENDINGS, ENDINGS, ENDINGS)
def test_what_was_taken_away_is_what_a_look_at_every_character_finds(
    head: str, gone: str, put: str, tail: str
):
    before, after = head + gone + tail, head + put + tail
    found = deleted_text(split_lines(before), split_lines(after))
    lost = max(0, len(before) - len(after))
    without = {
        before[at : at + lost]
        for at in range(len(after) + 1)
        if before[:at] + before[at + lost :] == after
    }
    assert found in (without or {""})


@given(st.lists(st.sampled_from("ab")), st.lists(st.sampled_from("ab")))
def test_halving_finds_the_lines_that_going_through_them_finds(one: list[str], other: list[str]):
    before, after = sorted((one, other), key=len, reverse=True)
    same = [before[:count] == after[:count] for count in range(len(after) + 1)]
    first, lost = same.count(True) - 1, len(before) - len(after)
    assert _agreeing(before, after) == first
    ends = [at for at in range(first, len(after) + 1) if after[at:] == before[at + lost :]]
    assert _parting(before, after, first) == ends[0]


@given(TEXT, TEXT)
def test_what_was_only_added_took_nothing_away(head: str, added: str):
    assert deleted_text(split_lines(head), split_lines(head + added)) == ""


def test_a_replacement_took_nothing_away():
    assert deleted_text(["abc\n", "x"], ["ad\n", "x"]) == ""


async def superseded(begun: "asyncio.Future[Waiting]") -> bool:
    waiting = Waiting()
    begun.set_result(waiting)
    try:
        waiting.begin()
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        if waiting.was_superseded():
            return True
        raise
    return False


@pytest.mark.parametrize("cancelled", [False, True])
async def test_a_request_that_is_superseded_goes_on_unless_it_was_cancelled_too(cancelled: bool):
    loop = asyncio.get_running_loop()
    begun: asyncio.Future[Waiting] = loop.create_future()
    task = loop.create_task(superseded(begun))
    (await begun).supersede()
    if cancelled:
        task.cancel()
    await asyncio.wait({task})
    assert task.cancelled() == cancelled
    assert cancelled or (task.result() and not task.cancelling())


async def test_a_request_that_is_superseded_before_it_began_does_not_begin():
    waiting = Waiting()
    waiting.supersede()
    with pytest.raises(asyncio.CancelledError):
        waiting.begin()
    assert waiting.was_superseded()
