import json
from datetime import UTC, datetime

from refact_lsp.llm.failures import classify, retry_after_ms
from tests.rows import every_row


def said(message: str, **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


CASES = [
    (401, said("Incorrect API key provided"), "authentication"),
    (401, {"detail": "Could not parse your token."}, "authentication"),
    (400, {"code": "invalid-argument", "error": "Incorrect API key provided"}, "authentication"),
    (400, [said("API key not valid.", status="INVALID_ARGUMENT")], "authentication"),
    (400, {"base_resp": {"status_code": 1008, "status_msg": "balance"}}, "billing"),
    (403, said("not your region", type="permission_error"), "permission"),
    (403, said("no"), "permission"),
    (403, said("input was flagged by moderation"), "contentFilter"),
    (402, said("pay"), "billing"),
    (429, said("You exceeded your current quota", code="insufficient_quota"), "billing"),
    (400, said("Your credit balance is too low", type="invalid_request_error"), "billing"),
    (429, {"code": "1113", "message": "Insufficient balance"}, "billing"),
    (429, said("slow down", type="rate_limit_error"), "rateLimited"),
    (429, {}, "rateLimited"),
    (
        429,
        said("You exceeded your current quota. Please retry in 34s", details=[]),
        "rateLimited",
    ),
    (529, said("Overloaded", type="overloaded_error"), "overloaded"),
    (500, said("boom"), "overloaded"),
    (503, {"error": "model is loading"}, "overloaded"),
    (504, {}, "timeout"),
    (408, {}, "timeout"),
    (413, {}, "contextTooLong"),
    (400, said("This model's maximum context length is 8192 tokens"), "contextTooLong"),
    (400, said("prompt is too long: 210000 tokens > 200000 maximum"), "contextTooLong"),
    (400, said("The input token count (9) exceeds the maximum number"), "contextTooLong"),
    (400, said("the request exceeds the available context size"), "contextTooLong"),
    (400, said("too long", type="too_many_prompt_tokens"), "contextTooLong"),
    (500, {"error": "input length exceeds the context length"}, "contextTooLong"),
    (500, said("input (4002 tokens) is too large to process.", code=500), "contextTooLong"),
    (404, said("model: claude-x", type="not_found_error"), "modelNotFound"),
    (400, said("The supported API model names are a or b, but you passed c."), "modelNotFound"),
    (404, {"error": "model 'qwen' not found, try pulling it first"}, "modelNotFound"),
    (400, said("x/y is not a valid model ID", code=400), "modelNotFound"),
    (400, {"message": "Invalid model: y", "type": "invalid_model"}, "modelNotFound"),
    (404, {"detail": "Not Found"}, "invalidRequest"),
    (400, said("Data may contain inappropriate content"), "contentFilter"),
    (400, said("bad", code="content_policy_violation"), "contentFilter"),
    (422, {"detail": [{"loc": ["body"], "msg": "field required"}]}, "invalidRequest"),
    (501, {}, "unsupported"),
    (500, said("image input is not supported - hint: load a projector"), "unsupported"),
    (500, said("tools param requires --jinja flag", type="server_error"), "unsupported"),
    (200, said("Overloaded", type="overloaded_error"), "overloaded"),
    (200, said("upstream died", code=502), "overloaded"),
    (200, said("slow", code="429"), "rateLimited"),
    (200, said("who knows"), "overloaded"),
    (302, {}, "badResponse"),
]


@every_row(("status", "body", "kind"), CASES)
def test_each_vendors_words_give_their_kind(status: int, body: object, kind: str):
    problem = classify(status, {}, json.dumps(body).encode(), "p")
    assert problem.kind == kind
    assert problem.hint
    assert problem.provider == "p"


def test_a_quota_that_comes_back_by_itself_is_a_rate_limit():
    body = json.dumps(said("You exceeded your current quota", details=[{"retryDelay": "34s"}]))
    problem = classify(429, {}, body.encode(), "p")
    assert (problem.kind, problem.retry_after_ms) == ("rateLimited", 34_000)


def test_a_web_page_is_told_by_its_title():
    problem = classify(200, {}, b"\n<!DOCTYPE html><title>Sign in</title>", "p")
    assert problem.kind == "badResponse"
    assert "Sign in" in problem.message
    assert "base URL" in (problem.hint or "")


def test_an_empty_body_is_a_problem_that_says_so():
    problem = classify(200, {}, b"  ", "p")
    assert (problem.kind, problem.message) == ("badResponse", "The answer was empty.")


def test_a_redirect_names_the_host_and_not_the_query():
    problem = classify(307, {"location": "https://other.example/v1?key=abc"}, b"", "p")
    assert "https://other.example" in problem.message
    assert "abc" not in problem.message


def test_a_gateways_text_comes_with_what_it_wraps():
    body = said("Provider returned error", code=429, metadata={"raw": "busy upstream"})
    message = classify(429, {}, json.dumps(body).encode(), "p").message
    assert "Provider returned error - busy upstream" in message


@every_row(
    ("message", "field"),
    [
        ("Unsupported parameter: 'max_tokens' is not supported", "max_tokens"),
        ("Unrecognized request argument supplied: stream_options", "stream_options"),
        ("`temperature` is deprecated for this model.", "temperature"),
        ("property 'parallel_tool_calls' is unsupported", "parallel_tool_calls"),
    ],
)
def test_a_refused_parameter_is_named(message: str, field: str):
    assert classify(400, {}, json.dumps(said(message)).encode()).field == field


def test_a_hostile_text_costs_no_time_to_speak_of():
    """A pattern that may stretch as it likes would take minutes."""
    body = json.dumps(said("unknown parameter " * 3000)).encode()
    assert classify(400, {}, body).kind == "invalidRequest"


def test_secrets_that_a_server_echoes_are_cut_out():
    body = json.dumps(said("bad key hunter2hunter2 and sk-proj-abcdefghijklmnopqrst")).encode()
    message = classify(401, {}, body, secrets=("hunter2hunter2",)).message
    assert "hunter2" not in message
    assert "abcdef" not in message


@every_row(
    ("headers", "wait_ms"),
    [
        ({"retry-after": "3"}, 3000),
        ({"retry-after": "0.25"}, 250),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1500),
        ({"retry-after": "-5"}, 0),
        ({"retry-after": "1e30"}, None),
        ({"retry-after": "-inf"}, 0),
        ({"retry-after": "1 Jan 99999999999999999999 00:00 GMT"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
        (
            {
                "retry-after": "Wed, 25 Nov 2026 10:00:30 GMT",
                "date": "Wed, 25 Nov 2026 10:00:00 GMT",
            },
            30_000,
        ),
        ({"retry-after": "Wed, 25 Nov 2026 10:00:10 GMT"}, 9000),
    ],
)
def test_retry_after_is_read_in_all_its_forms(headers: dict[str, str], wait_ms: int | None):
    now = datetime(2026, 11, 25, 10, 0, 1, tzinfo=UTC)
    assert retry_after_ms(headers, b"", now=now) == wait_ms


def test_the_vendors_words_tell_the_wait_where_no_header_does():
    assert retry_after_ms({}, b"Please try again in 1.5s. More text") == 1500
