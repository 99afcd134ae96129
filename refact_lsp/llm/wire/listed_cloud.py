"""What clouds say of their models beyond OpenAI's list, each vendor in its own words."""

from decimal import Decimal, InvalidOperation

import msgspec

from refact_lsp.core.types import CapabilityPatch, CompletionSupport, Price, Reasoning, Wire
from refact_lsp.llm.wire.listed import (
    KIND_OF_TYPE,
    ListedKind,
    ListedModel,
    entry_of,
    id_of,
    read_openai,
)


class _Architecture(msgspec.Struct):
    input_modalities: list[str] = []
    output_modalities: list[str] = []


class _Pricing(msgspec.Struct):
    prompt: str | float | None = None
    completion: str | float | None = None
    input_cache_read: str | float | None = None
    input_cache_write: str | float | None = None


class _TopProvider(msgspec.Struct):
    context_length: int | None = None
    max_completion_tokens: int | None = None


class _OpenRouter(msgspec.Struct):
    """https://openrouter.ai/docs/api-reference/list-available-models."""

    name: str | None = None
    context_length: int | None = None
    architecture: _Architecture | None = None
    pricing: _Pricing | None = None
    top_provider: _TopProvider | None = None
    supported_parameters: list[str] | None = None


# OpenRouter maps these to whatever the model itself takes.
_ROUTED_EFFORTS = ("off", "minimal", "low", "medium", "high", "xhigh")


def read_openrouter(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _OpenRouter)
    top = said.top_provider or _TopProvider()
    taken = None if said.supported_parameters is None else set(said.supported_parameters)
    inputs = said.architecture.input_modalities if said.architecture else None
    outputs = said.architecture.output_modalities if said.architecture else []
    facts = CapabilityPatch(
        context_window=top.context_length or said.context_length,
        max_output=top.max_completion_tokens,
        vision=None if inputs is None else "image" in inputs,
        pdf=None if inputs is None else "file" in inputs,
        audio=None if inputs is None else "audio" in inputs,
        price=_price(said.pricing),
    )
    if taken is not None:
        thinks = bool(taken & {"reasoning", "include_reasoning", "reasoning_effort"})
        effort = Reasoning(kind="effort", levels=_ROUTED_EFFORTS)
        facts = msgspec.structs.replace(
            facts,
            tools="tools" in taken,
            structured_output="structured_outputs" in taken,
            temperature="temperature" in taken,
            reasoning=effort if thinks else Reasoning(kind="none"),
        )
    kind: ListedKind = "other" if outputs and "text" not in outputs else "chat"
    if outputs == ["embeddings"]:
        kind = "embedding"
    return ListedModel(id=id_of(entry), display_name=said.name, kind=kind, facts=facts)


def _price(pricing: _Pricing | None) -> Price | None:
    """Turn dollars a token into dollars a million; a negative price means "it depends"."""
    if pricing is None:
        return None
    read, written = _per_million(pricing.prompt), _per_million(pricing.completion)
    if read is None or written is None:
        return None
    return Price(
        input=read,
        output=written,
        cache_read=_per_million(pricing.input_cache_read),
        cache_write=_per_million(pricing.input_cache_write),
    )


def _per_million(price: str | float | None) -> Decimal | None:
    try:
        dollars = Decimal(str(price)) * 1_000_000
    except InvalidOperation:
        return None
    return dollars.normalize() if dollars.is_finite() and dollars >= 0 else None


class _Supported(msgspec.Struct):
    supported: bool | None = None


class _Efforts(msgspec.Struct):
    supported: bool | None = None
    low: _Supported | None = None
    medium: _Supported | None = None
    high: _Supported | None = None
    xhigh: _Supported | None = None
    max: _Supported | None = None


class _ThinkingTypes(msgspec.Struct):
    adaptive: _Supported = msgspec.field(default_factory=_Supported)
    disabled: _Supported = msgspec.field(default_factory=_Supported)
    enabled: _Supported = msgspec.field(default_factory=_Supported)


class _Thinking(msgspec.Struct):
    supported: bool | None = None
    types: _ThinkingTypes = msgspec.field(default_factory=_ThinkingTypes)


class _AnthropicAbilities(msgspec.Struct):
    effort: _Efforts = msgspec.field(default_factory=_Efforts)
    thinking: _Thinking | None = None
    image_input: _Supported = msgspec.field(default_factory=_Supported)
    pdf_input: _Supported = msgspec.field(default_factory=_Supported)
    structured_outputs: _Supported = msgspec.field(default_factory=_Supported)


class _Anthropic(msgspec.Struct):
    """https://docs.anthropic.com/en/api/models-list."""

    display_name: str | None = None
    capabilities: _AnthropicAbilities | None = None
    max_input_tokens: int | None = None
    max_tokens: int | None = None
    lifecycle: str | None = None


def read_anthropic(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _Anthropic)
    able = said.capabilities or _AnthropicAbilities()
    facts = CapabilityPatch(
        context_window=said.max_input_tokens,
        max_output=said.max_tokens,
        vision=able.image_input.supported,
        pdf=able.pdf_input.supported,
        structured_output=able.structured_outputs.supported,
        reasoning=_anthropic_reasoning(able),
        status="deprecated" if said.lifecycle in ("deprecated", "retired") else None,
    )
    offered = said.lifecycle != "retired"
    return ListedModel(
        id=id_of(entry),
        display_name=said.display_name,
        kind="chat",
        facts=facts,
        offered=offered,
    )


