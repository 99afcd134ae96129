"""`refact/completion/*`: about the completions of this session."""

from typing import TYPE_CHECKING

from refact_lsp.core.problems import refuse
from refact_lsp.features.completion.preferences import Changes, Configured
from refact_lsp.features.completion.stats import rows
from refact_lsp.features.completion.trace import Explained
from refact_lsp.rpc.messages import work as m
from refact_lsp.rpc.moments import moment
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method
from refact_lsp.store.completion_tallies import read_tallies

if TYPE_CHECKING:
    from refact_lsp.features.completion.engine import Engine


async def _explain(session: Session, params: m.CompletionExplain) -> Explained:
    found = _engine(session).explain(params.id)
    if found is None:
        raise refuse(
            "invalidRequest",
            "There is no such completion." if params.id else "Nothing was completed yet.",
            "Completions are kept in memory only; refact/completion/recent lists them.",
            field="id",
        )
    return found


async def _recent(session: Session, params: m.CompletionRecent) -> m.CompletionDecisions:
    return m.CompletionDecisions(decisions=tuple(_engine(session).recent(params.limit)))


async def _configure(session: Session, params: Changes) -> Configured:
    completion = session.completion
    if completion is None:
        raise _no_documents()
    return completion.engine.configure(params, completion.wall_time)


async def _stats(session: Session, params: m.CompletionStats) -> m.CompletionStatsResult:
    since = moment(params.since)
    day = since.date().isoformat() if since else ""
    if session.completion is not None:
        summed = await session.completion.engine.stats(day, params.by)
    else:  # a command: what editors have stored so far
        stored = await session.app.database.read(lambda c: read_tallies(c, day))
        summed = rows(stored, params.by)
    return m.CompletionStatsResult(rows=tuple(summed))


def _engine(session: Session) -> "Engine":
    if session.completion is None:
        raise _no_documents()
    return session.completion.engine


def _no_documents() -> Exception:
    return refuse(
        "unsupported",
        "This client has no documents, so nothing is completed here.",
        "Ask the server that an editor started.",
    )


METHODS = (
    Method("refact/completion/explain", m.CompletionExplain, Explained, _explain),
    Method("refact/completion/recent", m.CompletionRecent, m.CompletionDecisions, _recent),
    Method("refact/completion/configure", Changes, Configured, _configure),
    Method("refact/completion/stats", m.CompletionStats, m.CompletionStatsResult, _stats),
)
