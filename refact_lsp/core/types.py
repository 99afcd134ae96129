"""The nouns that every layer shares: roles, model references, capabilities, usage.

Shapes are those of the `refact/*` protocol (camelCase on the wire); no behaviour beyond parsing.
"""

from decimal import Decimal
from typing import Literal

import msgspec

from refact_lsp.core.problems import refuse

Role = Literal["chat", "light", "thinking", "buddy", "completion", "embedding"]
ROLES: tuple[Role, ...] = ("chat", "light", "thinking", "buddy", "completion", "embedding")

Wire = Literal[
    "openai-chat",
    "openai-responses",
    "anthropic-messages",
    "openai-completions",
    "ollama",
    "llamacpp",
    "openai-embeddings",
    "codex-exec",  # the JSON lines of a vendor's own program, which is run instead of asked
    "claude-print",
    "embedded",  # the n-gram model inside this process; no address, no wire
]
Locality = Literal["machine", "network", "cloud"]
CapabilitySource = Literal["api", "registry", "family", "default", "user"]
ReasoningLevel = Literal["off", "minimal", "low", "medium", "high", "max"]
CompletionMethod = Literal["none", "suffix", "template", "infill", "chat"]
ModelKind = Literal["chat", "completion", "embedding", "next-edit"]
FinishReason = Literal["stop", "length", "toolCalls", "contentFilter", "cancelled", "limit"]


class Value(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of the protocol's plain values."""


class Reasoning(Value, frozen=True, kw_only=True):
    """How a model thinks, and how that is steered; budgets in tokens."""

    kind: Literal["none", "effort", "budget", "toggle", "always"]
    levels: tuple[str, ...] | None = None
    min_budget: int | None = None
    max_budget: int | None = None


class CompletionSupport(Value, frozen=True, kw_only=True):
    """How a model fills in the middle, if it does."""

    method: CompletionMethod
    family: str | None = None


class EmbeddingSupport(Value, frozen=True, kw_only=True):
    """Vector length, and the most tokens one input may have."""

    dimensions: int
    max_input: int


class Price(Value, frozen=True, kw_only=True):
    """US dollars per million tokens, as decimal strings on the wire."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None


class Capabilities(Value, frozen=True, kw_only=True):
    """What a model can do; token counts where the name says no unit."""

    context_window: int
    max_output: int
    tools: bool
    structured_output: bool
    agent: bool
    vision: bool
    pdf: bool
    audio: bool
    reasoning: Reasoning
    temperature: bool
    tokenizer: str
    completion: CompletionSupport
    embedding: EmbeddingSupport | None = None
    price: Price | None = None
    knowledge_cutoff: str | None = None
    status: Literal["active", "preview", "deprecated"]


class CapabilityPatch(Value, frozen=True, kw_only=True):
    """Some capability fields: what a server told, or what the user overrides; absent is unsaid."""

    context_window: int | None = None
    max_output: int | None = None
    tools: bool | None = None
    structured_output: bool | None = None
    agent: bool | None = None
    vision: bool | None = None
    pdf: bool | None = None
    audio: bool | None = None
    reasoning: Reasoning | None = None
    temperature: bool | None = None
    tokenizer: str | None = None
    completion: CompletionSupport | None = None
    embedding: EmbeddingSupport | None = None
    price: Price | None = None
    knowledge_cutoff: str | None = None
    status: Literal["active", "preview", "deprecated"] | None = None


class Told(CapabilityPatch, frozen=True, kw_only=True):
    """What a server tells of one of its models, beside capabilities.

    `kind` is what the model is for, `wires` are the formats of its own endpoints in the server's
    order, `base` is the model that an alias stands for, `max_input` the most tokens that one
    request may have where that is less than the window.
    """

    kind: ModelKind | None = None
    wires: tuple[Wire, ...] = ()
    base: str | None = None
    max_input: int | None = None


class Usage(Value, frozen=True, kw_only=True):
    """Tokens of one request: `input_tokens` counts all read, `output_tokens` all written."""

    input_tokens: int
    output_tokens: int
    cache_read_tokens: int | None = None
    cache_write_tokens: int | None = None
    reasoning_tokens: int | None = None


class ModelRef(msgspec.Struct, frozen=True):
    """`provider/model`; the model part may itself hold `/` and `:`."""

    provider: str
    name: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.name}"


def parse_model_ref(text: str) -> ModelRef:
    """Split `provider/model` at the first slash; raises `invalidRequest` where there is none."""
    provider, slash, name = text.partition("/")
    if not (provider and slash and name):
        raise refuse(
            "invalidRequest",
            f"{text!r} is not a model reference.",
            "Write it as provider/model, for example ollama/qwen2.5-coder:7b.",
            field="model",
        )
    return ModelRef(provider, name)
