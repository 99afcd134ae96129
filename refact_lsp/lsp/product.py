"""The backend's life behind one client: made and opened once, waited for, told, closed."""

import asyncio
import contextlib
import logging

from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.settings import EditorSettings
from refact_lsp.lsp.backend import Backend, BackendFactory, Editor

CLOSE_S = 0.4

_log = logging.getLogger(__name__)


class Product:
    """`backend` is None until it is open; what happens until then it learns when it opens."""

    def __init__(self, factory: BackendFactory) -> None:
        self._factory = factory
        self._opened: asyncio.Future[Backend] = asyncio.get_running_loop().create_future()
        self._made: Backend | None = None
        self.backend: Backend | None = None

    async def open(self, editor: Editor, settings: EditorSettings) -> None:
        """Make and open it. A failure is kept for whoever needs the backend, and told the user."""
        try:
            self._made = self._factory(editor)
            await self._made.open(settings)
        except Exception as error:  # noqa: BLE001  — a server that cannot complete still answers
            failure = error if isinstance(error, RefactError) else _unexpected(error)
            self._opened.set_exception(failure)
            self._opened.exception()  # nobody may be waiting
            editor.show(
                f"refact-lsp: {failure.problem.message} {failure.problem.hint or ''}".strip()
            )
            return
        self.backend = self._made
        for uri in editor.documents():
            self.backend.opened(uri)
        self._opened.set_result(self.backend)

    async def ready(self) -> Backend:
        """Wait until it is open; raises the problem that kept it from that."""
        return self.backend or await asyncio.shield(self._opened)

    async def close(self) -> None:
        """Close what was made, with little patience."""
        if self._made is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await self._made.close()


def _unexpected(error: Exception) -> RefactError:
    _log.error("the product did not open", exc_info=error)
    return refuse(
        "internal",
        f"The server could not start its features ({type(error).__name__}).",
        "Run refact-lsp doctor; the server's log has the details.",
    )
