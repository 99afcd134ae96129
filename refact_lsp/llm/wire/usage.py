"""Token counts of the OpenAI-like wires, in whichever field a vendor puts them, as one `Usage`."""

import msgspec

from refact_lsp.core.types import Usage

Count = int | float | None
_MOST_TOKENS = 1 << 31  # more than any model reads or writes; false for NaN, too


class ReadDetails(msgspec.Struct):
    """`prompt_tokens_details` and `input_tokens_details`."""

    cached_tokens: Count = None
    cache_write_tokens: Count = None


class WrittenDetails(msgspec.Struct):
    """`completion_tokens_details` and `output_tokens_details`."""

    reasoning_tokens: Count = None


class OpenAiUsage(msgspec.Struct):
    """All known spellings; a server fills some of them."""

    prompt_tokens: Count = None
    completion_tokens: Count = None
    input_tokens: Count = None
    output_tokens: Count = None
    total_tokens: Count = None
    prompt_tokens_details: ReadDetails | None = None
    input_tokens_details: ReadDetails | None = None
    completion_tokens_details: WrittenDetails | None = None
    output_tokens_details: WrittenDetails | None = None
    cached_tokens: Count = None  # Moonshot
    prompt_cache_hit_tokens: Count = None  # DeepSeek
    cache_read_input_tokens: Count = None  # gateways to Anthropic
    cache_creation_input_tokens: Count = None
    reasoning_tokens: Count = None


def first_count(*counts: Count) -> int | None:
    """Take the first count that a server gave and that can be true: what it says is paid for."""
    given = (count for count in counts if count is not None and 0 <= count < _MOST_TOKENS)
    return next((int(count) for count in given), None)


def openai_usage(usage: OpenAiUsage) -> Usage:
    """Normalise: all read, cached or not, and all written, thinking included."""
    read_details = usage.prompt_tokens_details or usage.input_tokens_details or ReadDetails()
    written_details = (
        usage.completion_tokens_details or usage.output_tokens_details or WrittenDetails()
    )
    read = first_count(usage.prompt_tokens, usage.input_tokens) or 0
    written = first_count(usage.completion_tokens, usage.output_tokens) or 0
    cached = first_count(
        read_details.cached_tokens,
        usage.cached_tokens,
        usage.prompt_cache_hit_tokens,
        usage.cache_read_input_tokens,
    )
    stored = first_count(read_details.cache_write_tokens, usage.cache_creation_input_tokens)
    thought = first_count(written_details.reasoning_tokens, usage.reasoning_tokens)
    total = first_count(usage.total_tokens) or 0
    gap = total - read - written
    from_cache = (cached or 0) + (stored or 0)
    apart = from_cache > read and not total
    if from_cache and (gap == from_cache or apart):
        read += from_cache  # a gateway that counts the cache apart
    elif gap > 0 and written:  # xAI, Gemini and Copilot count thinking apart
        written += gap
        thought = thought or gap
    return Usage(
        input_tokens=read,
        output_tokens=written,
        cache_read_tokens=cached,
        cache_write_tokens=stored,
        reasoning_tokens=thought,
    )
