"""Layers of capability facts brought to one answer, field by field. Pure.

A layer is a `CapabilityPatch` with its source; `merged` takes each field from the first layer that
says it and fills the rest with safe defaults. `facts_patch` turns what a registry file says into
such a patch; `varied` applies a family's variants to a name.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from refact_lsp.core.types import (
    Capabilities,
    CapabilityPatch,
    CapabilitySource,
    CompletionSupport,
    EmbeddingSupport,
    ModelKind,
    Reasoning,
)
from refact_lsp.registry.model_schema import EmbeddingEntry, Facts, Family, ReasoningEntry, price_of

Layer = tuple[CapabilitySource, CapabilityPatch]

AGENT_MIN_CONTEXT = 64_000  # an agent's thread with files and tool results needs this much
MAX_OUTPUT_DEFAULT = 4_096
# A model nobody knows: little is assumed, so that nothing is sent which it cannot take.
SAFE_DEFAULTS = CapabilityPatch(
    context_window=8_192,
    tools=False,
    structured_output=False,
    vision=False,
    pdf=False,
    audio=False,
    reasoning=Reasoning(kind="none"),
    temperature=True,
    tokenizer="approx",
    completion=CompletionSupport(method="none"),
    status="active",
)

# Of each field: its name here, and its name on the wire.
_FIELDS = tuple(
    zip(CapabilityPatch.__struct_fields__, CapabilityPatch.__struct_encode_fields__, strict=True)
)


def merged(
    layers: Sequence[Layer], *, kind: ModelKind
) -> tuple[Capabilities, dict[str, CapabilitySource]]:
    """Take each field from the first layer that says it; sources are keyed as on the wire."""
    everything: list[Layer] = [*layers, ("default", SAFE_DEFAULTS)]
    values: dict[str, Any] = {}
    sources: dict[str, CapabilitySource] = {}
    for field, on_the_wire in _FIELDS:
        for source, patch in everything:
            value = getattr(patch, field)
            if value is not None:
                values[field] = value
                sources[on_the_wire] = source
                break
    if "max_output" not in values:
        values["max_output"] = min(MAX_OUTPUT_DEFAULT, values["context_window"])
        sources["maxOutput"] = "default"
    if "agent" not in values:
        values["agent"] = (
            kind == "chat"
            and values["tools"]
            and values["context_window"] >= AGENT_MIN_CONTEXT
            and values["status"] != "deprecated"
        )
        sources["agent"] = sources["tools"]
    return Capabilities(**values), sources


def facts_patch(facts: Facts) -> CapabilityPatch:
    """Bring a registry entry to the protocol's shape; `completion` is worked out elsewhere."""
    return CapabilityPatch(
        context_window=facts.context,
        max_output=facts.max_output,
        tools=facts.tools,
        structured_output=facts.structured_output,
        agent=facts.agent,
        vision=facts.vision,
        pdf=facts.pdf,
        audio=facts.audio,
        reasoning=None if facts.reasoning is None else _reasoning(facts.reasoning),
        temperature=facts.temperature,
        tokenizer=facts.tokenizer,
        embedding=None if facts.embedding is None else _embedding(facts.embedding, facts.context),
        price=None if facts.price is None else price_of(facts.price),
        knowledge_cutoff=facts.knowledge_cutoff,
        status=facts.status,
    )


def varied(family: Family, name: str) -> Family:
    """Apply the variants of a family whose pattern is found in the normalised name."""
    for variant in family.variants:
        if not re.search(variant.match, name):
            continue
        changes: dict[str, Any] = {
            "kind": variant.kind,
            "context": variant.context,
            "context_max": variant.context_max,
            "tools": variant.tools,
            "vision": variant.vision,
            "reasoning": variant.reasoning,
        }
        changes = {field: value for field, value in changes.items() if value is not None}
        if variant.fim is False:
            changes["fim"] = None
        if family.embedding is not None:
            changes["embedding"] = msgspec.structs.replace(
                family.embedding,
                dimensions=variant.dimensions or family.embedding.dimensions,
                max_input=variant.context or family.embedding.max_input,
            )
        family = msgspec.structs.replace(family, **changes)
    return family


def _reasoning(entry: ReasoningEntry) -> Reasoning:
    """Say by a level "off" that thinking can be switched off where efforts steer it."""
    says_off = any(word in entry.levels for word in ("off", "none", "disabled"))
    stops = ("off",) if entry.kind == "effort" and entry.can_disable and not says_off else ()
    return Reasoning(
        kind=entry.kind,
        levels=(*stops, *entry.levels) or None,
        min_budget=entry.min_budget,
        max_budget=entry.max_budget,
    )


def _embedding(entry: EmbeddingEntry, context: int | None) -> EmbeddingSupport | None:
    max_input = entry.max_input or context
    if entry.dimensions is None or max_input is None:
        return None
    return EmbeddingSupport(dimensions=entry.dimensions, max_input=max_input)
