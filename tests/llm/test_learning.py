import json
from typing import Any

import pytest

from refact_lsp.llm.adjustments import AtMost, Remembered, apply
from refact_lsp.llm.learning import learn
from tests.rows import every_row

BODY: dict[str, Any] = {
    "model": "m",
    "messages": [
        {"role": "system", "content": "s"},
        {"role": "developer", "content": "d"},
        {"role": "assistant", "content": "a", "reasoning_content": "r"},
    ],
    "max_tokens": 100_000,
    "max_output_tokens": 5,
    "temperature": 0.2,
    "top_p": 0.9,
    "stop": ["1", "2", "3", "4", "5"],
    "stream": True,
    "stream_options": {"include_usage": True},
    "parallel_tool_calls": True,
    "reasoning_effort": "minimal",
    "reasoning": {"effort": "minimal"},
    "tools": [{"type": "function", "function": {"name": "f", "strict": True}}],
}


def openai(message: str, **more: str | None) -> str:
    return json.dumps({"error": {"message": message, "type": "invalid_request_error", **more}})


def after(body: dict[str, Any], answer: str) -> dict[str, Any]:
    request = json.dumps(body).encode()
    adjustment = learn(request, answer.encode())
    return json.loads(apply(request, [adjustment])) if adjustment else body


def changed(answer: str) -> dict[str, Any]:
    """Give what differs from BODY, None for what is gone."""
    now = after(BODY, answer)
    return {k: now.get(k) for k in BODY | now if now.get(k) != BODY.get(k)}


@every_row(
    ("answer", "difference"),
    [
        (
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead.",
                param="max_tokens",
            ),
            {"max_tokens": None, "max_completion_tokens": 100_000},
        ),
        (
            openai(
                "Unsupported value: 'temperature' does not support 0.2 with this model. Only the "
                "default (1) value is supported.",
                param="temperature",
            ),
            {"temperature": None},
        ),
        (
            openai("Unrecognized request argument supplied: stream_options"),
            {"stream_options": None},
        ),
        (openai("Unknown parameter: 'parallel_tool_calls'."), {"parallel_tool_calls": None}),
        (
            json.dumps({"detail": "Unsupported parameter: max_output_tokens"}),
            {"max_output_tokens": None},
        ),
        (
            json.dumps(
                {
                    "detail": [
                        {
                            "type": "extra_forbidden",
                            "loc": ["body", "stream_options"],
                            "msg": "Extra inputs are not permitted",
                        }
                    ]
                }
            ),
            {"stream_options": None},
        ),
        (openai("stream_options: Extra inputs are not permitted"), {"stream_options": None}),
        (openai("property 'stream_options' is unsupported"), {"stream_options": None}),
        (
            openai(
                'Invalid JSON payload received. Unknown name "stream_options": Cannot find field.'
            ),
            {"stream_options": None},
        ),
        (openai("`temperature` is deprecated for this model."), {"temperature": None}),
        (
            openai("`temperature` and `top_p` cannot both be specified for this model."),
            {"top_p": None},
        ),
        (
            openai(
                "max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens"
            ),
            {"max_tokens": 8192},
        ),
        (
            openai(
                "max_tokens is too large: 100000. This model supports at most 16384 completion "
                "tokens, whereas you provided 100000."
            ),
            {"max_tokens": 16384},
        ),
        (
            openai("`max_tokens` must be less than or equal to `8192`, the maximum"),
            {"max_tokens": 8192},
        ),
        (
            openai("Invalid max_tokens value, the valid range of max_tokens is [1, 8192]"),
            {"max_tokens": 8192},
        ),
        (
            openai(
                "Invalid 'stop': array too long. Expected an array with maximum length 4, but got "
                "an array with length 5 instead.",
                param="stop",
            ),
            {"stop": ["1", "2", "3", "4"]},
        ),
        (
            openai(
                "Unsupported value: 'reasoning_effort' does not support 'minimal' with this model. "
                "Supported values are: 'low', 'medium', and 'high'.",
                param="reasoning_effort",
            ),
            {"reasoning_effort": "low"},
        ),
        (
            openai(
                "Invalid value: 'minimal'. Supported values are: 'low', 'medium', and 'high'.",
                param="reasoning.effort",
            ),
            {"reasoning": {"effort": "low"}},
        ),
        (
            openai("`reasoning_effort` must be one of [`none`, `default`]"),
            {"reasoning_effort": "none"},
        ),
        (openai("参数temperature is not supported"), {"temperature": None}),
    ],
)
def test_what_a_server_refuses_is_changed_and_nothing_else(answer: str, difference: object):
    assert changed(answer) == difference


def test_a_parameter_deep_in_a_list_is_dropped_in_all_of_it():
    body = after(BODY, openai("Unknown parameter: 'tools[0].function.strict'."))
    assert body["tools"] == [{"type": "function", "function": {"name": "f"}}]
    body = after(
        BODY,
        openai(
            "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : "
            "property 'reasoning_content' is unsupported)]"
        ),
    )
    assert body["messages"][2] == {"role": "assistant", "content": "a"}


@pytest.mark.parametrize(
    ("answer", "roles"),
    [
        (
            "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
            ["user", "developer", "assistant"],
        ),
        (
            "messages[1].role: unknown variant `developer`, expected one of `system`, `user`",
            ["system", "system", "assistant"],
        ),
    ],
)
def test_an_unknown_role_is_sent_in_another(answer: str, roles: list[str]):
    assert [message["role"] for message in after(BODY, openai(answer))["messages"]] == roles


@every_row(
    "answer",
    [
        openai("Unknown parameter: 'messages'."),
        openai("Unknown parameter: 'tools'."),
        openai("model is not supported"),
        openai("Unknown parameter: 'not_in_the_request'."),
        openai("maximum context length is 8192 tokens"),
        openai("Incorrect API key provided"),
        *(openai(f"Unknown parameter: '{name}'") for name in ("body", "$", "tools[0]")),
        *(openai(f"{name}: 9 > 3") for name in ("body", "$.tools.0", "stream_options")),
        openai(f"max_tokens: 9 > {'3' * 5000}"),
        "",
        "<html>",
        "[" * 100_000,
    ],
)
def test_what_was_asked_is_never_dropped_and_nothing_is_guessed(answer: str):
    assert changed(answer) == {}


def test_what_was_learned_is_remembered_for_that_model_alone():
    memory = Remembered()
    memory.remember("p", "m", AtMost(path=("max_tokens",), limit=5))
    assert json.loads(apply(b'{"max_tokens":9}', memory.recall("p", "m"))) == {"max_tokens": 5}
    assert apply(b'{"max_tokens":9}', memory.recall("p", "other")) == b'{"max_tokens":9}'


def test_a_hostile_answer_costs_no_time_to_speak_of():
    assert changed("a" * 60_000 + "'" * 2_000 + "[" * 2_000) == {}
    assert changed("x is not supported " * 3000) == {}
