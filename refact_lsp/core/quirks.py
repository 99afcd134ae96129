"""Typed departures of an endpoint from its wire format. A field says its default in its comment.

Registry files set them (`[quirks]`); wire formats branch on them, never on a provider's name.
A test refuses a field that no registry file sets.
"""

from typing import Any, Literal

import msgspec

ReasoningStyle = Literal[
    "effort",  # reasoning_effort: "low"                        OpenAI, Groq, xAI, Mistral
    "reasoning",  # reasoning: {effort | max_tokens | enabled}  OpenRouter
    "thinking",  # thinking: {type: enabled | disabled}, beside it reasoning_effort where the model
    #              has levels                                   DeepSeek, GLM, Kimi, Doubao
    "enable-thinking",  # enable_thinking, thinking_budget      Qwen
    "chat-template",  # chat_template_kwargs: {enable_thinking} vLLM, llama.cpp, SGLang
    "google",  # extra_body.google.thinking_config              Gemini's OpenAI-compatible route
]
ReplayField = Literal[
    "reasoning_content",  # a string beside the content         DeepSeek, Kimi, GLM, Qwen
    "reasoning",  # the same under another name                 Groq, vLLM, Ollama
    "reasoning_details",  # OpenRouter's list, as it came; text only where no list came
    "thinking-part",  # a part of the content list              Mistral
    "extra_content",  # signatures beside content and calls     Gemini
    "reasoning_opaque",  # sealed thinking beside its gist      GitHub Copilot
]
EmbeddingShape = Literal["openai", "voyage", "jina", "cohere"]
# How a provider lists its models; read by llm/wire/model_lists.py, named in a registry file.
ModelListShape = Literal[
    "openai",
    "ollama",
    "lmstudio",
    "openrouter",
    "anthropic",
    "gemini",
    "copilot",
    "mistral",
    "llamacpp",
    "vllm",
]
# How a server is asked to count tokens (llm/wire/token_counts.py): texts at the route `tokenize`,
# or a whole request at `count_tokens`.
TokenCountShape = Literal["llamacpp", "vllm", "anthropic-messages", "openai-responses"]


class Quirks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All default to the plain behaviour of the wire format."""

    # openai-chat: name of the token limit. Default "max_tokens"; OpenAI itself wants the other.
    max_tokens_field: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    # openai-chat: role of the system text. Default "system".
    system_role: Literal["system", "developer"] = "system"
    # openai-chat, openai-completions: asks for usage by `stream_options`. Default true.
    stream_options: bool = True
    # Most stop strings the server takes; the rest is left to the caller's own trimming. Default:
    # any number.
    max_stops: int | None = None
    # openai-chat: length of a tool call's id that the server insists on; ids that differ are
    # replaced by a digest of that many letters and digits. Default: any id.
    tool_id_length: int | None = None
    # The temperature is left out while the model thinks. Default false; anthropic-messages never
    # sends one.
    thinking_fixes_temperature: bool = False
    # Constant fields laid into every chat body; what the wire format sets itself wins. Default
    # none.
    chat_extra: dict[str, Any] = {}

    # openai-chat: how thinking is asked for. Default "effort".
    reasoning_style: ReasoningStyle = "effort"
    # openai-chat: where earlier thinking is sent back. Default: it is not.
    reasoning_replay: ReplayField | None = None
    # openai-chat: which thinking is sent back: of the running tool loop only, or of the whole
    # thread. Default "tools".
    reasoning_replay_scope: Literal["tools", "always"] = "tools"
    # Text between <think> (or <thought>) and its closing tag at the head of an answer is thinking.
    # Default false.
    think_tags: bool = False
    # openai-responses: asks for encrypted thinking and replays it. Default true.
    encrypted_reasoning: bool = True

    # anthropic-messages: marks the prompt for caching. Default true.
    cache_markers: bool = True
    # anthropic-messages: `anthropic-beta` header sent with thinking between tool calls. Default
    # none.
    interleaved_thinking_beta: str | None = None

    # openai-chat, openai-responses, anthropic-messages: header that says whether the user or a tool
    # loop began the request ("user", "agent"). Default: not sent.
    initiator_header: str | None = None
    # The same three: header set to "true" where a message holds an image. Default: not sent.
    vision_header: str | None = None

    # ollama: window to load the model with; never above the model's own. Default: the server's.
    num_ctx: int | None = None
    # ollama: how long the model stays loaded: seconds, or a duration such as "5m"; -1 is for ever.
    # Default: the server's.
    keep_alive: int | str | None = None

    # openai-embeddings: names of the fields. Default "openai".
    embedding_shape: EmbeddingShape = "openai"
    # Most texts the server embeds in one request. Default: any number.
    embedding_batch: int | None = None
