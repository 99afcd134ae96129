import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core.text import split_lines
from refact_lsp.features.completion.session import Waiting, deleted_text

TEXT = st.text("ab\n", max_size=12)


@given(TEXT, TEXT, TEXT)
def test_what_a_change_took_away_can_be_put_back(head: str, gone: str, tail: str):
    found = deleted_text(split_lines(head + gone + tail), split_lines(head + tail))
    assert len(found) == len(gone)
    assert sorted(found) == sorted(gone)


@given(TEXT, TEXT)
def test_what_was_only_added_took_nothing_away(head: str, added: str):
    assert deleted_text(split_lines(head), split_lines(head + added)) == ""


def test_a_replacement_took_nothing_away():
    assert deleted_text(["abc\n", "x"], ["ad\n", "x"]) == ""


async def superseded(begun: "asyncio.Future[Waiting]") -> bool:
    waiting = Waiting()
    begun.set_result(waiting)
    try:
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
