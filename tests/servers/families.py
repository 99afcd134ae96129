"""A provider of any family on loopback: each path is answered in the shape of its wire format.

Use it as the handler of `scripted`. It knows the routes of the vendors' documentation, not the
code under test: a request to a path that no vendor has is refused and remembered in `strays`.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.servers.scripted import Exchange, Reply, Request, sse

TEXT = ("Hé", "llo", " there.")
MIDDLE = "total"
VECTOR = [0.6, 0.8]
HANG = "wait for ever"

Answer = Callable[[Request, Sequence[str]], Reply]


class Family:
    """Lists `models` in the shape `listed`, and answers every request of every wire format.

    `refuses` maps a path's end to the reply that it gets instead. A chat whose text holds `HANG`
    begins to answer and never ends.
    """

    def __init__(self, listed: str, models: Mapping[str, str]) -> None:
        self.listed = listed
        self.models = models  # by id: "chat", "completion" or "embedding"
        self.refuses: dict[str, Reply] = {}
        self.strays: list[str] = []

    async def __call__(self, exchange: Exchange) -> None:
        request = exchange.request
        path = request.target.partition("?")[0]
        reply = next((self.refuses[end] for end in self.refuses if path.endswith(end)), None)
        await exchange.reply(reply or self._reply(request, path))

    def _reply(self, request: Request, path: str) -> Reply:
        if request.method == "GET":
            for end, body in self._documents().items():
                if path.endswith(end):
                    return _json(body)
        else:
            for end, answer in ANSWERS.items():
                if path.endswith(end):
                    reply = answer(request, TEXT)
                    return _hanging(reply) if HANG in request.body.decode() else reply
        self.strays.append(f"{request.method} {path}")
        return _json({"error": {"message": f"No route {path}."}}, status=404)

    def _documents(self) -> dict[str, Any]:
        """What is asked for by GET, the longest path first."""
        entries = [LISTED[self.listed](name, kind) for name, kind in self.models.items()]
        field = "models" if self.listed in ("ollama", "gemini") else "data"
        document = {field: entries}
        return {
            "/api/tags": document,
            "/api/v0/models": document,
            "/api/ps": {"models": []},
            "/props": {"default_generation_settings": {"n_ctx": 4096}},
            "/models": document,
        }


def _openai(name: str, _kind: str) -> Any:
    return {"id": name, "object": "model", "owned_by": "somebody"}


def _anthropic(name: str, _kind: str) -> Any:
    return {"type": "model", "id": name, "display_name": name.upper(), "max_input_tokens": 200_000}


def _gemini(name: str, kind: str) -> Any:
    method = "embedContent" if kind == "embedding" else "generateContent"
    return {"name": f"models/{name}", "supportedGenerationMethods": [method]}


def _openrouter(name: str, _kind: str) -> Any:
    price = {"prompt": "0.000001", "completion": "0.000002"}
    return {"id": name, "name": name, "context_length": 64_000, "pricing": price}


def _mistral(name: str, kind: str) -> Any:
    able = {"completion_chat": kind == "chat", "completion_fim": kind == "completion"}
    if kind == "embedding":
        return {"id": name}
    return {"id": name, "capabilities": able, "max_context_length": 32_000}


def _copilot(name: str, kind: str) -> Any:
    ends = {"claude": "/v1/messages", "gpt": "/responses"}
    own = next((end for start, end in ends.items() if name.startswith(start)), "/chat/completions")
    said = {
        "type": "embeddings" if kind == "embedding" else kind,
        "supports": {"tool_calls": True},
        "limits": {"max_context_window_tokens": 64_000, "max_prompt_tokens": 1000},
    }
    return {
        "id": name,
        "model_picker_enabled": True,
        "capabilities": said,
        "supported_endpoints": [] if kind == "embedding" else [own],
    }


def _lmstudio(name: str, kind: str) -> Any:
    shown = "embeddings" if kind == "embedding" else "llm"
    return {"id": name, "type": shown, "state": "loaded", "loaded_context_length": 4096}


def _llamacpp(name: str, _kind: str) -> Any:
    return {"id": name, "object": "model", "meta": {"n_ctx_train": 32_768}}


def _vllm(name: str, _kind: str) -> Any:
    return {"id": name, "object": "model", "root": name, "max_model_len": 16_384}


def _ollama(name: str, _kind: str) -> Any:
    return {"name": name, "model": name, "details": {"family": "qwen2"}}


LISTED: dict[str, Callable[[str, str], Any]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "openrouter": _openrouter,
    "mistral": _mistral,
    "copilot": _copilot,
    "lmstudio": _lmstudio,
    "llamacpp": _llamacpp,
    "vllm": _vllm,
    "ollama": _ollama,
}


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status=status, body=json.dumps(value).encode())


def _stream(*data: object, done: bool = False) -> Reply:
    return Reply(body=sse(*data, done=done), content_type="text/event-stream")


def _lines(*data: object) -> Reply:
    lines = [json.dumps(line).encode() + b"\n" for line in data]
    return Reply(body=lines, content_type="application/x-ndjson")


def _hanging(reply: Reply) -> Reply:
    return Reply(body=reply.body[:1], content_type=reply.content_type, end="hang")


def _chat(_: Request, text: Sequence[str]) -> Reply:
    chunks = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in text]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 11, "completion_tokens": 3, "total_tokens": 14}
    return _stream(*chunks, end, {"choices": [], "usage": usage}, done=True)


def _fim(_: Request, __: Sequence[str]) -> Reply:
    delta = {"choices": [{"index": 0, "delta": {"content": MIDDLE}, "finish_reason": "stop"}]}
    return _stream(delta, done=True)


def _completions(_: Request, __: Sequence[str]) -> Reply:
    chunk = {"choices": [{"index": 0, "text": MIDDLE, "finish_reason": "stop"}]}
    return _stream(chunk, done=True)


def _messages(_: Request, text: Sequence[str]) -> Reply:
    start = {"id": "m", "usage": {"input_tokens": 11, "output_tokens": 0}}
    deltas = [
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
        for piece in text
    ]
    stop = {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 3}}
    return _stream(
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", **stop},
        {"type": "message_stop"},
    )


def _responses(_: Request, text: Sequence[str]) -> Reply:
    kind = "response.output_text.delta"
    deltas = [{"type": kind, "output_index": 0, "delta": piece} for piece in text]
    usage = {"input_tokens": 11, "output_tokens": 3}
    end = {"id": "r", "status": "completed", "output": [], "usage": usage}
    return _stream(*deltas, {"type": "response.completed", "response": end})


def ollama_lines(text: str, read_tokens: int) -> Reply:
    """Make a whole answer of Ollama's chat."""
    end = {"done": True, "done_reason": "stop", "prompt_eval_count": read_tokens, "eval_count": 3}
    return _lines({"message": {"content": text}}, {"message": {"content": ""}, **end})


