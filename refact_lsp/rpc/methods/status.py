"""`refact/status` and `refact/doctor`."""

from refact_lsp.core.nouns import Status
from refact_lsp.features.setup import doctor, status
from refact_lsp.rpc import messages as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _status(session: Session, _: m.Empty) -> Status:
    return status.status(session.app)


async def _doctor(session: Session, _: m.Empty) -> m.DoctorResult:
    return m.DoctorResult(checks=await doctor.examine(session.app))


METHODS = (
    Method("refact/status", m.Empty, Status, _status),
    Method("refact/doctor", m.Empty, m.DoctorResult, _doctor),
)
