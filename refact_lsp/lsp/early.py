"""Answers `initialize` before anything heavy is imported, in the thread that imports it afterwards.

Importing this file must stay cheap: json, os and sys only, besides `framing` and `version`, which
import nothing. What the client sends meanwhile waits in the pipe. `capabilities` says what pygls
would say of the features in `pygls_server.py`; a test compares the two for real clients.
"""

import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any, cast

from refact_lsp.lsp.framing import Frames, Oversized, frame
from refact_lsp.version import VERSION

NAME = "refact-lsp"
ENCODINGS = ("utf-8", "utf-16", "utf-32")
ACCEPTED = "refact.completion.accepted"
# Where a member, an argument or a value begins; the client itself asks while a word is typed.
TRIGGERS = [".", "(", "[", "{", ",", "=", ":"]

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
INVALID_PARAMS = -32602
NOT_INITIALIZED = -32002

Object = Mapping[str, Any]


def capabilities(client: Object) -> dict[str, Any]:
    """Return what the server offers to a client with these capabilities."""
    encodings = _under(client, "general").get("positionEncodings")
    offered = cast("list[Any]", encodings) if isinstance(encodings, list) else []
    sync = _under(_under(client, "textDocument"), "synchronization")
    unused = {key: False for key in ("willSave", "willSaveWaitUntil") if sync.get(key) is not None}
    menu = {"triggerCharacters": TRIGGERS, "resolveProvider": False}
    return {
        "positionEncoding": next((each for each in offered if each in ENCODINGS), "utf-16"),
        "textDocumentSync": {"openClose": True, "change": 2, "save": False, **unused},
        **({} if has_ghost_text(client) else {"completionProvider": menu}),
        "executeCommandProvider": {"commands": [ACCEPTED]},
        "inlineCompletionProvider": {},
        "workspace": {
            "workspaceFolders": {"supported": True, "changeNotifications": True},
            "fileOperations": {},
        },
    }


def has_ghost_text(client: Object) -> bool:
    """Say whether the client announces inline completion."""
    return isinstance(_under(client, "textDocument").get("inlineCompletion"), dict)


def initialize_result(params: Object) -> dict[str, Any]:
    """Return the result of `initialize`."""
    return {
        "capabilities": capabilities(params["capabilities"]),
        "serverInfo": {"name": NAME, "version": VERSION},
    }


def take_handles() -> tuple[int, int]:
    """Take over standard input and output.

    From here on print() and child processes write to standard error and read nothing: neither can
    corrupt the protocol.
    """
    fd_in, fd_out = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (fd_in, fd_out):
            msvcrt.setmode(fd, os.O_BINARY)
    else:
        os.set_blocking(fd_in, True)
        os.set_blocking(fd_out, True)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(2, 1)
    return fd_in, fd_out


def answer_initialize(
    fd_in: int, fd_out: int, result: Callable[[dict[str, Any]], Object]
) -> tuple[dict[str, Any], Frames]:
    """Serve the stream until `initialize` is answered with what `result` makes of its params.

    Returns the params and the stream with what was read behind the request. Ends the process where
    the client leaves first.
    """
    frames = Frames()
    while True:
        chunk = os.read(fd_in, 65536)
        if not chunk:
            sys.exit(0)
        for body in frames.feed(chunk):
            reply, params = _answer(body)
            if params is not None:
                reply = {**reply, "result": result(params)}
            if reply:
                write_all(fd_out, frame(json.dumps({"jsonrpc": "2.0", **reply}).encode()))
            if params is not None:
                return params, frames


def write_all(fd: int, data: bytes) -> None:
    """Write everything to a blocking handle; a client that is gone ends the process."""
    view = memoryview(data)
    try:
        while view:
            view = view[os.write(fd, view) :]
    except BrokenPipeError:
        sys.exit(0)


def _answer(body: bytes | Oversized) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the reply to one message, empty for none, and the params where it is `initialize`."""
    if isinstance(body, Oversized):
        return _error(None, INVALID_REQUEST, "The message is too large."), None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return _error(None, PARSE_ERROR, "The message is no JSON."), None
    if not isinstance(value, dict):
        return _error(None, INVALID_REQUEST, "The message is no object."), None
    message = cast("dict[str, Any]", value)
    if message.get("method") == "exit":
        sys.exit(1)
    if "method" not in message or "id" not in message:
        return {}, None  # LSP: notifications before `initialize` are dropped
    refusal = _refusal(message)
    return (refusal, None) if refusal else ({"id": message["id"]}, message["params"])


def _refusal(message: dict[str, Any]) -> dict[str, Any]:
    """Return why a request is not a good `initialize`; empty where it is."""
    key, params = message["id"], message.get("params")
    if not isinstance(key, (int, str)) or message.get("jsonrpc") != "2.0":
        return _error(key, INVALID_REQUEST, "The message is no JSON-RPC 2.0 request.")
    if message["method"] != "initialize":
        return _error(key, NOT_INITIALIZED, "Send initialize first.")
    if not isinstance(params, dict) or not isinstance(
        _under(message, "params").get("capabilities"), dict
    ):
        return _error(key, INVALID_PARAMS, "initialize: capabilities is missing.")
    return {}


def _error(key: object, code: int, message: str) -> dict[str, Any]:
    key = key if isinstance(key, (int, str)) else None
    return {"id": key, "error": {"code": code, "message": message}}


def _under(value: Object, key: str) -> Object:
    """Return a nested object; an empty one where the client sent something else."""
    inner = value.get(key)
    return cast("Object", inner) if isinstance(inner, dict) else {}
