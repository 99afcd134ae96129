"""Streams of our own, one or more a wire, written from the vendors' documentation."""

import json

from tests.llm.wire.reading import sse


def chunk(delta: object, finish: str | None = None, **more: object) -> dict[str, object]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c1", "choices": [choice], **more}


def call(arguments: object, *, name: object = None, **more: object) -> dict[str, object]:
    return {"tool_calls": [{**more, "function": {"name": name, "arguments": arguments}}]}


CHAT = sse(
    chunk({"role": "assistant", "content": ""}),
    chunk({"reasoning_content": "Let me "}),
    chunk({"reasoning_content": "think — ü."}),
    chunk({"content": "Héllo "}),
    chunk({"content": "wörld 🎉"}),
    chunk(call("", name="now", index=0, id="a")),
    chunk(call('{"zone":', index=0)),
    chunk(call(' "UTC"}', index=0)),
    chunk(call("", name="go", index=1, id="b")),
    chunk(call(None, index=1)),
    chunk({}, "tool_calls"),
    {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 5, "total_tokens": 14}},
)

MESSAGES = sse(
    {"type": "message_start", "message": {"id": "m1", "usage": {"input_tokens": 3}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking"}},
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "thinking_delta", "thinking": "Hm ü"},
    },
    {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": "c2ln"},
    },
    {"type": "content_block_stop", "index": 0},
    {"type": "ping"},
    {
        "type": "content_block_start",
        "index": 1,
        "content_block": {"type": "redacted_thinking", "data": "xyz"},
    },
    {"type": "content_block_stop", "index": 1},
    {"type": "content_block_start", "index": 2, "content_block": {"type": "text", "text": ""}},
    {
        "type": "content_block_delta",
        "index": 2,
        "delta": {"type": "text_delta", "text": "Look 🎉"},
    },
    {"type": "content_block_stop", "index": 2},
    {
        "type": "content_block_start",
        "index": 3,
        "content_block": {"type": "tool_use", "id": "t1", "name": "now", "input": {}},
    },
    {
        "type": "content_block_delta",
        "index": 3,
        "delta": {"type": "input_json_delta", "partial_json": '{"zone": '},
    },
    {
        "type": "content_block_delta",
        "index": 3,
        "delta": {"type": "input_json_delta", "partial_json": '"UTC"}'},
    },
    {"type": "content_block_stop", "index": 3},
    {
        "type": "content_block_start",
        "index": 4,
        "content_block": {"type": "tool_use", "id": "t2", "name": "go", "input": {}},
    },
    {"type": "content_block_stop", "index": 4},
    {
        "type": "message_delta",
        "delta": {"stop_reason": "tool_use"},
        "usage": {"output_tokens": 7, "cache_read_input_tokens": 4},
    },
    {"type": "message_stop"},
    done=False,
)

RESPONSES = sse(
    {"type": "response.created", "response": {"id": "r1", "status": "in_progress"}},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Hm ü"},
    {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {
            "type": "reasoning",
            "id": "rs_1",
            "summary": [{"type": "summary_text", "text": "Hm ü"}],
            "encrypted_content": "xyz",
        },
    },
    {"type": "response.output_text.delta", "output_index": 1, "delta": "Look 🎉"},
    {"type": "response.output_item.done", "output_index": 1, "item": {"type": "message"}},
    {"type": "response.function_call_arguments.delta", "output_index": 2, "delta": "{}"},
    {
        "type": "response.output_item.done",
        "output_index": 2,
        "item": {"type": "function_call", "call_id": "k", "name": "now", "arguments": "{}"},
    },
    {
        "type": "response.completed",
        "response": {
            "id": "r1",
            "status": "completed",
            "output": [],
            "usage": {
                "input_tokens": 9,
                "output_tokens": 5,
                "input_tokens_details": {"cached_tokens": 4},
                "output_tokens_details": {"reasoning_tokens": 2},
            },
        },
    },
    done=False,
)

OLLAMA = b"".join(
    json.dumps(line).encode() + b"\n"
    for line in (
        {"created_at": "t", "message": {"thinking": "Hm ü"}},
        {"message": {"content": "Look 🎉"}},
        {"message": {"tool_calls": [{"function": {"name": "now", "arguments": {"z": 1}}}]}},
        {"message": {"tool_calls": [{"function": {"name": "go", "arguments": None}}]}},
        {"message": {"content": ""}, "done": True, "done_reason": "stop", "eval_count": 5}
        | {"prompt_eval_count": 9},
    )
)

INFILL = sse(
    {"content": "a + ", "stop": False},
    {"content": "b", "stop": False},
    {
        "content": "",
        "stop": True,
        "stop_type": "limit",
        "tokens_evaluated": 9,
        "tokens_predicted": 2,
    },
    done=False,
)

COMPLETION = sse(
    {"choices": [{"text": "a + ", "index": 0}]},
    {"choices": [{"text": "b", "index": 0, "finish_reason": "stop"}]},
)
