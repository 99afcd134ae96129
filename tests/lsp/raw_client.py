"""A client that says exactly the bytes a test wants said, and keeps everything that comes back."""

import json
import os
import select
import subprocess
import sys
import time
from typing import Any

from refact_lsp.lsp.framing import content_length

URI = "file:///w/a.py"
VSCODE: dict[str, Any] = {
    "processId": None,
    "clientInfo": {"name": "Visual Studio Code", "version": "1.110"},
    "locale": "en",
    "rootPath": "/w",
    "rootUri": "file:///w",
    "trace": "off",
    "workspaceFolders": [{"uri": "file:///w", "name": "w"}],
    "capabilities": {
        "general": {
            "positionEncodings": ["utf-16"],
            "staleRequestSupport": {"cancel": True, "retryOnContentModified": []},
        },
        "textDocument": {
            "synchronization": {
                "dynamicRegistration": True,
                "willSave": True,
                "willSaveWaitUntil": True,
                "didSave": True,
            },
            "inlineCompletion": {"dynamicRegistration": True},
            "completion": {"completionItem": {"snippetSupport": True}},
        },
        "workspace": {
            "applyEdit": True,
            "workspaceFolders": True,
            "configuration": True,
            "didChangeConfiguration": {"dynamicRegistration": True},
        },
        "window": {"workDoneProgress": True},
        "notebookDocument": {"synchronization": {"dynamicRegistration": True}},
    },
}
NEOVIM: dict[str, Any] = {
    "processId": os.getpid(),
    "clientInfo": {"name": "Neovim", "version": "0.12.4"},
    "rootPath": None,
    "rootUri": None,
    "workspaceFolders": None,
    "trace": "off",
    "capabilities": {
        "general": {"positionEncodings": ["utf-8", "utf-16", "utf-32"]},
        "textDocument": {
            "inlineCompletion": {"dynamicRegistration": False},
            "synchronization": {"didSave": True, "willSave": True},
        },
    },
}
HELIX: dict[str, Any] = {
    "processId": os.getpid(),
    "clientInfo": {"name": "helix", "version": "25.07"},
    "rootUri": "file:///w",
    "workspaceFolders": [{"uri": "file:///w", "name": "w"}],
    "capabilities": {
        "general": {"positionEncodings": ["utf-8", "utf-32", "utf-16"]},
        "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
        "workspace": {"workspaceFolders": True},
        "window": {"workDoneProgress": True},
    },
}
BARE: dict[str, Any] = {"capabilities": {}, "processId": None, "rootUri": None}
TIMEOUT_S = 10.0


def framed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class RawClient:
    """One server process on two pipes."""

    def __init__(
        self,
        startup: str = "early,lazy",
        module: str = "tests.lsp.constant_server",
        **popen: Any,
    ) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "bufsize": 0}
        environment = os.environ | {"REFACT_STARTUP": startup}
        self.process = subprocess.Popen(
            [sys.executable, "-m", module],
            env=environment,
            **(pipes | popen),
        )
        self.buffer = bytearray()
        self.others: list[dict[str, Any]] = []
        self.next_id = 1000

    def raw(self, data: bytes) -> None:
        assert self.process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self.process.stdin.write(view) :]

    def send(self, method: str, params: Any = None, key: Any = None, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method} | more
        if params is not None:
            message["params"] = params
        if key is not None:
            message["id"] = key
        self.raw(framed(json.dumps(message).encode()))

    def ask(self, method: str, params: Any = None) -> dict[str, Any]:
        self.next_id += 1
        self.send(method, params, self.next_id)
        return self.reply(self.next_id)

    def result(self, method: str, params: Any = None) -> Any:
        reply = self.ask(method, params)
        assert "result" in reply, reply
        return reply["result"]

    def code(self, method: str, params: Any = None) -> int:
        return self.ask(method, params)["error"]["code"]

    def reply(self, key: Any) -> dict[str, Any]:
        """The response with this id; whatever else comes is kept in `others`."""
        for index, message in enumerate(self.others):
            if "method" not in message and message.get("id") == key:
                return self.others.pop(index)
        while True:
            message = self.next()
            if "method" not in message and message.get("id") == key:
                return message
            self.others.append(message)

    def told(self, method: str) -> dict[str, Any]:
        """The next notification or request of this method."""
        for index, message in enumerate(self.others):
            if message.get("method") == method:
                return self.others.pop(index)
        while True:
            message = self.next()
            if message.get("method") == method:
                return message
            self.others.append(message)

    def next(self) -> dict[str, Any]:
        deadline = time.monotonic() + TIMEOUT_S
        while time.monotonic() < deadline:
            end = self.buffer.find(b"\r\n\r\n") + 4
            size = content_length(bytes(self.buffer[: end - 4])) if end > 3 else 0
            if end > 3 and len(self.buffer) >= end + size:
                body = self.buffer[end : end + size]
                del self.buffer[: end + size]
                return json.loads(body)
            if self._readable():
                chunk = os.read(self._stdout(), 1 << 20)
                assert chunk, "the server closed its output"
                self.buffer += chunk
        raise TimeoutError(f"nothing came; so far: {self.others}")

    def start(self, params: Any = NEOVIM) -> dict[str, Any]:
        self.send("initialize", params, "init")
        result = self.reply("init")["result"]
        self.send("initialized", {})
        if params["capabilities"].get("workspace", {}).get("configuration"):
            self.answer(self.told("workspace/configuration"), [None])
        return result

    def answer(self, request: dict[str, Any], result: Any) -> None:
        body = {"jsonrpc": "2.0", "id": request["id"], "result": result}
        self.raw(framed(json.dumps(body).encode()))

    def open(self, text: str, uri: str = URI, version: int = 1) -> None:
        item = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.send("textDocument/didOpen", {"textDocument": item})

    def change(self, *changes: Any, uri: str = URI, version: int = 2) -> None:
        """Each change is (start line, start character, end line, end character, text) or text."""
        self.send(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [
                    {"text": each}
                    if isinstance(each, str)
                    else {
                        "range": {
                            "start": {"line": each[0], "character": each[1]},
                            "end": {"line": each[2], "character": each[3]},
                        },
                        "text": each[4],
                    }
                    for each in changes
                ],
            },
        )

    def text(self, uri: str = URI) -> str | None:
        return self.result("refact/text", {"uri": uri})["value"]

    def exit_code(self, timeout_s: float = 5.0) -> int:
        return self.process.wait(timeout_s)

    def close_output(self) -> None:
        assert self.process.stdout is not None
        self.process.stdout.close()

    def close_input(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(5)
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()

    def _stdout(self) -> int:
        assert self.process.stdout is not None
        return self.process.stdout.fileno()

    def _readable(self) -> bool:
        return bool(select.select([self._stdout()], [], [], 0.2)[0])


def inline(line: int = 0, character: int = 1, **more: Any) -> dict[str, Any]:
    document = {"uri": URI} | more.pop("document", {})
    position = {"line": line, "character": character}
    return {"textDocument": document, "position": position} | more


AUTOMATIC: dict[str, Any] = {"context": {"triggerKind": 2}}
