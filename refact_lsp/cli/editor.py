"""A small editor: starts the server over stdio as an editor does, and asks for ghost text."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import msgspec

from refact_lsp.core import collector
from refact_lsp.core.own_python import own_python
from refact_lsp.core.problems import Problem, RefactError, refuse

Told = Callable[[str, Any], None]

ANSWER_S = 60
LANGUAGES = {
    ".py": "python",
    ".js": "javascript",
    ".ts": "typescript",
    ".tsx": "typescriptreact",
    ".go": "go",
    ".rs": "rust",
    ".java": "java",
    ".c": "c",
    ".h": "c",
    ".lua": "lua",
    ".rb": "ruby",
    ".sh": "shellscript",
    ".toml": "toml",
    ".md": "markdown",
}


class Editor:
    """One running server and the documents opened in it."""

    def __init__(self, process: asyncio.subprocess.Process, told: Told) -> None:
        self._process = process
        self._told = told
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def request(self, method: str, params: object) -> Any:  # noqa: ANN401  — JSON
        """Ask and wait; raises `RefactError` where the server answers with an error."""
        number = next(self._ids)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        await self._send({"id": number, "method": method, "params": params})
        try:
            return await asyncio.wait_for(answer, ANSWER_S)
        except TimeoutError:
            raise refuse("timeout", f"The server did not answer {method}.") from None

    async def notify(self, method: str, params: object) -> None:
        """Tell the server something."""
        await self._send({"method": method, "params": params})

    async def open(self, path: Path, text: str) -> str:
        """Open a document; gives its URI."""
        uri = uri_of(path)
        document = {
            "uri": uri,
            "languageId": LANGUAGES.get(path.suffix, "plaintext"),
            "version": 1,
            "text": text,
        }
        await self.notify("textDocument/didOpen", {"textDocument": document})
        return uri

    async def change(self, uri: str, version: int, text: str) -> None:
        """Replace a document's text."""
        await self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": uri, "version": version},
                "contentChanges": [{"text": text}],
            },
        )

    async def ghosts(self, uri: str, line: int, character: int) -> list[dict[str, Any]]:
        """Inline completions at a place, asked for explicitly; `character` in code points."""
        answer = await self.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": uri},
                "position": {"line": line, "character": character},
                "context": {"triggerKind": 1},
            },
        )
        return cast("dict[str, Any]", answer)["items"]

    async def read(self) -> None:
        """Read answers until the server ends."""
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101  — it was asked for
        try:
            while head := await stdout.readuntil(b"\r\n\r\n"):
                size = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                await self._receive(msgspec.json.decode(await stdout.readexactly(size)))
        except asyncio.IncompleteReadError:
            gone = refuse("internal", "The server ended.", "Run refact-lsp doctor.")
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(gone)

    async def _receive(self, message: dict[str, Any]) -> None:
        if "method" in message:
            if "id" in message:  # the server asks: this editor has nothing to say
                await self._send({"id": message["id"], "result": None})
            else:
                self._told(message["method"], message.get("params"))
            return
        answer = self._waiting.pop(message["id"], None)
        if answer is None or answer.done():
            return
        if error := message.get("error"):
            answer.set_exception(RefactError(_problem(error)))
        else:
            answer.set_result(message.get("result"))

    async def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        assert stdin is not None  # noqa: S101  — it was asked for
        body = msgspec.json.encode({"jsonrpc": "2.0", **message})
        stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        await stdin.drain()


@asynccontextmanager
async def editor(root: Path, told: Told = lambda _method, _params: None) -> AsyncGenerator[Editor]:
    """Start the server on a folder, and end it at the end; `told` hears its notifications."""
    collector.resume()
    process = await asyncio.create_subprocess_exec(
        *own_python("from refact_lsp.__main__ import main; main()", "--stdio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**26,
        start_new_session=True,  # Ctrl-C is for the command: it ends the server
    )
    client = Editor(process, told)
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        reading = tasks.create_task(client.read())
        try:
            uri = uri_of(root)
            await client.request(
                "initialize",
                {
                    "processId": None,
                    "rootUri": uri,
                    "workspaceFolders": [{"uri": uri, "name": root.name}],
                    "capabilities": {
                        "general": {"positionEncodings": ["utf-32"]},
                        "textDocument": {"inlineCompletion": {}},
                    },
                    "clientInfo": {"name": "refact-lsp"},
                },
            )
            await client.notify("initialized", {})
            yield client
            await client.request("shutdown", None)
            await client.notify("exit", None)
            await process.wait()
        except Exception as error:  # noqa: BLE001  — raised below, out of the group's wrapping
            failure = error
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            reading.cancel()
    if failure is not None:
        raise failure


def _problem(error: dict[str, Any]) -> Problem:
    try:
        return msgspec.convert(error.get("data"), Problem)
    except msgspec.ValidationError:
        return Problem(kind="internal", message=str(error.get("message")))


SETTLE_S = 60


async def settled(client: Editor) -> dict[str, Any]:
    """Wait until the server is through with reading the workspace; gives its status."""
    async with asyncio.timeout(SETTLE_S):
        while True:
            status = await client.request("refact/status", {})
            if status["state"] != "busy":
                return status
            await asyncio.sleep(0.05)


def uri_of(path: Path) -> str:
    """The file URI of a path."""
    return path.absolute().as_uri()


def workspace_of(path: Path) -> Path:
    """The folder an editor would open for a file: its repository, else its own folder."""
    folder = path.absolute().parent
    for candidate in (folder, *folder.parents):
        if (candidate / ".git").exists():
            return candidate
    return folder


def read_text(path: Path) -> str:
    """A file as text; what cannot be read is one clear line."""
    if path.exists() and not path.is_file():
        what = "is a folder" if path.is_dir() else "is no file"
        raise refuse("invalidRequest", f"{path} {what}.", "Name a file.")
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise refuse("invalidRequest", f"{path}: {error.strerror}.", "Name a file.") from error
    except UnicodeDecodeError:
        raise refuse("invalidRequest", f"{path} is not UTF-8 text.", "Name a text file.") from None