def _anthropic_reasoning(able: _AnthropicAbilities) -> Reasoning | None:
    if able.thinking is None or able.thinking.supported is None:
        return None
    if not able.thinking.supported:
        return Reasoning(kind="none")
    types = able.thinking.types
    if types.adaptive.supported:
        named = ("low", "medium", "high", "xhigh", "max")
        levels = [n for n in named if (e := getattr(able.effort, n)) and e.supported]
        stops = ("off",) if types.disabled.supported else ()
        return Reasoning(kind="effort", levels=(*stops, *levels))
    return Reasoning(kind="budget", min_budget=1024) if types.enabled.supported else None


class _Gemini(msgspec.Struct, rename="camel"):
    """https://ai.google.dev/api/models."""

    name: str | None = None
    display_name: str | None = None
    input_token_limit: int | None = None
    output_token_limit: int | None = None
    supported_generation_methods: list[str] | None = None
    thinking: bool | None = None


def read_gemini(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _Gemini)
    if said.supported_generation_methods is None:
        return read_openai(entry)
    methods = set(said.supported_generation_methods)
    kind: ListedKind = "chat" if "generateContent" in methods else "other"
    if methods & {"embedContent", "batchEmbedContents"}:
        kind = "embedding"
    facts = CapabilityPatch(
        context_window=said.input_token_limit,
        max_output=said.output_token_limit,
        reasoning=Reasoning(kind="none") if said.thinking is False else None,
    )
    name = (said.name or "").removeprefix("models/")
    return ListedModel(id=name, display_name=said.display_name, kind=kind, facts=facts)


class _MistralAbilities(msgspec.Struct):
    completion_chat: bool | None = None
    completion_fim: bool | None = None
    function_calling: bool | None = None
    vision: bool | None = None


class _Mistral(msgspec.Struct):
    """https://docs.mistral.ai/api/#tag/models."""

    name: str | None = None
    max_context_length: int | None = None
    capabilities: _MistralAbilities = msgspec.field(default_factory=_MistralAbilities)
    deprecation: str | None = None
    aliases: list[str] = []


def read_mistral(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _Mistral)
    able = said.capabilities
    fim = CompletionSupport(method="suffix") if able.completion_fim else None
    kind: ListedKind | None = "chat" if able.completion_chat else None
    if able.completion_chat is False:
        kind = "completion" if able.completion_fim else "other"
    facts = CapabilityPatch(
        context_window=said.max_context_length,
        tools=able.function_calling,
        vision=able.vision,
        completion=fim,
        status="deprecated" if said.deprecation else None,
    )
    return ListedModel(id=id_of(entry), display_name=said.name, kind=kind, facts=facts)


class _CopilotVision(msgspec.Struct):
    supported_media_types: list[str] = []


class _CopilotLimits(msgspec.Struct):
    max_context_window_tokens: int | None = None
    max_prompt_tokens: int | None = None
    max_output_tokens: int | None = None
    max_inputs: int | None = None
    vision: _CopilotVision | None = None


class _CopilotSupports(msgspec.Struct):
    tool_calls: bool | None = None
    vision: bool | None = None
    structured_outputs: bool | None = None
    reasoning_effort: list[str] | None = None
    min_thinking_budget: int | None = None
    max_thinking_budget: int | None = None


class _CopilotAbilities(msgspec.Struct):
    type: str | None = None
    limits: _CopilotLimits = msgspec.field(default_factory=_CopilotLimits)
    supports: _CopilotSupports = msgspec.field(default_factory=_CopilotSupports)


class _Policy(msgspec.Struct):
    state: str | None = None


class _Copilot(msgspec.Struct):
    name: str | None = None
    capabilities: _CopilotAbilities = msgspec.field(default_factory=_CopilotAbilities)
    model_picker_enabled: bool | None = None
    policy: _Policy = msgspec.field(default_factory=_Policy)
    preview: bool = False
    supported_endpoints: list[str] = []


_WIRE_OF_ENDPOINT: dict[str, Wire] = {
    "/v1/messages": "anthropic-messages",
    "/chat/completions": "openai-chat",
    "/v1/chat/completions": "openai-chat",
    "/responses": "openai-responses",
    "/v1/responses": "openai-responses",
}
_REFUSED_STATES = ("disabled", "policy_disabled", "denied", "blocked", "not_entitled")


def read_copilot(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _Copilot)
    limits, able = said.capabilities.limits, said.capabilities.supports
    media = (limits.vision or _CopilotVision()).supported_media_types
    images = any(kind.startswith("image/") for kind in media)
    reasoning = Reasoning(kind="none") if able.tool_calls is not None else None
    if able.reasoning_effort:
        reasoning = Reasoning(kind="effort", levels=tuple(able.reasoning_effort))
    elif able.max_thinking_budget:
        least, most = able.min_thinking_budget, able.max_thinking_budget
        reasoning = Reasoning(kind="budget", min_budget=least, max_budget=most)
    facts = CapabilityPatch(
        context_window=limits.max_context_window_tokens or limits.max_prompt_tokens,
        max_output=limits.max_output_tokens,
        tools=able.tool_calls,
        vision=able.vision if able.vision is not None else images or None,
        structured_output=able.structured_outputs,
        reasoning=reasoning,
        status="preview" if said.preview else None,
    )
    spoken = said.supported_endpoints
    wires: list[Wire] = [_WIRE_OF_ENDPOINT[path] for path in spoken if path in _WIRE_OF_ENDPOINT]
    allowed = said.policy.state not in _REFUSED_STATES
    return ListedModel(
        id=id_of(entry),
        display_name=said.name,
        kind=KIND_OF_TYPE.get(said.capabilities.type or ""),
        facts=facts,
        wires=tuple(dict.fromkeys(wires)),
        max_input=limits.max_prompt_tokens,
        offered=allowed and said.model_picker_enabled is not False,
    )
