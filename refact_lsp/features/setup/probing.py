"""Finds out with real requests what a model can do, whatever anybody says of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

from refact_lsp.app.application import App
from refact_lsp.core.events import ReasoningDelta, TextDelta, ToolCalled
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, ProbeCheck, ProbeResult
from refact_lsp.core.parts import ImagePart, Message, Part, TextPart, Tool
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.core.requests import ChatRequest, CompletionRequest, EmbeddingRequest
from refact_lsp.core.types import CompletionMethod, ModelRef
from refact_lsp.features.calls import chat_events, completion_events, embed
from refact_lsp.features.setup.models import find_model
from refact_lsp.llm.retry import NONE
from refact_lsp.registry.fim import cuts, render_fim, wire_stops

_PURPOSE = "setup"
_TOKENS = 64
# A hole that any model of code fills the same way: the word after `return` is the sum's name.
_PREFIX = "def add(first, second):\n    total = first + second\n    return "
_SUFFIX = "\n\n\nprint(add(1, 2))\n"
_MIDDLE = "total"
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


async def _checked(app: App, model: Model, check: ProbeCheck) -> ProbeResult:
    began = time.monotonic()
    try:
        ok, detail = await _CHECKS[check](app, model)
    except RefactError as error:
        ok, detail = False, error.problem.message
    elapsed = round((time.monotonic() - began) * 1000)
    return ProbeResult(check=check, ok=ok, detail=detail, latency_ms=elapsed)


async def _chat(app: App, model: Model) -> tuple[bool, str]:
    text = await _text(app, _request(model, "Answer with the single word ok."), model)
    return True, f"answered {_short(text)}" if text else "answered without text"


async def _tools(app: App, model: Model) -> tuple[bool, str]:
    tool = Tool(
        name="current_weather",
        description="Gives the weather of a city.",
        input_schema={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
    )
    asked = _request(model, "What is the weather in Paris? Use the tool.", tools=(tool,))
    calls = [
        event
        async for event in chat_events(app, model, asked, _purpose(model), patience=NONE)
        if isinstance(event, ToolCalled)
    ]
    if not calls:
        return False, "did not call the tool"
    whole = not calls[0].invalid
    return whole, f"called {calls[0].name}" + ("" if whole else " with broken arguments")


async def _vision(app: App, model: Model) -> tuple[bool, str]:
    image = ImagePart(mime_type="image/png", data=_RED_PNG)
    asked = _request(model, "Which colour is this square? One word.", image)
    text = await _text(app, asked, model)
    return "red" in text.lower(), f"saw {_short(text)}"


async def _reasoning(app: App, model: Model) -> tuple[bool, str]:
    asked = _request(model, "What is 17 times 23? Think first.", reasoning="low")
    thought = [
        event.delta
        async for event in chat_events(app, model, asked, _purpose(model), patience=NONE)
        if isinstance(event, ReasoningDelta)
    ]
    return bool(thought), f"thought {_short(''.join(thought))}" if thought else "did not think"


async def _completion(app: App, model: Model) -> tuple[bool, str]:
    """Try every way to fill in the middle; the right word tells which one the model knows."""
    tried: list[str] = []
    for request in _holes(app, model):
        try:
            pieces = [
                event.delta
                async for event in completion_events(app, model, request, _purpose(model))
                if isinstance(event, TextDelta)
            ]
        except RefactError as error:
            tried.append(f"{request.method}: {error.problem.message}")
            continue
        text = "".join(pieces)
        if text.strip().startswith(_MIDDLE):
            return True, f"{request.method} works"
        tried.append(f"{request.method}: gave {_short(text)}")
    return False, "; ".join(tried) or "no way to fill in the middle is known for it"


async def _embedding(app: App, model: Model) -> tuple[bool, str]:
    found = await embed(
        app, model, EmbeddingRequest(model=model.name, inputs=("ok",)), _purpose(model)
    )
    return True, f"{len(found.vectors[0])} dimensions"


def _holes(app: App, model: Model) -> list[CompletionRequest]:
    support = model.capabilities.completion
    fim = app.catalog.fim(support.family) if support.family else None
    methods: list[CompletionMethod] = [support.method, "infill", "suffix", "template"]
    found: list[CompletionRequest] = []
    for method in dict.fromkeys(methods):
        if method in ("none", "chat") or (method == "template" and fim is None):
            continue
        found.append(
            CompletionRequest(
                model=model.name,
                method=method,
                prefix=_PREFIX,
                suffix=_SUFFIX,
                max_tokens=_TOKENS,
                prompt=render_fim(fim, _PREFIX, _SUFFIX) if fim and method == "template" else None,
                stop=(*wire_stops(fim), *cuts(fim))[:4] if fim else (),
            )
        )
    return found


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


def _purpose(model: Model) -> Purpose:
    return Purpose(role=_PURPOSE, model=model.name)


def _short(text: str, most: int = 40) -> str:
    line = " ".join(text.split())
    return repr(line if len(line) <= most else line[:most] + "…")


_CHECKS: Mapping[ProbeCheck, Callable[[App, Model], Awaitable[tuple[bool, str]]]] = {
    "chat": _chat,
    "tools": _tools,
    "vision": _vision,
    "reasoning": _reasoning,
    "completion": _completion,
    "embedding": _embedding,
}
