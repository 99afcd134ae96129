"""The product behind one editor: the app, its completions and the protocol's methods."""

import asyncio
import os
from collections.abc import Sequence

import msgspec

from refact_lsp.app.application import App, open_app
from refact_lsp.core.nouns import Status
from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.text import Edit, Snapshot
from refact_lsp.features.chat.service import Chat
from refact_lsp.features.completion.service import Completion
from refact_lsp.features.completion.values import Request, Selected
from refact_lsp.features.setup.status import status
from refact_lsp.lsp.backend import Ask, Editor, Found, InvalidParams, UnknownMethod
from refact_lsp.lsp.patience import patient
from refact_lsp.rpc import table
from refact_lsp.rpc.methods import TABLE
from refact_lsp.rpc.session import Session


class EditorSession:
    """Serves one editor from `open` to `close`."""

    def __init__(self, editor: Editor) -> None:
        self._editor = editor
        self._ending = asyncio.Event()
        self._life: asyncio.Task[None] | None = None
        self._session: Session | None = None
        self._status: Status | None = None

    async def open(self, settings: EditorSettings) -> None:
        """Open the app; raises what keeps it from that, such as a damaged database."""
        opened: asyncio.Future[App] = asyncio.get_running_loop().create_future()
        # The app's task group must be entered and left by one task: this one.
        self._life = asyncio.get_running_loop().create_task(self._live(opened))
        app = await opened
        app.use_editor_settings(settings)
        completion = Completion(app, self._editor.client.roots, patient(self._editor.progress))
        self._session = Session(
            app,
            self._editor.notify,
            Chat(app, self._text_of),
            completion,
            self._editor.drained,
        )
        completion.start()
        app.start(app.watch())
        app.listen(self._tell_status)

    async def close(self) -> None:
        """Store what is to be kept, and end everything."""
        if self._session is not None and self._session.completion is not None:
            await self._session.completion.close()
        self._ending.set()
        if self._life is not None:
            await self._life

    def complete(self, snapshot: Snapshot, ask: Ask) -> Found:
        """Serve one inline completion."""
        return self._completion.complete(snapshot, _request(ask, self._editor.client.name))

    async def call(self, method: str, params: bytes) -> msgspec.Struct:
        """Serve one `refact/*` request."""
        try:
            return await table.call(TABLE, self._open, method, params)
        except table.UnknownMethod as error:
            raise UnknownMethod(str(error)) from None
        except table.InvalidParams as error:
            raise InvalidParams(str(error)) from None

    def configured(self) -> bool:
        """Tell whether a model serves completion, for clients that ask in Copilot's dialect."""
        rows = status(self._open.app).roles
        return any(row.role == "completion" and row.model is not None for row in rows)

    def settings_changed(self, settings: EditorSettings) -> None:
        self._open.app.use_editor_settings(settings)

    def folders_changed(self, roots: Sequence[str]) -> None:
        self._completion.use_roots(roots)

    def opened(self, uri: str) -> None:
        if (snapshot := self._editor.document(uri)) is not None:
            self._completion.opened(snapshot)

    def changed(self, uri: str, edits: Sequence[Edit]) -> None:
        del edits  # the document as it is now says all that is needed
        if (snapshot := self._editor.document(uri)) is not None:
            self._completion.changed(snapshot)

    def closed(self, uri: str) -> None:
        self._completion.closed(uri)

    def focused(self, uri: str | None) -> None:
        snapshot = self._editor.document(uri) if uri else None
        if snapshot is not None:
            self._completion.engine.focused(snapshot)

    def shown(self, item: str) -> None:
        self._completion.engine.shown(item)

    def accepted(self, item: str) -> None:
        self._completion.engine.accepted(item)

    def accepted_part(self, item: str, characters: int) -> None:
        self._completion.engine.partly_accepted(item, characters)

    @property
    def _open(self) -> Session:
        assert self._session is not None  # noqa: S101  — nothing is asked before `open` returned
        return self._session

    @property
    def _completion(self) -> Completion:
        completion = self._open.completion
        assert completion is not None  # noqa: S101  — made in `open`
        return completion

    def _text_of(self, uri: str) -> str | None:
        snapshot = self._editor.document(uri)
        return None if snapshot is None else "".join(snapshot.lines)

    async def _live(self, opened: "asyncio.Future[App]") -> None:
        try:
            async with open_app(os.environ) as app:
                opened.set_result(app)
                await self._ending.wait()
        except Exception as error:
            if opened.done():
                raise
            opened.set_exception(error)

    def _tell_status(self) -> None:
        now = status(self._open.app)
        if now != self._status:
            self._status = now
            self._editor.notify("refact/statusChanged", now)


def _request(ask: Ask, client: str) -> Request:
    selected = ask.selected
    return Request(
        trigger="automatic" if ask.automatic else "explicit",
        client=client,
        selected=Selected(
            text=selected.text,
            start_column=selected.start_column,
            end_column=selected.end_column,
        )
        if selected
        else None,
        tab_size=ask.tab_size,
        insert_spaces=ask.insert_spaces,
    )
