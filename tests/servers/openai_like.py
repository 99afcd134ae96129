"""A provider in OpenAI's manner on loopback: lists, chats, completes and embeds the same each time.

Use it as the handler of `scripted`; a wrong key is refused as OpenAI refuses it.
"""

import json
from typing import Any

from tests.servers.scripted import Exchange, Reply

KEY = "sk-test-0123456789abcdef"
MODELS = ("qwen2.5-coder-7b", "text-embedding-3-small", "nobody-knows-this")
ANSWER = ("Hello", " there", ".")
MIDDLE = ("first", " + second")


class OpenAiLike:
    """`key` None asks for none; `refuses` maps a path's end to the reply it gets instead."""

    def __init__(self, key: str | None = KEY, refuses: dict[str, Reply] | None = None) -> None:
        self.key = key
        self.refuses = refuses or {}
        self.models = MODELS

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        if self.key and request.headers.get("authorization") != f"Bearer {self.key}":
            await exchange.reply(_refusal(401, "invalid_api_key", "Incorrect API key provided."))
            return
        for end, reply in self.refuses.items():
            if request.target.endswith(end):
                await exchange.reply(reply)
                return
        match request.target.rpartition("/v1")[2]:
            case "/models":
                listed = [{"id": name, "object": "model"} for name in self.models]
                await exchange.reply(_json({"object": "list", "data": listed}))
            case "/chat/completions":
                await exchange.reply(_stream([*map(_chat_chunk, ANSWER), *_chat_end()]))
            case "/completions":
                chunks = [{"choices": [{"index": 0, "text": text}]} for text in MIDDLE]
                end = {"choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
                await exchange.reply(_stream([*chunks, end]))
            case "/embeddings":
                inputs = request.json["input"]
                count = 1 if isinstance(inputs, str) else len(inputs)
                data = [{"index": i, "embedding": [0.6, 0.8]} for i in range(count)]
                usage = {"prompt_tokens": 2, "total_tokens": 2}
                await exchange.reply(_json({"data": data, "usage": usage}))
            case other:
                await exchange.reply(_refusal(404, "not_found", f"No route {other}."))


def _json(value: Any) -> Reply:
    return Reply(body=json.dumps(value).encode())


def _refusal(status: int, code: str, message: str) -> Reply:
    error = {"message": message, "type": "invalid_request_error", "code": code}
    return Reply(status=status, body=json.dumps({"error": error}).encode())


def _chat_chunk(text: str) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": {"content": text}}]}


def _chat_end() -> list[dict[str, Any]]:
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    return [
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"choices": [], "usage": usage},
    ]


def _stream(chunks: list[dict[str, Any]]) -> Reply:
    pieces = [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks]
    return Reply(body=[*pieces, b"data: [DONE]\n\n"], content_type="text/event-stream")
