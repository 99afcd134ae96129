"""What the server can do right now, and what is in the way. Pure over the app's memory."""

from typing import Literal

from refact_lsp.app.application import App
from refact_lsp.core.nouns import RoleState, Status
from refact_lsp.core.problems import Problem
from refact_lsp.features.setup.roles import defaults
from refact_lsp.version import VERSION

State = Literal["ready", "unconfigured", "error", "busy", "offline"]

# Problems of the network that mean the machine is on its own rather than wrongly set up.
_OFFLINE = ("network", "offline")


def status(app: App) -> Status:
    """Say what serves each role, and the worst of what is in the way."""
    rows = defaults(app.world)
    roles = tuple(
        RoleState(role=row.role, model=row.effective.model, problem=row.problem) for row in rows
    )
    broken = tuple(row.problem for row in rows if row.model is not None and row.problem is not None)
    problems = tuple(dict.fromkeys((*app.problems(), *broken)))
    return Status(
        version=VERSION,
        state=_state(app, roles, problems),
        roles=roles,
        index=app.index_state(),
        problems=problems,
    )


def _state(app: App, roles: tuple[RoleState, ...], problems: tuple[Problem, ...]) -> State:
    if app.busy:
        return "busy"
    if any(problem.kind in _OFFLINE for problem in problems):
        return "offline"
    if problems:
        return "error"
    if all(row.model is None for row in roles):
        return "unconfigured"
    return "ready"
