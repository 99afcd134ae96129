"""`refact/chat/*`: turns, told as `refact/chat/event` while they run, and threads."""

from refact_lsp.features.chat.turns import Audience
from refact_lsp.features.chat.values import ThreadRead, ThreadsPage, Turn, Turned
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import work as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method

EVENT = "refact/chat/event"


async def _send(session: Session, params: Turn) -> Turned:
    audience = Audience(lambda told: session.notify(EVENT, told), session.drained)
    return await session.chat.send(params, audience)


async def _stop(session: Session, params: m.ThreadName) -> Empty:
    session.chat.stop(params.thread_id)
    return Empty()


async def _threads(session: Session, params: m.ChatThreads) -> ThreadsPage:
    return await session.chat.threads(params.query, params.limit, params.cursor)


async def _get(session: Session, params: m.ThreadName) -> ThreadRead:
    return await session.chat.get(params.thread_id)


async def _delete(session: Session, params: m.ThreadName) -> Empty:
    await session.chat.delete(params.thread_id)
    return Empty()


async def _fork(session: Session, params: m.ChatFork) -> m.ThreadName:
    return m.ThreadName(thread_id=await session.chat.fork(params.thread_id, params.before))


async def _export(session: Session, params: m.ThreadName) -> m.Markdown:
    return m.Markdown(markdown=await session.chat.export(params.thread_id))


METHODS = (
    Method("refact/chat/send", Turn, Turned, _send),
    Method("refact/chat/stop", m.ThreadName, Empty, _stop),
    Method("refact/chat/threads", m.ChatThreads, ThreadsPage, _threads),
    Method("refact/chat/get", m.ThreadName, ThreadRead, _get),
    Method("refact/chat/delete", m.ThreadName, Empty, _delete),
    Method("refact/chat/fork", m.ChatFork, m.ThreadName, _fork),
    Method("refact/chat/export", m.ThreadName, m.Markdown, _export),
)
