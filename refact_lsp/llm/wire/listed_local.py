"""What runtimes on the user's own machines say of their models: lists, and details of one model.

A local server knows best: the window it loaded, not the one that the model was trained for.
"""

import re
from collections.abc import Mapping

import msgspec

from refact_lsp.core.types import (
    CapabilityPatch,
    CompletionSupport,
    EmbeddingSupport,
    Reasoning,
)
from refact_lsp.llm.wire.listed import (
    KIND_OF_TYPE,
    ListedKind,
    ListedModel,
    entry_of,
    id_of,
    read_openai,
)

_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)\s*$", re.MULTILINE)
_LEVELS = ("low", "medium", "high")


class _OllamaEntry(msgspec.Struct):
    capabilities: list[str] | None = None
    context_length: int | None = None


class _OllamaModel(msgspec.Struct):
    """https://github.com/ollama/ollama/blob/main/docs/api.md#show-model-information."""

    capabilities: list[str] | None = None
    model_info: dict[str, msgspec.Raw] = {}
    parameters: str | None = None
    template: str | None = None


class _OllamaRunning(msgspec.Struct):
    models: list[msgspec.Raw] = []


class _LmStudioLoaded(msgspec.Struct):
    context_length: int | None = None


class _LmStudioInstance(msgspec.Struct):
    config: _LmStudioLoaded = msgspec.field(default_factory=_LmStudioLoaded)


class _LmStudioAbilities(msgspec.Struct):
    vision: bool | None = None
    trained_for_tool_use: bool | None = None


class _LmStudio(msgspec.Struct):
    """https://lmstudio.ai/docs/developer/rest: the older and the newer list in one."""

    type: str | None = None
    display_name: str | None = None
    state: str | None = None
    max_context_length: int | None = None
    loaded_context_length: int | None = None
    loaded_instances: list[_LmStudioInstance] | None = None
    capabilities: list[str] | _LmStudioAbilities | None = None


class _LlamaMeta(msgspec.Struct):
    n_ctx: int | None = None
    n_ctx_train: int | None = None


class _LlamaStatus(msgspec.Struct):
    value: str | None = None


class _Llama(msgspec.Struct):
    meta: _LlamaMeta | None = None
    status: _LlamaStatus | None = None


class _LlamaGeneration(msgspec.Struct):
    n_ctx: int | None = None


class _LlamaModalities(msgspec.Struct):
    vision: bool | None = None
    audio: bool | None = None


class _LlamaProps(msgspec.Struct):
    """https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md#get-props."""

    default_generation_settings: _LlamaGeneration = msgspec.field(default_factory=_LlamaGeneration)
    modalities: _LlamaModalities = msgspec.field(default_factory=_LlamaModalities)
    chat_template_caps: dict[str, bool] | None = None


def read_ollama(entry: bytes) -> ListedModel:
    """Read one entry of `/api/tags`; `ollama_facts` tells the rest."""
    said = entry_of(entry, _OllamaEntry)
    kind, facts = _ollama_abilities(said.capabilities, {})
    return ListedModel(id=id_of(entry), kind=kind, facts=facts)


def ollama_facts(show: bytes) -> tuple[ListedKind | None, CapabilityPatch]:
    """Read the answer of `/api/show` for one model.

    The window is the one that the model file sets, else the model's own; what is really loaded
    is the `num_ctx` that requests bring.
    """
    said = entry_of(show, _OllamaModel)
    numbers = {name.rpartition(".")[2]: _number(raw) for name, raw in said.model_info.items()}
    kind, facts = _ollama_abilities(said.capabilities, numbers)
    fixed = _NUM_CTX.search(said.parameters or "")
    trained = numbers.get("context_length")
    window = min(filter(None, (trained, int(fixed[1]) if fixed else None)), default=None)
    if facts.reasoning is not None and ".ThinkLevel" in (said.template or ""):
        facts = msgspec.structs.replace(facts, reasoning=Reasoning(kind="effort", levels=_LEVELS))
    return kind, msgspec.structs.replace(facts, context_window=window)


def ollama_running(body: bytes) -> Mapping[str, int | None]:
    """Read `/api/ps`: the models in memory, each with the window it was loaded with."""
    running = entry_of(body, _OllamaRunning).models
    return {id_of(entry): entry_of(entry, _OllamaEntry).context_length for entry in running}


def read_lmstudio(entry: bytes) -> ListedModel:
    """Read one entry of either native list, or of the OpenAI-compatible one."""
    said = entry_of(entry, _LmStudio)
    if said.type is None:
        return read_openai(entry)
    able = said.capabilities
    if isinstance(able, list):
        tools, vision = "tool_use" in able, said.type == "vlm"
    else:
        tools = able.trained_for_tool_use if able else None
        vision = able.vision if able else said.type == "vlm"
    loaded = said.loaded_instances[0].config.context_length if said.loaded_instances else None
    facts = CapabilityPatch(
        context_window=said.loaded_context_length or loaded or said.max_context_length,
        tools=tools,
        vision=vision,
    )
    is_loaded = None if said.state is None else said.state == "loaded"
    return ListedModel(
        id=id_of(entry),
        display_name=said.display_name,
        kind=KIND_OF_TYPE.get(said.type),
        facts=facts,
        loaded=bool(said.loaded_instances) if said.loaded_instances is not None else is_loaded,
    )


def read_llamacpp(entry: bytes) -> ListedModel:
    """Read one entry of llama.cpp's list; `llamacpp_facts` tells the rest."""
    said = entry_of(entry, _Llama)
    meta = said.meta or _LlamaMeta()
    facts = CapabilityPatch(context_window=meta.n_ctx or meta.n_ctx_train)
    loaded = None if said.status is None else said.status.value == "loaded"
    return ListedModel(id=id_of(entry), facts=facts, loaded=loaded)


def llamacpp_facts(props: bytes) -> CapabilityPatch:
    """Read the answer of `/props`: the window of one slot, and what the template can do."""
    said = entry_of(props, _LlamaProps)
    template = said.chat_template_caps
    return CapabilityPatch(
        context_window=said.default_generation_settings.n_ctx,
        vision=said.modalities.vision,
        audio=said.modalities.audio,
        tools=None if template is None else template.get("supports_tools"),
    )


def _ollama_abilities(
    able: list[str] | None, numbers: Mapping[str, int | None]
) -> tuple[ListedKind | None, CapabilityPatch]:
    if able is None:
        return None, CapabilityPatch()
    dimensions, window = numbers.get("embedding_length"), numbers.get("context_length")
    if "embedding" in able:
        support = None
        if dimensions and window:
            support = EmbeddingSupport(dimensions=dimensions, max_input=window)
        return "embedding", CapabilityPatch(embedding=support)
    facts = CapabilityPatch(
        tools="tools" in able,
        vision="vision" in able,
        audio="audio" in able,
        reasoning=Reasoning(kind="toggle" if "thinking" in able else "none"),
        completion=CompletionSupport(method="suffix") if "insert" in able else None,
    )
    return "chat", facts


def _number(raw: msgspec.Raw) -> int | None:
    try:
        return msgspec.json.decode(raw, type=int)
    except msgspec.DecodeError:
        return None
