"""The part of the server that is pygls: declared features, folders, trace, progress, registration.

The one file that leans on pygls' internals; pyproject.toml pins pygls 2.1 and lsprotocol 2025.0
for it. Leaned on: `_send_data` (everything sent passes through it), `_result_types` (forgotten when
the client answers), and that `initialize` is served before `handle_message` returns. Text sync and
inline completion are declared here but served by `server.py`: pygls would lose sync on form feeds
and over-long positions, and answers no request that it cannot decode.
"""

import contextlib
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, cast
from uuid import uuid4

import msgspec
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol

from refact_lsp.core.uris import file_path
from refact_lsp.lsp.early import ACCEPTED, ENCODINGS, NAME, TRIGGERS, has_ghost_text
from refact_lsp.lsp.messages import InitializeParams
from refact_lsp.version import VERSION

NOTIFICATIONS = (
    types.SET_TRACE,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL,
)

_log = logging.getLogger(__name__)


class _Protocol(LanguageServerProtocol):
    """Sends through the connection, without pygls' writer, headers and JSON."""

    def __init__(self, server: LanguageServer, converter: Any) -> None:
        super().__init__(server, converter)
        self.send: Callable[[Any], None] = _drop

    def _send_data(self, data: Any) -> None:
        self.send(self._converter.unstructure(data))

    def forget(self, key: object) -> None:
        """Drop the result type of an answered request; pygls keeps it when the answer is a no."""
        self._result_types.pop(key, None)  # type: ignore[call-overload]


class _Server(LanguageServer):
    def report_server_error(self, error: Exception, source: Any) -> None:  # noqa: ARG002
        """Log it; pygls would put a box before the user."""
        _log.warning("pygls: %s", type(error).__name__)


class _Capabilities:
    """The client's capabilities as attributes over the JSON object.

    pygls reads four of them; building lsprotocol's hundred classes for that takes longer than all
    the rest of `initialize`.
    """

    def __init__(self, raw: dict[str, Any]) -> None:
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        head, *rest = name.rstrip("_").split("_")
        value = self._raw.get(head + "".join(word.title() for word in rest))
        if name == "position_encodings" and isinstance(value, list):
            offered = cast("list[Any]", value)
            return [types.PositionEncodingKind(each) for each in offered if each in ENCODINGS]
        if isinstance(value, dict):
            return _Capabilities(cast("dict[str, Any]", value))
        return value if isinstance(value, bool) else None  # pygls reads nothing else


class Features:
    """pygls' server for one client."""

    def __init__(self, params: InitializeParams) -> None:
        """Take the params of `initialize`."""
        self._server = _Server(NAME, VERSION, protocol_cls=_Protocol)
        self._protocol = cast("_Protocol", self._server.protocol)
        self._on_folders: Callable[[Sequence[str]], None] = _drop
        self._declare(params)
        self.result = self._initialize(params)

    def connect(
        self, send: Callable[[bytes], None], on_folders: Callable[[Sequence[str]], None]
    ) -> None:
        """Send from now on with `send`, and tell changed workspace folders."""
        self._on_folders = on_folders
        self._protocol.send = lambda message: send(msgspec.json.encode(message))

    def take_notification(self, method: str, params: bytes) -> None:
        """Serve one of `NOTIFICATIONS`."""
        value = msgspec.json.decode(params)
        self._take({"jsonrpc": "2.0", "method": method, "params": value})

    def take_response(self, body: bytes) -> None:
        """Take the client's answer to a request that was sent here."""
        message = msgspec.json.decode(body)
        self._take(message)
        self._protocol.forget(message.get("id"))

    @property
    def roots(self) -> Sequence[str]:
        """Paths of the workspace folders."""
        uris = [folder.uri for folder in self._server.workspace.folders.values()]
        return [path for uri in uris if (path := file_path(uri)) is not None]

    async def watch_settings(self, section: str) -> None:
        """Ask to be told when settings change."""
        method = types.WORKSPACE_DID_CHANGE_CONFIGURATION
        options = types.DidChangeConfigurationRegistrationOptions(section=section)
        registration = types.Registration(id=str(uuid4()), method=method, register_options=options)
        await self._server.client_register_capability_async(
            types.RegistrationParams(registrations=[registration])
        )

    @contextlib.asynccontextmanager
    async def progress(self, title: str) -> AsyncGenerator["Running"]:
        """Show a running task, unless the client refuses it."""
        token = str(uuid4())
        progress: Any = self._server.work_done_progress  # its futures have no type
        try:
            await progress.create_async(token)
        except JsonRpcException as refusal:
            _log.info("no progress shown: %s", refusal)
            yield Running(self._server, None)
            return
        progress.begin(token, types.WorkDoneProgressBegin(title=title, percentage=0))
        try:
            yield Running(self._server, token)
        finally:
            progress.end(token, types.WorkDoneProgressEnd())
            progress.tokens.pop(token, None)

    def _take(self, message: dict[str, Any]) -> None:
        structured = cast("Any", self._protocol.structure_message(message))
        self._protocol.handle_message(structured)

    def _declare(self, params: InitializeParams) -> None:
        """Register what pygls makes the capabilities from."""
        feature = self._server.feature
        feature(types.TEXT_DOCUMENT_INLINE_COMPLETION, types.InlineCompletionOptions())(_elsewhere)
        if not has_ghost_text(params.capabilities):
            options = types.CompletionOptions(trigger_characters=TRIGGERS, resolve_provider=False)
            feature(types.TEXT_DOCUMENT_COMPLETION, options)(_elsewhere)
        self._server.command(ACCEPTED)(_elsewhere)

        # pygls marks what it registers, so no bound method.
        def folders_changed(_params: types.DidChangeWorkspaceFoldersParams) -> None:
            self._on_folders(self.roots)

        feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)(folders_changed)

    def _initialize(self, params: InitializeParams) -> Any:
        """Let pygls serve the request; returns its result as JSON."""
        answers: list[Any] = []
        self._protocol.send = answers.append
        # pygls makes a path of it, and fails at what is no URI at all.
        root = params.root_uri if params.root_uri and file_path(params.root_uri) else None
        folders = [
            types.WorkspaceFolder(uri=folder.uri, name=folder.uri)
            for folder in params.workspace_folders or ()
        ]
        self._protocol.handle_message(
            types.InitializeRequest(
                id=0,
                params=types.InitializeParams(
                    capabilities=_Capabilities(params.capabilities),  # type: ignore[arg-type]
                    root_uri=root,
                    root_path=params.root_path,
                    workspace_folders=folders,
                ),
            )
        )
        self._protocol.send = _drop
        return answers[-1]["result"]


class Running:
    """A task that the editor shows; one without a token is not shown."""

    def __init__(self, server: LanguageServer, token: str | None) -> None:
        self._server, self._token = server, token

    def report(self, message: str, percent: int | None = None) -> None:
        if self._token is None:
            return
        value = types.WorkDoneProgressReport(message=message, percentage=percent)
        self._server.work_done_progress.report(self._token, value)


def _drop(_message: object) -> None:
    """Nobody is connected yet."""


def _elsewhere(_params: object) -> None:
    """Declare only: `server.py` serves it before pygls would see it."""
