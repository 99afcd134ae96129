"""A constant product for a real server process (constant_server.py).

What the product does is told by the method asked for, so that a test scripts nothing in advance.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from typing import Any

import msgspec

from refact_lsp.core.problems import refuse
from refact_lsp.core.settings import EditorSettings
from refact_lsp.core.text import Edit, Snapshot
from refact_lsp.lsp.backend import Ask, Editor, Found, InvalidParams, UnknownMethod

GHOST = "ghost_text()"


class Item(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    text: str
    start_line: int
    start_column: int
    end_line: int
    end_column: int


class Anything(msgspec.Struct, frozen=True):
    value: Any


class Echo(msgspec.Struct, frozen=True):
    text: str


class Constant:
    """Offers the same text everywhere and writes down what it is told."""

    def __init__(self, editor: Editor) -> None:
        self.editor = editor
        self.log: list[Any] = []
        self.cancelled = 0
        self.ask: Ask | None = None

    async def open(self, settings: EditorSettings) -> None:
        self.settings = settings

    async def close(self) -> None: ...

    def complete(self, snapshot: Snapshot, ask: Ask) -> Found:
        self.ask = ask
        match snapshot.line_text.strip():
            case "# slow":
                return self._nothing_ever()
            case "# fail":
                raise RuntimeError("secret-path")
            case "# refuse":
                raise refuse("notConfigured", "No model.")
            case "# nothing":
                return []
            case _:
                pass
        here = {"start_line": snapshot.line, "end_line": snapshot.line}
        columns = {"start_column": snapshot.column, "end_column": len(snapshot.line_text)}
        return [Item(id="item-1", text=GHOST, **here, **columns)]

    async def call(self, method: str, params: bytes) -> msgspec.Struct | None:
        match method:
            case "refact/echo":
                try:
                    return msgspec.json.decode(params, type=Echo)
                except msgspec.ValidationError as error:
                    raise InvalidParams(f"{method}: {error}") from None
            case "refact/raw":
                return Anything(value=msgspec.json.decode(params))
            case "refact/text":
                document = self.editor.document(msgspec.json.decode(params)["uri"])
                return Anything(value=None if document is None else "".join(document.lines))
            case "refact/log":
                return Anything(value=self.log)
            case "refact/seen":
                seen = (self.settings, self.ask, self.editor.client, self.cancelled)
                return Anything(value=seen)
            case "refact/collects":
                return Anything(value=gc.isenabled())
            case "refact/slow":
                await self._wait_forever()
            case "refact/block":
                await asyncio.to_thread(time.sleep, 5)
            case "refact/problem":
                raise refuse("privacy", "Not this file.", "Ask for another.", field="uri")
            case "refact/bug":
                raise KeyError("secret-path")
            case "refact/print":
                print("stray output")
            case "refact/big":
                return Anything(value="x" * msgspec.json.decode(params)["size"])
            case "refact/progress":
                async with self.editor.progress("Indexing") as progress:
                    progress.report("half", 50)
            case "refact/ask":
                return Anything(value=await self.editor.request("refact/question", Anything(1)))
            case "refact/tell":
                self.editor.notify("refact/told", Anything(2))
            case _:
                raise UnknownMethod(method)
        return Anything(value=None)

    async def _nothing_ever(self) -> Sequence[Item]:
        await self._wait_forever()
        return []

    async def _wait_forever(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled += 1

    def configured(self) -> bool:
        return True

    def settings_changed(self, settings: EditorSettings) -> None:
        self.settings = settings

    def folders_changed(self, roots: Sequence[str]) -> None:
        self.log.append(["folders", *roots])

    def opened(self, uri: str) -> None:
        self.log.append(["opened", uri])

    def changed(self, uri: str, edits: Sequence[Edit]) -> None:
        self.log.append(["changed", uri, *edits])

    def closed(self, uri: str) -> None:
        self.log.append(["closed", uri])

    def focused(self, uri: str | None) -> None:
        self.log.append(["focused", uri])

    def shown(self, item: str) -> None:
        self.log.append(["shown", item])

    def accepted(self, item: str) -> None:
        self.log.append(["accepted", item])

    def accepted_part(self, item: str, characters: int) -> None:
        self.log.append(["acceptedPart", item, characters])
