import atexit
import gc
from collections.abc import Iterator

import pytest

from refact_lsp.cli.front import with_session
from refact_lsp.core.collector import hold_off, resume
from refact_lsp.rpc.session import Session


@pytest.fixture
def held_off() -> Iterator[None]:
    """A process at its start; what is put aside is taken back, for tests go on."""
    hold_off()
    yield
    gc.enable()
    gc.unfreeze()
    atexit.unregister(gc.freeze)


@pytest.mark.usefixtures("held_off")
def test_what_is_there_when_it_resumes_is_left_alone():
    assert not gc.isenabled()
    resume()
    assert gc.isenabled()
    assert gc.get_freeze_count() > 0


def test_where_nobody_held_off_nothing_is_put_aside():
    resume()
    assert gc.get_freeze_count() == 0


@pytest.mark.usefixtures("held_off", "furnished")
def test_a_command_collects_what_it_makes():
    async def work(_session: Session) -> bool:
        return gc.isenabled()

    assert with_session(work)
