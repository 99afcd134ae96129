"""Finds out with real requests what a model can do, whatever anybody says of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import ReasoningDelta, TextDelta, ToolCalled, UsageReported
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, ProbeCheck, ProbeResult
from refact_lsp.core.parts import ImagePart, Message, Part, TextPart, Tool
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.requests import ChatRequest, EmbeddingRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import Capabilities, CapabilityPatch, CompletionSupport, ModelRef
from refact_lsp.features.calls import Asked, chat_events, completion_events, embed
from refact_lsp.features.completion.chat_hole import chat_hole_prompt, repair_echo
from refact_lsp.features.setup.holes import MIDDLE, PREFIX, SUFFIX, holes
from refact_lsp.features.setup.models import find_model
from refact_lsp.features.setup.providers import row_of
from refact_lsp.features.setup.window import cut_problem, is_cut, long_prompt
from refact_lsp.llm.retry import NONE

_PURPOSE = "setup"
_TOKENS = 64
# A red square of 8 by 8 pixels.
_RED_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAICAIAAABLbSncAAAAEU"
    "lEQVR42mP4z8CAFTEMLQkAKP8/wc53yE8AAAAASUVORK5CYII="
)


async def probe(app: App, ref: ModelRef, checks: Sequence[ProbeCheck]) -> tuple[ProbeResult, ...]:
    """Run the checks one after another; a failed one is a result, not an error."""
    model = find_model(app.world, ref)
    if model is None:
        raise refuse(
            "modelNotFound",
            f"{ref.provider!r} lists no model {ref.name!r}.",
            f"See refact-lsp models list --provider {ref.provider} --all.",
            field="model",
        )
    return tuple([await _checked(app, model, check) for check in checks])


class _Found(NamedTuple):
    """What a check found; `facts` are the capabilities that it measured."""

    ok: bool
    detail: str
    facts: CapabilityPatch = CapabilityPatch()
    problem: Problem | None = None


async def _checked(app: App, model: Model, check: ProbeCheck) -> ProbeResult:
    began = time.monotonic()
    try:
        found = await _CHECKS[check](app, model)
    except RefactError as error:
        found = _Found(ok=False, detail=error.problem.message, problem=error.problem)
    return ProbeResult(
        check=check,
        ok=found.ok,
        detail=found.detail,
        latency_ms=round((time.monotonic() - began) * 1000),
        error=found.problem,
        proposed=_differing(found.facts, model.capabilities) or None,
    )


def _differing(facts: CapabilityPatch, known: Capabilities) -> dict[str, Any]:
    """Give what was measured and is not what is known."""
    fields = msgspec.structs.fields(CapabilityPatch)
    measured = ((field, getattr(facts, field.name)) for field in fields)
    return {
        field.encode_name: msgspec.to_builtins(value)
        for field, value in measured
        if value is not None and value != getattr(known, field.name)
    }


async def _chat(app: App, model: Model) -> _Found:
    text = await _text(app, _request(model, "Answer with the single word ok."), model)
    return _Found(ok=True, detail=f"answered {_short(text)}" if text else "answered without text")


async def _tools(app: App, model: Model) -> _Found:
    tool = Tool(
        name="current_weather",
        description="Gives the weather of a city.",
        input_schema={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    )
    asked = _trying(
        _request(model, "What is the weather in Paris? Use the tool.", tools=(tool,)), tools=True
    )
    calls = [
        event
        async for event in chat_events(app, model, asked, _purpose(model), patience=NONE)
        if isinstance(event, ToolCalled)
    ]
    if not calls:
        return _Found(ok=False, detail="did not call the tool")
    if calls[0].invalid:
        return _Found(ok=False, detail=f"called {calls[0].name} with broken arguments")
    return _Found(ok=True, detail=f"called {calls[0].name}", facts=CapabilityPatch(tools=True))


async def _vision(app: App, model: Model) -> _Found:
    image = ImagePart(mime_type="image/png", data=_RED_PNG)
    asked = _trying(_request(model, "Which colour is this square? One word.", image), vision=True)
    text = await _text(app, asked, model)
    if "red" not in text.lower():
        return _Found(ok=False, detail=f"saw {_short(text)}")
    return _Found(ok=True, detail=f"saw {_short(text)}", facts=CapabilityPatch(vision=True))


async def _reasoning(app: App, model: Model) -> _Found:
    asked = _request(model, "What is 17 times 23? Think first.", reasoning="low")
    thought = [
        event.delta
        async for event in chat_events(app, model, asked, _purpose(model), patience=NONE)
        if isinstance(event, ReasoningDelta)
    ]
    if not thought:
        return _Found(ok=False, detail="did not think")
    return _Found(ok=True, detail=f"thought {_short(''.join(thought))}")


async def _completion(app: App, model: Model) -> _Found:
    """Try every way to fill in the middle; the right word tells which one the model knows."""
    tried: list[str] = []
    for hole in holes(app.catalog, model, max_tokens=_TOKENS):
        request, name = hole.request, _named(hole.support)
        try:
            pieces = [
                event.delta
                async for event in completion_events(app, model, request, _purpose(model))
                if isinstance(event, TextDelta)
            ]
        except RefactError as error:
            if error.problem.kind == "unsupported" and error.problem.status is None:
                continue  # the wire format has no such request: nothing was tried
            tried.append(f"{name}: {error.problem.message}")
            continue
        text = "".join(pieces)
        if hole.is_filled_by(text):
            return _works(hole.support)
        tried.append(f"{name}: gave {_short(text)}")
    if "chat" in model.roles:
        text = await _hole_in_chat(app, model)
        if text.strip().startswith(MIDDLE):
            return _works(CompletionSupport(method="chat"))
        tried.append(f"chat: gave {_short(text)}")
    return _Found(
        ok=False, detail="; ".join(tried) or "no way to fill in the middle is known for it"
    )


def _works(support: CompletionSupport) -> _Found:
    facts = CapabilityPatch(completion=support)
    return _Found(ok=True, detail=f"{_named(support)} works", facts=facts)


def _named(support: CompletionSupport) -> str:
    of_family = support.method == "template" and support.family
    return f"{support.method} of {support.family}" if of_family else support.method


async def _hole_in_chat(app: App, model: Model) -> str:
    asked = chat_hole_prompt(PREFIX, SUFFIX, "python")
    request = msgspec.structs.replace(_request(model, asked.user), system=asked.system)
    return repair_echo(await _text(app, request, model), PREFIX, SUFFIX, "python", asked.hole)


async def _window(app: App, model: Model) -> _Found:
    """Compare what is sent with what the server says it read."""
    text = long_prompt(model.capabilities.context_window, f"Probe {time.time_ns()}.")
    sent = estimate(text)
    request = msgspec.structs.replace(_request(model, text), max_tokens=1)
    read: int | None = None
    # A server that cuts the prompt must not teach how tokens are counted.
    asked = Asked(tokens=sent)
    events = chat_events(app, model, request, _purpose(model), patience=NONE, asked=asked)
    async for event in events:
        if isinstance(event, UsageReported):
            read = event.usage.input_tokens
    if not read:
        return _Found(ok=False, detail="the server does not say how much it read")
    if not is_cut(sent, read):
        return _Found(ok=True, detail=f"read {read} tokens of about {sent} sent")
    template = app.catalog.template(row_of(app.world, model.provider).template)
    told = f"was sent about {sent} tokens and read {read}"
    problem = cut_problem(template, model, read, read=told)
    facts = CapabilityPatch(context_window=read)
    return _Found(ok=False, detail=problem.message, facts=facts, problem=problem)


async def _embedding(app: App, model: Model) -> _Found:
    found = await embed(
        app, model, EmbeddingRequest(model=model.name, inputs=("ok",)), _purpose(model)
    )
    length, known = len(found.vectors[0]), model.capabilities.embedding
    facts = CapabilityPatch()
    if known is not None and known.dimensions != length:
        facts = CapabilityPatch(embedding=msgspec.structs.replace(known, dimensions=length))
    return _Found(ok=True, detail=f"{length} dimensions", facts=facts)


async def _text(app: App, request: ChatRequest, model: Model) -> str:
    pieces = [
        event.delta
        async for event in chat_events(app, model, request, _purpose(model), patience=NONE)
        if isinstance(event, TextDelta)
    ]
    return "".join(pieces)


def _request(
    model: Model,
    text: str,
    *more: Part,
    tools: tuple[Tool, ...] = (),
    reasoning: str | None = None,
) -> ChatRequest:
    return ChatRequest(
        model=model.name,
        messages=(Message(role="user", content=(TextPart(text=text), *more)),),
        capabilities=model.capabilities,
        tools=tools,
        max_tokens=_TOKENS * (1 if reasoning is None else 32),
        reasoning=reasoning,  # pyright: ignore[reportArgumentType]  # a level, by its only caller
    )


def _trying(request: ChatRequest, **capabilities: bool) -> ChatRequest:
    """Ask as if the model could: whether it can is what is to be found out."""
    able = msgspec.structs.replace(request.capabilities, **capabilities)
    return msgspec.structs.replace(request, capabilities=able)


def _purpose(model: Model) -> Purpose:
    return Purpose(role=_PURPOSE, model=model.name)


def _short(text: str, most: int = 40) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= most else line[:most] + "…")


_CHECKS: Mapping[ProbeCheck, Callable[[App, Model], Awaitable[_Found]]] = {
    "chat": _chat,
    "tools": _tools,
    "vision": _vision,
    "reasoning": _reasoning,
    "completion": _completion,
    "embedding": _embedding,
    "window": _window,
}
