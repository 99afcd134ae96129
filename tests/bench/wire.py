"""Events a second of each wire format, beside the official SDKs' stream readers on the same bytes.

Run it with `python -m tests.bench.wire`. The streams are made here: many small deltas, as models
send them, handed over in pieces of 1 KiB to both sides. Best of five rounds.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping

import anthropic
import httpx2
import openai

from refact_lsp.core.quirks import Quirks
from refact_lsp.llm.wire.base import Parser
from refact_lsp.llm.wire.tables import CHAT, COMPLETION

EVENTS = 4000
PIECE = 1024
ROUNDS = 5


def sse(*documents: Mapping[str, object], named: bool = False) -> bytes:
    blocks: list[bytes] = []
    for document in documents:
        name = b"event: " + str(document["type"]).encode() + b"\n" if named else b""
        blocks.append(name + b"data: " + json.dumps(document).encode() + b"\n\n")
    return b"".join(blocks)


def chat_stream() -> bytes:
    frame = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice: dict[str, object] = {"index": 0, "logprobs": None, "finish_reason": None}
    deltas = [
        {**frame, "choices": [{**choice, "delta": {"content": f" word{number}"}}]}
        for number in range(EVENTS)
    ]
    last = {**frame, "choices": [{**choice, "delta": {}, "finish_reason": "stop"}]}
    usage = {"prompt_tokens": 9, "completion_tokens": EVENTS, "total_tokens": EVENTS + 9}
    return sse(*deltas, last, {**frame, "choices": [], "usage": usage}) + b"data: [DONE]\n\n"


def completion_stream() -> bytes:
    frame = {"id": "c", "object": "text_completion", "created": 1, "model": "m"}
    texts = [
        {**frame, "choices": [{"index": 0, "text": f" word{number}", "finish_reason": None}]}
        for number in range(EVENTS)
    ]
    last = {**frame, "choices": [{"index": 0, "text": "", "finish_reason": "stop"}]}
    return sse(*texts, last) + b"data: [DONE]\n\n"


def message_stream() -> bytes:
    message = {"id": "m", "type": "message", "role": "assistant", "model": "m", "content": []}
    begin: dict[str, object] = {
        "type": "message_start",
        "message": {**message, "usage": {"input_tokens": 9, "output_tokens": 1}},
    }
    block: dict[str, object] = {"type": "text", "text": ""}
    deltas: list[dict[str, object]] = [
        {
            "type": "content_block_delta",
            "index": 0,
            "delta": {"type": "text_delta", "text": f" word{number}"},
        }
        for number in range(EVENTS)
    ]
    end: dict[str, object] = {
        "type": "message_delta",
        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
        "usage": {"output_tokens": EVENTS},
    }
    return sse(
        begin,
        {"type": "content_block_start", "index": 0, "content_block": block},
        *deltas,
        {"type": "content_block_stop", "index": 0},
        end,
        {"type": "message_stop"},
        named=True,
    )


def response_stream() -> bytes:
    deltas: list[dict[str, object]] = [
        {
            "type": "response.output_text.delta",
            "sequence_number": number,
            "item_id": "i",
            "output_index": 0,
            "content_index": 0,
            "delta": f" word{number}",
            "logprobs": [],
        }
        for number in range(EVENTS)
    ]
    response: dict[str, object] = {"id": "r", "object": "response", "status": "completed"}
    usage = {"input_tokens": 9, "output_tokens": EVENTS, "total_tokens": EVENTS + 9}
    end = {"type": "response.completed", "response": {**response, "output": [], "usage": usage}}
    return sse(*deltas, end, named=True)


def ollama_stream() -> bytes:
    lines = [{"model": "m", "message": {"content": f" word{number}"}} for number in range(EVENTS)]
    end = {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": EVENTS}
    return b"".join(json.dumps(line).encode() + b"\n" for line in [*lines, end])


def infill_stream() -> bytes:
    texts: list[dict[str, object]] = [
        {"index": 0, "content": f" word{number}", "tokens": [], "stop": False}
        for number in range(EVENTS)
    ]
    return sse(*texts, {"content": "", "stop": True, "stop_type": "eos"})


def pieces(stream: bytes) -> Iterator[bytes]:
    return (stream[start : start + PIECE] for start in range(0, len(stream), PIECE))


def best_seconds(once: Callable[[], int]) -> float:
    best = float("inf")
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        count = once()
        best = min(best, time.perf_counter() - begun)
        assert count >= EVENTS
    return best


def ours(make: Callable[[], Parser], stream: bytes) -> Callable[[], int]:
    def once() -> int:
        parser = make()
        return sum(len(parser.feed(piece)) for piece in pieces(stream)) + len(parser.close())

    return once


def sdk_client(stream: bytes) -> httpx2.Client:
    def answer(_request: httpx2.Request) -> httpx2.Response:
        headers = {"content-type": "text/event-stream"}
        return httpx2.Response(200, headers=headers, content=pieces(stream))

    return httpx2.Client(transport=httpx2.MockTransport(answer))


def open_sdk(wire: str, stream: bytes) -> Callable[[], int] | None:
    """A function that reads the stream with the SDK of that wire; None where there is none."""
    http = sdk_client(stream)
    if wire == "anthropic-messages":
        say = anthropic.Anthropic(api_key="x", http_client=http).messages.create
        return lambda: sum(1 for _ in say(model="m", max_tokens=9, messages=[], stream=True))
    client = openai.OpenAI(api_key="x", http_client=http)
    match wire:
        case "openai-chat":
            make = client.chat.completions.create
            return lambda: sum(1 for _ in make(model="m", messages=[], stream=True))
        case "openai-completions":
            complete = client.completions.create
            return lambda: sum(1 for _ in complete(model="m", prompt="hi", stream=True))
        case "openai-responses":
            respond = client.responses.create
            return lambda: sum(1 for _ in respond(model="m", input="hi", stream=True))
        case _:
            return None


def main() -> None:
    quirks = Quirks()
    cases: dict[str, tuple[Callable[[], Parser], bytes]] = {
        "openai-chat": (lambda: CHAT["openai-chat"].chat_parser(quirks), chat_stream()),
        "openai-completions": (
            lambda: COMPLETION["openai-completions"].completion_parser(quirks),
            completion_stream(),
        ),
        "openai-responses": (
            lambda: CHAT["openai-responses"].chat_parser(quirks),
            response_stream(),
        ),
        "anthropic-messages": (
            lambda: CHAT["anthropic-messages"].chat_parser(quirks),
            message_stream(),
        ),
        "ollama": (lambda: CHAT["ollama"].chat_parser(quirks), ollama_stream()),
        "llamacpp": (
            lambda: COMPLETION["llamacpp"].completion_parser(quirks),
            infill_stream(),
        ),
    }
    print(f"{'wire':22}{'events/s':>12}{'SDK events/s':>16}{'times':>9}")
    for wire, (make, stream) in cases.items():
        mine = EVENTS / best_seconds(ours(make, stream))
        read = open_sdk(wire, stream)
        theirs = EVENTS / best_seconds(read) if read else None
        beside = f"{theirs:16,.0f}{mine / theirs:9.1f}" if theirs else f"{'-':>16}{'-':>9}"
        print(f"{wire:22}{mine:12,.0f}{beside}")


if __name__ == "__main__":
    main()