def _ollama_chat(_: Request, text: Sequence[str]) -> Reply:
    return ollama_lines("".join(text), 11)


def _ollama_generate(_: Request, __: Sequence[str]) -> Reply:
    return _lines({"response": MIDDLE, "done": False}, {"response": "", "done": True})


def _infill(_: Request, __: Sequence[str]) -> Reply:
    return _stream({"content": MIDDLE, "stop": False}, {"content": "", "stop": True})


def _embeddings(request: Request, _: Sequence[str]) -> Reply:
    asked = request.json["input"]
    count = 1 if isinstance(asked, str) else len(asked)
    data = [{"index": number, "embedding": VECTOR} for number in range(count)]
    return _json({"data": data, "usage": {"prompt_tokens": 2}})


def _cohere(request: Request, _: Sequence[str]) -> Reply:
    return _json({"embeddings": {"float": [VECTOR for _ in request.json["texts"]]}})


def _ollama_embed(request: Request, _: Sequence[str]) -> Reply:
    return _json({"embeddings": [VECTOR for _ in request.json["input"]]})


def _show(request: Request, _: Sequence[str]) -> Reply:
    embeds = "embed" in request.json["model"]
    able = ["embedding"] if embeds else ["completion", "tools", "insert"]
    info = {"a.context_length": 32_768, "a.embedding_length": len(VECTOR)}
    return _json({"capabilities": able, "model_info": info})


# By the end of the path; the longer one stands before the shorter one that it ends with.
ANSWERS: dict[str, Answer] = {
    "/api/chat": _ollama_chat,
    "/api/generate": _ollama_generate,
    "/api/embed": _ollama_embed,
    "/api/show": _show,
    "/fim/completions": _fim,
    "/chat/completions": _chat,
    "/completions": _completions,
    "/messages": _messages,
    "/responses": _responses,
    "/infill": _infill,
    "/completion": _infill,
    "/embeddings": _embeddings,
    "/v2/embed": _cohere,
}
