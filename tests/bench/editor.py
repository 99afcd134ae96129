"""An editor for benchmarks: the server as a child process, spoken to over its pipes."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"inlineCompletion": {}, "synchronization": {"didSave": True}},
}


class Editor:
    """Requests one at a time; notifications and requests of the server are passed over."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin
        assert process.stdout
        self.process, self.writer, self.reader = process, process.stdin, process.stdout
        self.number = 0

    async def request(self, method: str, params: Any) -> Any:
        """Give the result; an error fails the benchmark."""
        self.number += 1
        self._send({"id": self.number, "method": method, "params": params})
        while True:
            length = int((await self.reader.readuntil(b"\r\n\r\n")).split()[1])
            message = json.loads(await self.reader.readexactly(length))
            if message.get("id") == self.number and "method" not in message:
                if "error" in message:
                    raise RuntimeError(message["error"])
                return message["result"]

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0"} | message).encode()
        self.writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


@contextlib.asynccontextmanager
async def editor(home: Path, **initialization: Any) -> AsyncGenerator[Editor]:
    """Start the server with a home of its own, initialized."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "refact_lsp", "--stdio"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"REFACT_HOME": str(home), "REFACT_KEYRING": "off"},
    )
    one = Editor(process)
    try:
        params = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES}
        await one.request("initialize", params | {"initializationOptions": initialization})
        one.notify("initialized", {})
        yield one
        await one.request("shutdown", None)
        one.notify("exit", None)
    finally:
        one.writer.close()
        await process.wait()
