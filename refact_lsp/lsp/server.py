"""The language server: which message is served by what.

Text sync runs in the order of the messages. Whatever asks the product takes its snapshot first;
what is not known at once goes on in a task of its own, which `$/cancelRequest` ends.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from refact_lsp.core import collector
from refact_lsp.core.problems import RefactError
from refact_lsp.core.settings import EditorSettings, read_settings
from refact_lsp.core.text import Encoding, Snapshot
from refact_lsp.lsp import answers, client
from refact_lsp.lsp.backend import Ask, BackendFactory, Found, InvalidParams, Suggestion
from refact_lsp.lsp.connection import Connection, Handler, typed
from refact_lsp.lsp.documents import Documents
from refact_lsp.lsp.early import ACCEPTED
from refact_lsp.lsp.framing import Frames
from refact_lsp.lsp.link import Link
from refact_lsp.lsp.messages import (
    AboutDocument,
    Account,
    CancelParams,
    CompletionParams,
    ConfigurationItem,
    ConfigurationParams,
    DidAcceptPart,
    DidChange,
    DidChangeConfiguration,
    DidFocus,
    DidOpen,
    DidShow,
    DocumentRef,
    ExecuteCommand,
    InlineCompletionParams,
    Position,
)
from refact_lsp.lsp.parent import end_at_signals, watch
from refact_lsp.lsp.product import Product

if TYPE_CHECKING:
    from refact_lsp.lsp.pygls_server import Features

SECTION = "refact"
SETTINGS_WAIT_S = 1.0
QUIET_S = 0.2
# Served by pygls, loaded for the first of them that comes.
TO_PYGLS = (
    "$/setTrace",
    "workspace/didChangeWorkspaceFolders",
    "window/workDoneProgress/cancel",
)

Show = Callable[[Snapshot, Sequence[Suggestion], Encoding], msgspec.Struct]

_log = logging.getLogger(__name__)


class Server:
    """One client's server, from the answer to `initialize` on."""

    def __init__(
        self,
        params: dict[str, Any],
        factory: BackendFactory,
        features: "Features | None",
        *,
        before_pygls: Callable[[], None],
        ending: Callable[[int], None],
    ) -> None:
        """Take the params of `initialize`, and pygls' part where it is loaded already.

        `before_pygls` runs before it is loaded later; `ending` is called with the exit code when
        the client has left and the end begins.
        """
        self._params = client.read_initialize(params)
        self._loaded = features
        self._before_pygls = before_pygls
        self._documents = Documents(client.encoding(self._params))
        self._product = Product(factory)
        self._pushed: object = None
        self._told = asyncio.Event()
        self._roots: Sequence[str] | None = None
        self._warned: set[str] = set()
        self._begun = False
        self._connection = Connection(
            requests=self._requests(),
            notifications=self._notifications(),
            refact=self._call,
            elsewhere=self._take_response,
            ending=ending,
        )
        about = client.describe(self._params)
        self._link = Link(about, self._connection, self._documents, self._features)
        if features is not None:
            features.connect(self._connection.send_raw, self._folders_changed)

    async def serve(self, fd_in: int, fd_out: int, frames: Frames) -> int:
        """Serve until the client leaves; returns the exit code."""
        end_at_signals(self._connection.end)
        pid = self._params.process_id
        unwatch = watch(pid, lambda: self._connection.end(0)) if pid else None
        try:
            code = await self._connection.serve(fd_in, fd_out, frames)
        finally:
            if unwatch is not None:
                unwatch()
            await self._product.close()
        await self._connection.close()
        return code

    def _requests(self) -> Mapping[str, Handler]:
        return {
            "textDocument/inlineCompletion": typed(InlineCompletionParams, self._inline),
            "textDocument/completion": typed(CompletionParams, self._menu),
            "workspace/executeCommand": typed(ExecuteCommand, self._execute),
            "shutdown": lambda _: self._shutdown(),
            "checkStatus": lambda _: self._check_status(),
            "signIn": lambda _: self._sign_in(),
        }

    def _notifications(self) -> Mapping[str, Handler]:
        return {
            "initialized": lambda _: self._begin(pull=True),
            "textDocument/didOpen": typed(DidOpen, self._did_open),
            "textDocument/didChange": typed(DidChange, self._did_change),
            "textDocument/didClose": typed(AboutDocument, self._did_close),
            "textDocument/didFocus": typed(DidFocus, self._did_focus),
            "textDocument/didShowCompletion": typed(DidShow, self._did_show),
            "textDocument/didPartiallyAcceptCompletion": typed(DidAcceptPart, self._did_take_part),
            "workspace/didChangeConfiguration": typed(DidChangeConfiguration, self._did_configure),
            "$/cancelRequest": typed(CancelParams, self._cancel),
            **{method: self._to_pygls(method) for method in TO_PYGLS},
        }

    def _cancel(self, params: CancelParams) -> None:
        self._connection.cancel(params)

    # --- text sync ----------------------------------------------------------------------------

    def _did_open(self, params: DidOpen) -> None:
        self._documents.open(params)
        if self._product.backend is not None:
            self._product.backend.opened(params.text_document.uri)

    def _did_change(self, params: DidChange) -> None:
        edits = self._documents.change(params)
        if edits is None:
            _log.warning("a document that is not open was changed")
        elif self._product.backend is not None:
            self._product.backend.changed(params.text_document.uri, edits)

    def _did_close(self, params: AboutDocument) -> None:
        self._documents.close(params.text_document.uri)
        if self._product.backend is not None:
            self._product.backend.closed(params.text_document.uri)

    def _did_focus(self, params: DidFocus) -> None:
        if self._product.backend is not None:
            document = params.text_document
            self._product.backend.focused(document.uri if document else None)

    # --- completion ---------------------------------------------------------------------------

    def _inline(self, params: InlineCompletionParams) -> Any:
        snapshot = self._snapshot(params.text_document, params.position)
        if snapshot is None:
            return answers.NO_GHOST_TEXTS
        ask = client.ask(params, snapshot, self._documents.encoding)
        return self._complete(snapshot, ask, answers.ghost_texts)

    def _menu(self, params: CompletionParams) -> Any:
        snapshot = self._snapshot(params.text_document, params.position)
        if snapshot is None:
            return answers.NO_MENU
        return self._complete(snapshot, Ask(), answers.menu)

    def _snapshot(self, document: DocumentRef, position: Position) -> Snapshot | None:
        """Return the document as it is; None where it is not open or another version is meant."""
        self._begin(pull=False)
        snapshot = self._documents.snapshot(document.uri, position)
        if snapshot is None or document.version not in (None, snapshot.version):
            return None
        return snapshot

    def _complete(self, snapshot: Snapshot, ask: Ask, show: Show) -> Any:
        """Ask the product; what it knows at once is sent before the next message is read."""
        found: Found = ()
        with _no_error_box():
            if self._product.backend is None:
                found = self._complete_once_open(snapshot, ask)
            else:
                found = self._product.backend.complete(snapshot, ask)
        if isinstance(found, Coroutine):
            return self._complete_later(snapshot, found, show)
        return show(snapshot, found, self._documents.encoding)

    async def _complete_once_open(self, snapshot: Snapshot, ask: Ask) -> Sequence[Suggestion]:
        found = (await self._product.ready()).complete(snapshot, ask)
        return await found if isinstance(found, Coroutine) else found

    async def _complete_later(
        self, snapshot: Snapshot, work: Coroutine[Any, Any, Sequence[Suggestion]], show: Show
    ) -> Any:
        found: Sequence[Suggestion] = ()
        with _no_error_box():
            found = await work
        return show(snapshot, found, self._documents.encoding)

    def _did_show(self, params: DidShow) -> None:
        if self._product.backend is not None:
            for item in params.item.command.arguments[:1]:
                self._product.backend.shown(item)

    def _did_take_part(self, params: DidAcceptPart) -> None:
        if self._product.backend is not None:
            for item in params.item.command.arguments[:1]:
                self._product.backend.accepted_part(item, params.accepted_length)

    async def _execute(self, params: ExecuteCommand) -> None:
        match params:
            case ExecuteCommand(command=name, arguments=[str() as item, *_]) if name == ACCEPTED:
                (await self._product.ready()).accepted(item)
            case ExecuteCommand(command=name) if name == ACCEPTED:
                raise InvalidParams("arguments: the item's id is missing.")
            case _:
                raise InvalidParams(f"command: there is no command {params.command!r}.")

    # --- the product --------------------------------------------------------------------------

    async def _call(self, method: str, params: bytes) -> msgspec.Struct | None:
        self._begin(pull=False)
        return await (await self._product.ready()).call(method, params)

    async def _check_status(self) -> Account:
        ready = (await self._product.ready()).configured()
        return Account(status="OK" if ready else "NotSignedIn")

    async def _sign_in(self) -> Account:
        ready = (await self._product.ready()).configured()
        return Account(status="AlreadySignedIn" if ready else "NotSignedIn")

    def _begin(self, *, pull: bool) -> None:
        if not self._begun:
            self._begun = True
            self._connection.beside(self._open(pull=pull))

    async def _open(self, *, pull: bool) -> None:
        """Open the product; then load what is left once the client has a quiet moment."""
        if pull and client.answers_configuration(self._params):
            self._connection.beside(self._reconfigure())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SETTINGS_WAIT_S):
                    await self._told.wait()  # what comes later counts from then on
        at_start = self._pushed
        await self._product.open(self._link, self._settings())
        if self._pushed is not at_start:
            self._apply(self._pushed)
        if self._roots is not None:
            self._folders_changed(self._roots)
        await self._connection.quiet(QUIET_S)
        features = self._features()
        if pull and client.registers_configuration(self._params):
            await features.watch_settings(SECTION)

    # --- settings -----------------------------------------------------------------------------

    async def _pull(self) -> object:
        params = ConfigurationParams(items=[ConfigurationItem(section=SECTION)])
        try:
            match await self._connection.request("workspace/configuration", params):
                case [settings]:
                    return settings
                case _:
                    return None
        except RefactError as error:
            _log.warning("settings: %s", error)
            return None

    def _did_configure(self, params: DidChangeConfiguration) -> None:
        if client.answers_configuration(self._params):
            self._connection.beside(self._reconfigure())
        else:
            self._apply(client.section(params.settings, SECTION))

    async def _reconfigure(self) -> None:
        self._apply(await self._pull())

    def _apply(self, pushed: object) -> None:
        self._pushed = pushed
        self._told.set()
        if self._product.backend is not None:
            self._product.backend.settings_changed(self._settings())

    def _settings(self) -> EditorSettings:
        """Read what the editor set so far; every misfit is told once."""
        at_start = self._params.initialization_options
        settings, warnings = read_settings(at_start, client.without_abilities(self._pushed))
        for warning in warnings:
            if warning not in self._warned:
                self._warned.add(warning)
                self._link.show(warning)
        return settings

    # --- pygls --------------------------------------------------------------------------------

    def _features(self) -> "Features":
        """Return pygls' part; loading it takes a moment, once."""
        if self._loaded is None:
            collector.hold_off()
            try:
                self._before_pygls()
                from refact_lsp.lsp.pygls_server import Features

                self._loaded = Features(self._params)
            finally:
                collector.resume()
            self._loaded.connect(self._connection.send_raw, self._folders_changed)
        return self._loaded

    def _to_pygls(self, method: str) -> Handler:
        return lambda params: self._features().take_notification(method, params)

    def _take_response(self, body: bytes) -> None:
        if self._loaded is not None:
            self._loaded.take_response(body)

    def _folders_changed(self, roots: Sequence[str]) -> None:
        self._roots = roots
        if self._product.backend is not None:
            self._product.backend.folders_changed(roots)

    def _shutdown(self) -> None:
        self._connection.phase = "stopping"
        self._connection.cancel_all()


@contextlib.contextmanager
def _no_error_box() -> Generator[None]:
    """Log what goes wrong: who types is shown no error box; `refact/status` tells the reason."""
    try:
        yield
    except RefactError as error:
        _log.info("no completion: %s", error)
    except Exception:  # noqa: BLE001  — the same for a bug
        _log.exception("completion failed")
