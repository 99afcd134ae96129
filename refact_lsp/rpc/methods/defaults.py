"""`refact/defaults/*`."""

from refact_lsp.core.nouns import Proposal
from refact_lsp.features.setup import choosing, roles
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _get(session: Session, _: Empty) -> m.DefaultsResult:
    return m.DefaultsResult(defaults=roles.defaults(session.app.world))


async def _set(session: Session, params: m.DefaultSet) -> m.DefaultResult:
    chosen = await choosing.choose(
        session.app,
        params.role,
        params.model,
        fallbacks=params.fallbacks,
        parameters=params.parameters,
    )
    return m.DefaultResult(default=chosen)


async def _propose(session: Session, params: m.DefaultsPropose) -> m.ProposalResult:
    proposals: tuple[Proposal, ...] = choosing.propose(session.app.world, params.provider)
    return m.ProposalResult(proposals=proposals)


METHODS = (
    Method("refact/defaults/get", Empty, m.DefaultsResult, _get),
    Method("refact/defaults/set", m.DefaultSet, m.DefaultResult, _set),
    Method("refact/defaults/propose", m.DefaultsPropose, m.ProposalResult, _propose),
)
