import atexit
import gc
from collections.abc import Iterator

import pytest

from refact_lsp.cli.front import with_session
from refact_lsp.core.collector import hold_off, resume
from refact_lsp.rpc.session import Session


@pytest.fixture
def held_off() -> Iterator[int]:
    """A process at its start, and what was set aside before; tests go on after it."""
    before = gc.get_freeze_count()
    hold_off()
    yield before
    gc.enable()
    atexit.unregister(gc.freeze)
    if not before:
        gc.unfreeze()


def test_what_is_there_when_it_resumes_is_left_alone(held_off: int):
    assert not gc.isenabled()
    resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() > held_off


def test_where_nobody_held_off_nothing_is_set_aside():
    before = gc.get_freeze_count()
    resume()
    assert gc.get_freeze_count() == before


@pytest.mark.usefixtures("held_off", "furnished")
def test_a_command_collects_what_it_makes():
    async def work(_session: Session) -> bool:
        return gc.isenabled()

    assert with_session(work)
