"""The floor: asyncio and msgspec, one loop, no features. What the benchmarks compare with."""

import asyncio
import sys
from typing import Any

import msgspec


class Message(msgspec.Struct):
    id: int | str | None = None
    method: str = ""
    params: msgspec.Raw = msgspec.Raw(b"{}")


class Position(msgspec.Struct):
    line: int
    character: int


class Params(msgspec.Struct):
    position: Position


async def main() -> None:
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=1 << 22)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin.buffer)
    writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, sys.stdout.buffer)
    while True:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            body = await reader.readexactly(int(head.split(b":")[1]))
        except asyncio.IncompleteReadError:
            return
        message = msgspec.json.decode(body, type=Message)
        result: Any = None
        if message.method == "initialize":
            result = {"capabilities": {"inlineCompletionProvider": {}}}
        elif message.method == "textDocument/inlineCompletion":
            here = msgspec.json.decode(message.params, type=Params).position
            item = {"insertText": "ghost_text()", "range": {"start": here, "end": here}}
            result = {"items": [item]}
        if message.id is not None:
            reply = msgspec.json.encode({"jsonrpc": "2.0", "id": message.id, "result": result})
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(reply), reply))


if __name__ == "__main__":
    asyncio.run(main())
