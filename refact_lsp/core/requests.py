"""What a feature asks of a model, in no vendor's words. `llm/wire` turns these into bytes."""

from collections.abc import Sequence

from refact_lsp.core.parts import Message, Tool
from refact_lsp.core.types import Capabilities, CompletionMethod, ReasoningLevel, Value


class ChatRequest(Value, frozen=True, kw_only=True):
    """One chat completion; parts that need the disk (files, searches, image URIs) are resolved."""

    model: str
    messages: Sequence[Message]
    capabilities: Capabilities
    system: str | None = None
    tools: Sequence[Tool] = ()
    max_tokens: int | None = None
    temperature: float | None = None
    reasoning: ReasoningLevel | None = None
    stop: Sequence[str] = ()


class ContextFile(Value, frozen=True, kw_only=True):
    """A piece of another file for routes that take such pieces by themselves."""

    path: str
    text: str


class CompletionRequest(Value, frozen=True, kw_only=True):
    """Fill in the middle.

    `prefix` and `suffix` are for routes that place them themselves (`suffix`, `infill`);
    `prompt` is the text already laid out for the family (`template`).
    """

    model: str
    method: CompletionMethod
    prefix: str
    suffix: str
    max_tokens: int
    prompt: str | None = None
    extra: Sequence[ContextFile] = ()
    stop: Sequence[str] = ()
    temperature: float = 0.0
    context_window: int | None = None


class EmbeddingRequest(Value, frozen=True, kw_only=True):
    """Vectors for `inputs`; `purpose` matters to models that embed queries differently."""

    model: str
    inputs: Sequence[str]
    dimensions: int | None = None
    purpose: str = "document"
