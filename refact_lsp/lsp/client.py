"""What `initialize` says about the client. It is answered already, so nothing here may refuse."""

import logging
from typing import Any, cast

import msgspec

from refact_lsp.core.settings import read_settings
from refact_lsp.core.text import Encoding, Snapshot, place
from refact_lsp.core.uris import file_path
from refact_lsp.lsp.backend import Ask, Client, Selected
from refact_lsp.lsp.early import capabilities, has_ghost_text
from refact_lsp.lsp.messages import Incoming, InitializeParams, InlineCompletionParams

_INVOKED = 1

_log = logging.getLogger(__name__)


class _Workspace(Incoming, frozen=True):
    configuration: bool = False
    did_change_configuration: dict[str, Any] | None = None


class _Window(Incoming, frozen=True):
    work_done_progress: bool = False


class _Abilities(Incoming, frozen=True):
    workspace: _Workspace = _Workspace()
    window: _Window = _Window()


def read_initialize(params: dict[str, Any]) -> InitializeParams:
    """Read the params; the ones that do not fit are left out with a warning."""
    kept = dict(params)
    for name in ("processId", "clientInfo", "rootPath", "rootUri", "workspaceFolders"):
        only = {"capabilities": params["capabilities"], name: params.get(name)}
        try:
            msgspec.convert(only, InitializeParams)
        except msgspec.ValidationError as error:
            _log.warning("initialize: %s", error)
            kept[name] = None
    return msgspec.convert(kept, InitializeParams)


def encoding(params: InitializeParams) -> Encoding:
    """Return what was negotiated for positions."""
    return capabilities(params.capabilities)["positionEncoding"]


def answers_configuration(params: InitializeParams) -> bool:
    """Say whether settings can be asked for."""
    return _abilities(params).workspace.configuration


def registers_configuration(params: InitializeParams) -> bool:
    """Say whether the client wants to be asked before it tells changed settings."""
    dynamic = _abilities(params).workspace.did_change_configuration or {}
    return dynamic.get("dynamicRegistration") is True


def describe(params: InitializeParams) -> Client:
    """Say who the client is and what it can do, in the product's words."""
    info = params.client_info
    folders = [folder.uri for folder in params.workspace_folders or ()]
    if not folders and params.root_uri:
        folders = [params.root_uri]
    roots = [path for uri in folders if (path := file_path(uri)) is not None]
    if not roots and params.root_path:
        roots = [params.root_path]
    settings, _ = read_settings(params.initialization_options)
    return Client(
        name=info.name if info else "",
        version=info.version if info else None,
        roots=tuple(roots),
        inline_completion=has_ghost_text(params.capabilities),
        progress=_abilities(params).window.work_done_progress,
        approve=settings.capabilities.approve,
    )


def section(settings: object, name: str) -> object:
    """Return one section of pushed settings; clients send it alone, too."""
    if isinstance(settings, dict):
        sections = cast("dict[str, object]", settings)
        return sections.get(name, sections)
    return None


def without_abilities(pushed: object) -> object:
    """Take out what counts in `initializationOptions` alone."""
    if isinstance(pushed, dict):
        settings = cast("dict[str, object]", pushed)
        return {key: value for key, value in settings.items() if key != "capabilities"}
    return pushed


def _abilities(params: InitializeParams) -> _Abilities:
    try:
        return msgspec.convert(params.capabilities, _Abilities)
    except msgspec.ValidationError as error:
        _log.warning("client capabilities: %s", error)
        return _Abilities()


def ask(params: InlineCompletionParams, snapshot: Snapshot, encoding: Encoding) -> Ask:
    """Say how ghost text was asked for; a request without context counts as automatic."""
    context = params.context
    selected = None
    if context is not None and (info := context.selected_completion_info) is not None:
        start = place(snapshot.lines, info.range.start.line, info.range.start.character, encoding)
        end = place(snapshot.lines, info.range.end.line, info.range.end.character, encoding)
        selected = Selected(
            start_line=start[0],
            start_column=start[1],
            end_line=end[0],
            end_column=end[1],
            text=info.text,
        )
    formatting = params.formatting_options
    return Ask(
        automatic=context is None or context.trigger_kind != _INVOKED,
        selected=selected,
        tab_size=formatting.tab_size if formatting else None,
        insert_spaces=formatting.insert_spaces if formatting else None,
    )
