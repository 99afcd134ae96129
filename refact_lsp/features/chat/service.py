"""Chat as a client has it: turns and threads over one app."""

from refact_lsp.app.application import App
from refact_lsp.features.chat import threads
from refact_lsp.features.chat.attachments import Document
from refact_lsp.features.chat.export import as_markdown
from refact_lsp.features.chat.running import Running
from refact_lsp.features.chat.titles import give_title
from refact_lsp.features.chat.turns import Audience, Desk, content_of, take_turn
from refact_lsp.features.chat.values import ThreadRead, ThreadsPage, Turn, Turned


class Chat:
    """One client's chat; `document` gives the text of what is open in its editor."""

    def __init__(self, app: App, document: Document = lambda _uri: None) -> None:
        self._app = app
        self._running = Running()
        self._desk = Desk(app, self._running, document)

    async def send(self, turn: Turn, audience: Audience) -> Turned:
        """Run one turn; raises `RefactError` where no model answered."""
        turned = await take_turn(self._desk, turn, audience)
        if turn.thread_id is None and not turn.ephemeral and turned.finish_reason != "cancelled":
            self._app.start(give_title(self._app, turned.thread_id, content_of(turn), turned.model))
        return turned

    def stop(self, thread: str) -> None:
        """Stop the turn of a thread; what came is kept."""
        self._running.stop(thread)

    async def threads(self, query: str | None, limit: int, cursor: str | None) -> ThreadsPage:
        """Give a page of threads, the newest first."""
        return await threads.list_threads(self._app, query=query, limit=limit, cursor=cursor)

    async def get(self, thread: str) -> ThreadRead:
        """Give a thread with its messages."""
        return await threads.read_thread(self._app, thread)

    async def fork(self, thread: str, before: int | None) -> str:
        """Copy a thread, or its messages before that number, and give the copy's id."""
        return await threads.fork_thread(self._app, thread, before)

    async def export(self, thread: str) -> str:
        """Write a thread as Markdown."""
        return as_markdown(await threads.read_thread(self._app, thread))

    async def delete(self, thread: str) -> None:
        """Stop a thread's turn and delete it."""
        self.stop(thread)
        await threads.delete_thread(self._app, thread)
