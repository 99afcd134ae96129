"""Finds out with real requests what a model can do, whatever anybody says of it."""

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.events import ReasoningDelta, TextDelta, ToolCalled, UsageReported
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Model, ProbeCheck, ProbeResult
from refact_lsp.core.parts import ImagePart, Message, Part, TextPart, Tool
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.requests import ChatRequest, EmbeddingRequest
from refact_lsp.core.tokens import estimate
from refact_lsp.core.types import ModelRef
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


async def _checked(app: App, model: Model, check: ProbeCheck) -> ProbeResult:
    began = time.monotonic()
    problem: Problem | None = None
    try:
        ok, detail = await _CHECKS[check](app, model)
    except RefactError as error:
        problem = error.problem
        ok, detail = False, problem.message
    elapsed = round((time.monotonic() - began) * 1000)
    return ProbeResult(check=check, ok=ok, detail=detail, latency_ms=elapsed, error=problem)


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
    for request in holes(app.catalog, model, max_tokens=_TOKENS):
        try:
            pieces = [
                event.delta
                async for event in completion_events(app, model, request, _purpose(model))
                if isinstance(event, TextDelta)
            ]
        except RefactError as error:
            if error.problem.kind == "unsupported" and error.problem.status is None:
                continue  # the wire format has no such request: nothing was tried
            tried.append(f"{request.method}: {error.problem.message}")
            continue
        text = "".join(pieces)
        if text.strip().startswith(MIDDLE):
            return True, f"{request.method} works"
        tried.append(f"{request.method}: gave {_short(text)}")
    if "chat" in model.roles:
        text = await _hole_in_chat(app, model)
        if text.strip().startswith(MIDDLE):
            return True, "chat works"
        tried.append(f"chat: gave {_short(text)}")
    return False, "; ".join(tried) or "no way to fill in the middle is known for it"


async def _hole_in_chat(app: App, model: Model) -> str:
    asked = chat_hole_prompt(PREFIX, SUFFIX, "python")
    request = msgspec.structs.replace(_request(model, asked.user), system=asked.system)
    return repair_echo(await _text(app, request, model), PREFIX, SUFFIX, "python", asked.hole)


async def _window(app: App, model: Model) -> tuple[bool, str]:
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
        return False, "the server does not say how much it read"
    if is_cut(sent, read):
        template = app.catalog.template(row_of(app.world, model.provider).template)
        told = f"was sent about {sent} tokens and read {read}"
        raise RefactError(cut_problem(template, model, read, read=told))
    return True, f"read {read} tokens of about {sent} sent"


async def _embedding(app: App, model: Model) -> tuple[bool, str]:
    found = await embed(
        app, model, EmbeddingRequest(model=model.name, inputs=("ok",)), _purpose(model)
    )
    return True, f"{len(found.vectors[0])} dimensions"


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
    "window": _window,
}
