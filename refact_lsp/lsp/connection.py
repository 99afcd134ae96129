"""JSON-RPC 2.0 over a channel, from `initialize` on: every request gets an answer.

A handler runs when its message is read, before the next one is looked at; what it returns is
either the result or a coroutine that goes on beside the messages that follow. Errors carry a code
and a sentence; an unexpected one is logged and told by its class alone, since its text may hold
what is secret.
"""

import asyncio
import inspect
import json
import logging
import re
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, Literal, TypeVar, cast

import msgspec

from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.lsp.backend import InvalidParams, UnknownMethod
from refact_lsp.lsp.early import INVALID_PARAMS, INVALID_REQUEST, PARSE_ERROR
from refact_lsp.lsp.framing import Frames, Oversized, frame
from refact_lsp.lsp.messages import CancelParams
from refact_lsp.lsp.stdio import Channel, open_channel

METHOD_NOT_FOUND = -32601
INTERNAL_ERROR = -32603
CANCELLED = -32800
PROBLEM = -32001
FLUSH_S = 0.3

Id = int | str
Handler = Callable[[bytes], Any]
Phase = Literal["running", "stopping"]
T = TypeVar("T")

_log = logging.getLogger(__name__)


class _Message(msgspec.Struct, frozen=True, gc=False):
    jsonrpc: str = ""
    id: Id | msgspec.UnsetType | None = msgspec.UNSET
    method: str | None = None
    params: msgspec.Raw = msgspec.Raw(b"")
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: msgspec.Raw = msgspec.Raw(b"")


class _Error(msgspec.Struct, frozen=True, omit_defaults=True):
    code: int
    message: str
    data: Any = None


class _Result(msgspec.Struct, frozen=True):
    id: Id
    result: Any
    jsonrpc: str = "2.0"


class _Failure(msgspec.Struct, frozen=True):
    id: Id | None
    error: _Error
    jsonrpc: str = "2.0"


class _Request(msgspec.Struct, frozen=True):
    id: Id
    method: str
    params: Any
    jsonrpc: str = "2.0"


class _Notification(msgspec.Struct, frozen=True):
    method: str
    params: Any
    jsonrpc: str = "2.0"


class _Identified(msgspec.Struct, frozen=True):
    id: Id


class _Refusal(msgspec.Struct, frozen=True):
    code: int = 0
    message: str = ""


_CANCELLED_REQUEST = _Error(CANCELLED, "The request was cancelled.")
_read = msgspec.json.Decoder(_Message).decode
_encode = msgspec.json.Encoder().encode
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_LONE_SURROGATE = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")


def typed(kind: type[T], handle: Callable[[T], Any]) -> Handler:
    """Make a handler of a function of decoded params; misfits are refused with the field."""
    read = msgspec.json.Decoder(kind).decode
    return lambda params: handle(read(params))


