"""`refact/settings/*`: what counts right now, and what the store keeps of it."""

from refact_lsp.core.settings_in_force import in_force, shown
from refact_lsp.features.settings import change
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _get(session: Session, _: Empty) -> m.SettingsResult:
    app = session.app
    settings, warnings = in_force(app.world.configuration.settings, app.editor)
    return m.SettingsResult(settings=shown(settings), warnings=tuple(warnings))


async def _set(session: Session, params: m.SettingsSet) -> m.SettingsResult:
    await change(session.app, params.values)
    return await _get(session, Empty())


METHODS = (
    Method("refact/settings/get", Empty, m.SettingsResult, _get),
    Method("refact/settings/set", m.SettingsSet, m.SettingsResult, _set),
)
