"""Vendors' words for why an answer ended, in one table."""

from refact_lsp.core.events import Finished
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.types import FinishReason

_WORDS: dict[FinishReason, str] = {
    "stop": "stop end_turn stop_sequence eos eos_token completed complete finish_reason_stop done"
    " pause_turn load unload",
    "length": "length max_tokens model_length max_output_tokens incomplete"
    " model_context_window_exceeded max_length limit",
    "toolCalls": "tool_calls tool_use function_call tool_call",
    "contentFilter": "content_filter refusal safety sensitive recitation blocklist"
    " prohibited_content spii guardrail_intervened image_safety language",
}
_REASONS: dict[str, FinishReason] = {
    word: reason for reason, words in _WORDS.items() for word in words.split()
}
# Words that end a stream without an answer: DeepSeek, Zhipu, vLLM, OpenRouter.
_FAILURES = frozenset(
    ["insufficient_system_resource", "network_error", "error", "abort", "failed", "cancelled"]
)


def finished(raw: str | None, *, has_calls: bool) -> Finished:
    """Map the vendor's word; an answer that holds calls ends for them, unless it was cut."""
    word = (raw or "stop").lower().replace("-", "_")
    if word in _FAILURES:
        raise stopped(raw)
    reason = _REASONS.get(word, "stop")
    if reason in ("stop", "toolCalls"):
        reason = "toolCalls" if has_calls else "stop"
    return Finished(reason=reason, raw=raw)


def is_cut(raw: str | None) -> bool:
    """Tell whether the answer ended at a length limit."""
    return _REASONS.get((raw or "").lower().replace("-", "_")) == "length"


def stopped(raw: str | None) -> RefactError:
    """Make the error for an answer that the server broke off."""
    return refuse(
        "overloaded",
        f"The server broke the answer off ({raw}).",
        "Try again in a moment; the provider's status page may tell more.",
    )