class Connection:
    """One client. `requests` and `notifications` map methods to handlers.

    `refact` serves every request under `refact/`; `elsewhere` takes the responses to requests that
    were not sent through `request`; `ending` is told the exit code once, when the end begins.
    """

    def __init__(
        self,
        *,
        requests: Mapping[str, Handler],
        notifications: Mapping[str, Handler],
        refact: Callable[[str, bytes], Any],
        elsewhere: Callable[[bytes], None],
        ending: Callable[[int], None],
    ) -> None:
        self._requests = requests
        self._notifications = notifications
        self._refact = refact
        self._elsewhere = elsewhere
        self._ending = ending
        self.phase: Phase = "running"
        self._loop = asyncio.get_running_loop()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._running: dict[Id, asyncio.Task[Any]] = {}
        self._beside: set[asyncio.Task[Any]] = set()
        self._waiting: dict[Id, asyncio.Future[Any]] = {}
        self._sent_requests = 0
        self._heard_at = 0.0
        self._frames = Frames()
        self._channel: Channel | None = None

    async def serve(self, fd_in: int, fd_out: int, frames: Frames) -> int:
        """Serve until the client leaves; returns the exit code. Work under way is cancelled."""
        self._frames = frames
        self._channel = await open_channel(fd_in, fd_out, self._receive, self._lost)
        self._receive(b"")  # what was read behind `initialize`
        code = await self._ended
        tasks = [*self._running.values(), *self._beside]
        self._cancel(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
        return code

    async def close(self) -> None:
        """Give what is still to be written a moment, and let go of the handles."""
        if self._channel is not None:
            await self._channel.close(FLUSH_S)

    def end(self, code: int) -> None:
        """Stop serving; the first reason counts."""
        if not self._ended.done():
            self._ended.set_result(code)
            self._ending(code)

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that belongs to no request; a failure is logged."""
        task = self._loop.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._beside_done)

    def notify(self, method: str, params: Any) -> None:
        self._send(_Notification(method, params))

    async def request(self, method: str, params: Any) -> Any:
        """Ask the client and wait; raises `RefactError` where it refuses."""
        self._sent_requests += 1
        key = f"refact-{self._sent_requests}"
        answer = self._waiting[key] = self._loop.create_future()
        self._send(_Request(key, method, params))
        try:
            return await answer
        except asyncio.CancelledError:
            self.notify("$/cancelRequest", {"id": key})
            raise
        finally:
            del self._waiting[key]

    def send_raw(self, body: bytes) -> None:
        """Send a message that is JSON already."""
        if self._channel is not None and not self._ended.done():
            self._channel.write(frame(body))

    def cancel_all(self) -> None:
        """Cancel every request that is being served."""
        self._cancel(self._running.values())

    async def quiet(self, for_s: float) -> None:
        """Wait until nothing is being served and nothing came for so long."""
        # An event to wait for would have to be set for every message.
        while self._running or self._loop.time() - self._heard_at < for_s:  # noqa: ASYNC110
            await asyncio.sleep(for_s)

    async def drained(self) -> None:
        if self._channel is not None:
            await self._channel.drained()

    def cancel(self, params: CancelParams) -> None:
        """`$/cancelRequest`: ends the request's task and with it whatever it holds open."""
        task = self._running.get(params.id)
        if task is not None:
            self._cancel([task])

    def _cancel(self, tasks: Iterable[asyncio.Task[Any]]) -> None:
        """Cancel behind what the loop has to do: a task cancelled before it began never runs."""
        for task in tasks:
            self._loop.call_soon(task.cancel)

    def _send(self, message: msgspec.Struct) -> None:
        self.send_raw(_encode(message))

    def _fail(self, key: Id | None, error: _Error) -> None:
        self._send(_Failure(key, error))

    def _lost(self) -> None:
        self.end(0)

    def _receive(self, data: bytes) -> None:
        self._heard_at = self._loop.time()
        for body in self._frames.feed(data):
            if self._ended.done():
                return
            if isinstance(body, Oversized):
                self._fail(None, _Error(INVALID_REQUEST, "The message is too large."))
            else:
                self._handle(body)

    def _handle(self, body: bytes) -> None:
        try:
            message = _read(body)
        except _UNREADABLE as error:
            self._misread(body, error)
            return
        key, method = message.id, message.method
        if message.jsonrpc != "2.0" or key is None:
            key = None if key is msgspec.UNSET else key
            if method is not None:
                self._fail(key, _Error(INVALID_REQUEST, "The message is no JSON-RPC 2.0."))
        elif method is None:
            self._take_response(key, message, body)
        elif key is msgspec.UNSET:
            self._take_notification(method, message.params)
        else:
            self._take_request(key, method, message.params)

    def _misread(self, body: bytes, error: Exception) -> None:
        """Answer what is no message, as precisely as it can be told.

        JSON with half a surrogate pair (an editor's edit may cut one in two) is no UTF-8: it is
        read with U+FFFD in its place, which is as long in every encoding of positions.
        """
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            self._fail(None, _Error(PARSE_ERROR, "The message is no JSON."))
            return
        if not isinstance(error, msgspec.ValidationError):
            mended = _whole(json.dumps(value, ensure_ascii=False))
            if mended != body:
                self._handle(mended)
                return
        # LSP has no batches; each of the messages in one is answered.
        batch = cast("list[Any]", value or [None]) if isinstance(value, list) else [value]
        for each in batch:
            refusal = _Error(INVALID_REQUEST, "The message is no single JSON-RPC 2.0 object.")
            self._fail(_id_of(each), refusal)

    def _take_response(self, key: Id | msgspec.UnsetType, message: _Message, body: bytes) -> None:
        answer = None if key is msgspec.UNSET else self._waiting.get(key)
        try:
            if answer is None:
                self._elsewhere(body)
            elif answer.done():
                return
            elif bytes(message.error) not in (b"", b"null"):
                answer.set_exception(_refused(message.error))
            else:
                answer.set_result(msgspec.json.decode(message.result))
        except Exception as error:  # noqa: BLE001  — one bad message must not hold up the next
            _log.warning("a response that cannot be read: %s", type(error).__name__)
            if answer is not None:
                answer.set_exception(refuse("unsupported", "The editor's answer is no JSON."))

    def _take_notification(self, method: str, params: msgspec.Raw) -> None:
        if method == "exit":
            self.end(0 if self.phase == "stopping" else 1)
            return
        handler = self._notifications.get(method)
        if handler is None or self.phase == "stopping":
            return
        try:
            handler(_given(params))
        except Exception as error:  # noqa: BLE001  — one bad message must not end the server
            _log.warning("%s: %s", method, _error_of(method, error).message)

    def _take_request(self, key: Id, method: str, params: msgspec.Raw) -> None:
        if method == "initialize":
            self._fail(key, _Error(INVALID_REQUEST, "The server is initialized already."))
            return
        if self.phase == "stopping":
            self._fail(key, _Error(INVALID_REQUEST, "The server is shutting down."))
            return
        if key in self._running:
            self._fail(key, _Error(INVALID_REQUEST, "A request with this id is being served."))
            return
        try:
            outcome = self._dispatch(method, _given(params))
        except Exception as error:  # noqa: BLE001  — every request gets an answer
            self._fail(key, _error_of(method, error))
            return
        if inspect.iscoroutine(outcome):
            self._running[key] = self._loop.create_task(self._serve(key, method, outcome))
        else:
            self._answer(key, method, outcome)

    def _dispatch(self, method: str, params: bytes) -> Any:
        handler = self._requests.get(method)
        if handler is not None:
            return handler(params)
        if method.startswith("refact/"):
            return self._refact(method, params)
        raise UnknownMethod(method)

    async def _serve(self, key: Id, method: str, work: Coroutine[Any, Any, Any]) -> None:
        """Answer within the task: a callback of the task would cost one more turn of the loop."""
        try:
            self._answer(key, method, await work)
        except asyncio.CancelledError:
            self._fail(key, _CANCELLED_REQUEST)
        except Exception as error:  # noqa: BLE001  — every request gets an answer
            self._fail(key, _error_of(method, error))
        finally:
            del self._running[key]

    def _answer(self, key: Id, method: str, result: Any) -> None:
        try:
            self._send(_Result(key, result))
        except (TypeError, ValueError) as error:  # nothing JSON can say
            self._fail(key, _error_of(method, error))

    def _beside_done(self, task: asyncio.Task[Any]) -> None:
        self._beside.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("background work failed", exc_info=error)


def _id_of(message: Any) -> Id | None:
    """Return the id of something that may be a message, as it can be sent."""
    try:
        key = msgspec.convert(message, _Identified).id
    except msgspec.ValidationError:
        return None
    return _whole(key).decode() if isinstance(key, str) else key


def _whole(text: str) -> bytes:
    """Encode a text, U+FFFD in place of each half of a surrogate pair."""
    return _LONE_SURROGATE.sub(b"\xef\xbf\xbd", text.encode("utf-8", "surrogatepass"))


def _given(params: msgspec.Raw) -> bytes:
    """Return the params' JSON; absent and null ones are an empty object."""
    raw = bytes(params)
    return b"{}" if raw in (b"", b"null") else raw


def _refused(raw: msgspec.Raw) -> RefactError:
    try:
        refusal = msgspec.json.decode(raw, type=_Refusal)
    except _UNREADABLE:
        refusal = _Refusal()
    kind = "cancelled" if refusal.code == CANCELLED else "unsupported"
    return refuse(kind, f"The editor refused: {refusal.message or 'no reason given'}.")


def _error_of(method: str, error: BaseException) -> _Error:
    """Translate a failure for the client. The one place that does."""
    match error:
        case RefactError():
            return _Error(PROBLEM, error.problem.message, error.problem)
        case UnknownMethod():
            return _Error(METHOD_NOT_FOUND, f"There is no method {method!r}.")
        case InvalidParams() | msgspec.ValidationError():
            return _Error(INVALID_PARAMS, f"{method}: {error}")
        case msgspec.DecodeError() | UnicodeDecodeError():
            return _Error(INVALID_PARAMS, f"{method}: the params are no JSON in UTF-8.")
        case _:
            _log.error("%s failed", method, exc_info=error)
            reason = f"{method} failed inside the server ({type(error).__name__}); see its log."
            return _Error(INTERNAL_ERROR, reason)
