"""A model as a list names it, and the reader of OpenAI's list, which everybody else's grew from."""

from typing import Literal, TypeVar

import msgspec

from refact_lsp.core.types import CapabilityPatch, Reasoning, Told, Value, Wire
from refact_lsp.llm.wire.answer import UNREADABLE

ListedKind = Literal["chat", "completion", "embedding", "other"]
_T = TypeVar("_T")


class ListedModel(Value, frozen=True, kw_only=True):
    """One model of a list; None and empty mean that the server does not say.

    `wires` are the formats of its own endpoints in the server's order, `base` the model that an
    alias stands for; `offered` is False where the account may not use it or it is for no picker.
    """

    id: str
    display_name: str | None = None
    kind: ListedKind | None = None
    facts: CapabilityPatch = CapabilityPatch()
    wires: tuple[Wire, ...] = ()
    loaded: bool | None = None
    base: str | None = None
    offered: bool = True
    max_input: int | None = None

    @property
    def told(self) -> Told:
        """What is kept of the model: everything that the registry is asked with later."""
        kind = None if self.kind == "other" else self.kind
        return Told(
            **msgspec.structs.asdict(self.facts),
            kind=kind,
            wires=self.wires,
            base=self.base,
            max_input=self.max_input,
        )


class _Named(msgspec.Struct):
    """The id, under whichever name."""

    id: str | None = None
    name: str | None = None
    model: str | None = None
    key: str | None = None
    slug: str | None = None


def entry_of(entry: bytes, shape: type[_T]) -> _T:
    """Read what an entry says; nothing, where a server changed its shape."""
    try:
        return msgspec.json.decode(entry, type=shape, strict=False)
    except UNREADABLE:
        return shape()


def id_of(entry: bytes) -> str:
    """Find an entry's id, or nothing."""
    named = entry_of(entry, _Named)
    return named.id or named.model or named.key or named.slug or named.name or ""


class _OpenAi(msgspec.Struct):
    """What compatible servers add to the bare id, each under its own name."""

    name: str | None = None
    display_name: str | None = None
    type: str | None = None
    active: bool | None = None
    context_length: int | None = None
    context_window: int | None = None
    max_context_length: int | None = None
    max_model_len: int | None = None
    max_completion_tokens: int | None = None
    max_output_tokens: int | None = None
    root: str | None = None
    supports_image_in: bool | None = None
    supports_reasoning: bool | None = None
    supported_parameters: list[str] | None = None


KIND_OF_TYPE: dict[str, ListedKind] = {
    "chat": "chat",
    "language": "chat",
    "llm": "chat",
    "vlm": "chat",
    "text": "chat",
    "base": "chat",
    "completion": "completion",
    "code": "completion",
    "embedding": "embedding",
    "embeddings": "embedding",
    "image": "other",
    "audio": "other",
    "video": "other",
    "rerank": "other",
    "moderation": "other",
    "transcribe": "other",
    "tts": "other",
    "asr": "other",
}


def read_openai(entry: bytes) -> ListedModel:
    """Read one entry."""
    said = entry_of(entry, _OpenAi)
    tools = None if said.supported_parameters is None else "tools" in said.supported_parameters
    facts = CapabilityPatch(
        context_window=said.context_length
        or said.context_window
        or said.max_context_length
        or said.max_model_len,
        max_output=said.max_completion_tokens or said.max_output_tokens,
        vision=said.supports_image_in,
        tools=tools,
        reasoning=Reasoning(kind="none") if said.supports_reasoning is False else None,
    )
    name = id_of(entry).removeprefix("models/")  # Gemini's OpenAI-compatible list
    return ListedModel(
        id=name,
        display_name=said.display_name or said.name,
        kind=KIND_OF_TYPE.get(said.type or ""),
        facts=facts,
        base=said.root if said.root != name else None,
        offered=said.active is not False,
    )
