"""`refact/status` and `refact/doctor`."""

from refact_lsp.core.nouns import Status
from refact_lsp.features.setup import doctor, status
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _status(session: Session, _: Empty) -> Status:
    return status.status(session.app)


async def _doctor(session: Session, _: Empty) -> m.DoctorResult:
    return m.DoctorResult(checks=await doctor.examine(session.app))


METHODS = (
    Method("refact/status", Empty, Status, _status),
    Method("refact/doctor", Empty, m.DoctorResult, _doctor),
)
