"""Tests a provider with the cheapest real requests that tell, and stops where one decides.

The list of models proves address and key; a token or two each of chat, a tool call, a completion
and an embedding prove the rest, with the cheapest model that can serve them. Nothing is saved.
"""

import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from refact_lsp.app.application import App
from refact_lsp.auth.references import resolve
from refact_lsp.auth.secret import Secret, is_reference
from refact_lsp.core.events import Event, Finished, TextDelta, ToolCalled
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import Addresses, Model, TestReport, TestStep
from refact_lsp.core.parts import Message, TextPart, Tool
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.core.requests import ChatRequest, EmbeddingRequest
from refact_lsp.core.types import Role
from refact_lsp.features.calls import Way, chat_events, completion_events, embed, way_of
from refact_lsp.features.setup.credentials import TOKEN_FIELD, ReadSecret, saved
from refact_lsp.features.setup.endpoints import KEY_FIELD
from refact_lsp.features.setup.holes import holes
from refact_lsp.features.setup.listing import has_list, list_live
from refact_lsp.features.setup.models import view
from refact_lsp.features.setup.providers import merge_settings, row_of, split_secrets
from refact_lsp.features.setup.window import cut_problem
from refact_lsp.llm.program import program_found
from refact_lsp.llm.retry import NONE
from refact_lsp.llm.wire.listed_local import ollama_running
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.registry.templates import by_program, check_settings, effective
from refact_lsp.store.models import Listed, ModelRow
from refact_lsp.store.providers import ProviderRow, free_id

# Enough for a word; a reasoning model spends it thinking, and that is an answer too.
TEST_TOKENS = 16
_SETUP = "setup"
_NO_SUCH_ROUTE = (404, 405, 501)

Outcome = str | None


async def test_provider(app: App, provider: str) -> TestReport:
    """Test a saved provider."""
    row = row_of(app.world, provider)
    report = await _Test(app, row, saved(app, row)).run()
    app.set_health(provider, report.error)
    return report


async def test_draft(app: App, template: str, settings: Mapping[str, Any]) -> TestReport:
    """Test settings that are not saved."""
    chosen = app.catalog.template(template)
    plain, secrets = split_secrets(chosen, settings)
    merged = merge_settings({}, plain)
    check_settings(chosen, {**merged, **{n: v for n, v in secrets.items() if "." not in n}})
    now = datetime.now(UTC)
    row = ProviderRow(
        id=await app.database.read(lambda connection: free_id(connection, template)),
        template=template,
        display_name=chosen.name,
        enabled=True,
        settings=merged,
        created_at=now,
        updated_at=now,
    )

    async def read(name: str, _refused: bool) -> Secret | None:  # noqa: FBT001  — a callback
        value = secrets.get(name)
        if not isinstance(value, str) or not value:
            return None
        return await resolve(value, os.environ) if is_reference(value) else Secret(value, "file")

    return await _Test(app, row, read).run()


class _Test:
    """One run: what was found so far decides what is asked next."""

    def __init__(self, app: App, row: ProviderRow, read: ReadSecret) -> None:
        self._app = app
        self._row = row
        self._read = read
        self._kept = app.world.configuration.models.get(row.id, {})
        self._template = app.catalog.template(row.template)
        self._models: list[Model] = []
        self._steps: list[TestStep] = []
        self._chatted: Model | None = None

    async def run(self) -> TestReport:
        began = time.monotonic()
        addresses: Addresses | None = None
        error: Problem | None = None
        try:
            found = resolve_addresses(self._template, self._row.settings)
            if not (found.routes or found.base or self._is_embedded() or self._is_program()):
                raise refuse(
                    "notConfigured",
                    f"{self._template.name} has no address.",
                    "Give it a base URL, in the settings or with --set baseUrl=https://…",
                    field="baseUrl",
                    provider=self._row.id,
                )
            addresses = Addresses(**found.shown)
            await self._step("auth", self._auth)
            await self._step("list", self._list)
            await self._roles()
        except RefactError as stopped:
            error = stopped.problem
        return TestReport(
            ok=error is None,
            latency_ms=_elapsed_ms(began),
            steps=tuple(self._steps),
            model_count=len(self._models) if any(s.step == "list" for s in self._steps) else None,
            addresses=addresses,
            error=error,
        )

    async def _roles(self) -> None:
        steps: tuple[tuple[str, Role, Callable[[Model], Awaitable[Outcome]]], ...] = (
            ("chat", "chat", self._chat),
            ("toolCall", "chat", self._tool_call),
            ("completion", "completion", self._completion),
            ("embedding", "embedding", self._embedding),
        )
        for step, role, ask in steps:
            model = self._cheapest(role, tools=step == "toolCall")
            if step == "toolCall" and self._chatted is not None:
                await self._window(self._chatted)
            if model is None or (step == "completion" and self._is_embedded()):
                reason = "no model for it" if model is None else "nothing is sent anywhere"
                self._steps.append(TestStep(step=step, ok=True, skipped=True, detail=reason))
            else:
                await self._step(step, lambda ask=ask, model=model: ask(model))

    async def _step(self, name: str, ask: Callable[[], Awaitable[Outcome]]) -> None:
        began = time.monotonic()
        try:
            detail = await ask()
        except RefactError as error:
            self._steps.append(
                TestStep(step=name, ok=False, latency_ms=_elapsed_ms(began), error=error.problem)
            )
            raise
        self._steps.append(
            TestStep(step=name, ok=True, detail=detail, latency_ms=_elapsed_ms(began))
        )

    async def _auth(self) -> Outcome:
        auth = effective(self._template, self._row.settings).auth
        kinds = auth.kinds
        if kinds == ("program",) and auth.program is not None:
            return program_found(auth.program, self._row.id)
        if "oauth" in kinds and await self._read(TOKEN_FIELD, False) is not None:  # noqa: FBT003  — a callback
            return "signed in"
        if "api-key" not in kinds:
            return "no key needed"
        secret = await self._read(KEY_FIELD, False)  # noqa: FBT003  — a callback
        if secret is not None:
            return "a key is at hand"
        if "none" in kinds:
            return "no key needed"
        raise refuse(
            "authentication",
            f"{self._template.name} needs a key.",
            self._template.key_url and f"Get one at {self._template.key_url}.",
            field=KEY_FIELD,
            provider=self._row.id,
        )

    async def _list(self) -> Outcome:
        way = self._way(None)
        if not has_list(way.template, way.endpoint.addresses):
            names = self._app.catalog.models(self._row.template, self._row.settings)
            found = [view(self._app.catalog, self._row, n, self._kept.get(n)) for n in names]
            self._models = [*found, *self._own(names)]
            return f"{len(self._models)} models of the registry and your own; it lists none"
        try:
            listed = await list_live(
                self._app.client, way.endpoint, way.template, Purpose(role=_SETUP), NONE
            )
        except RefactError as error:
            self._models = self._own(())
            if not self._models or error.problem.status not in _NO_SUCH_ROUTE:
                raise
            return f"it lists none; {len(self._models)} of your own"
        self._models = [*map(self._view, listed), *self._own([entry.name for entry in listed])]
        if not self._models:
            raise refuse(
                "modelNotFound",
                f"{self._template.name} answers, but lists no models.",
                "Load or pull a model, or look whether the account may use any.",
                provider=self._row.id,
            )
        return f"{len(listed)} models"

    def _own(self, others: Collection[str]) -> list[Model]:
        """Models that the user made, which no list needs to name."""
        return [
            view(self._app.catalog, self._row, row.name, row)
            for row in self._kept.values()
            if row.source == "custom" and row.name not in others
        ]

    async def _chat(self, model: Model) -> Outcome:
        request = ChatRequest(
            model=model.name,
            messages=_asked("Answer with the word ok."),
            capabilities=model.capabilities,
            max_tokens=TEST_TOKENS,
        )
        events = [
            event
            async for event in chat_events(
                self._app, model, request, self._purpose(model), patience=NONE, way=self._way(model)
            )
        ]
        self._chatted = model
        deltas = sum(isinstance(event, TextDelta) for event in events)
        return f"{model.name} answered in {deltas} pieces"

    async def _window(self, model: Model) -> None:
        """Look with which window a runtime loaded the model that was just asked."""
        way, began = self._way(model), time.monotonic()
        if "loaded" not in way.endpoint.addresses:
            return
        try:
            body = await self._app.client.fetch(
                way.endpoint, "loaded", purpose=self._purpose(model), patience=NONE
            )
        except RefactError:
            return  # an older runtime: nothing is known, and nothing is wrong
        window = ollama_running(body).get(model.name)
        if not window:
            return
        cut = window < model.capabilities.context_window
        told = f"is loaded with a window of {window} tokens"
        problem = cut_problem(self._template, model, window, read=told) if cut else None
        self._steps.append(
            TestStep(
                step="window",
                ok=not cut,
                detail=f"{model.name} {told}",
                latency_ms=_elapsed_ms(began),
                error=problem,
            )
        )

    async def _tool_call(self, model: Model) -> Outcome:
        tool = Tool(
            name="report_status",
            description="Reports that the test works.",
            input_schema={
                "type": "object",
                "properties": {"status": {"type": "string"}},
                "required": ["status"],
            },
        )
        request = ChatRequest(
            model=model.name,
            messages=_asked("Call the tool report_status with the status ok."),
            capabilities=model.capabilities,
            tools=(tool,),
            max_tokens=TEST_TOKENS * 8,
        )
        events = chat_events(
            self._app, model, request, self._purpose(model), patience=NONE, way=self._way(model)
        )
        called = await _holds(events, ToolCalled)
        return f"{model.name} called it" if called else f"{model.name} took it and did not call it"

    async def _completion(self, model: Model) -> Outcome:
        request = holes(self._app.catalog, model, max_tokens=TEST_TOKENS)[0].request
        events = completion_events(
            self._app, model, request, self._purpose(model), way=self._way(model)
        )
        await _holds(events, Finished)
        return f"{model.name} filled a hole by {request.method}"

    async def _embedding(self, model: Model) -> Outcome:
        request = EmbeddingRequest(model=model.name, inputs=("ok",))
        found = await embed(self._app, model, request, self._purpose(model), way=self._way(model))
        return f"{model.name}: {len(found.vectors[0])} numbers"

    def _cheapest(self, role: Role, *, tools: bool) -> Model | None:
        fitting = [
            model
            for model in self._models
            if role in model.roles
            and (not tools or model.capabilities.tools)
            and not (role == "completion" and model.capabilities.completion.method == "chat")
        ]
        return min(fitting, key=_cost, default=None)

    def _view(self, listed: Listed) -> Model:
        kept = self._kept.get(listed.name)
        row = ModelRow(
            provider=self._row.id,
            name=listed.name,
            source="api",
            display_name=listed.display_name,
            enabled=True,
            listed_at=None,
            live=listed.live,
            override=kept.override if kept else {},
            learned={},
        )
        return view(self._app.catalog, self._row, listed.name, row)

    def _way(self, model: Model | None) -> Way:
        return way_of(self._app.catalog, self._row, self._read, model)

    def _purpose(self, model: Model) -> Purpose:
        return Purpose(role=_SETUP, model=model.name)

    def _is_program(self) -> bool:
        return by_program(effective(self._template, self._row.settings))

    def _is_embedded(self) -> bool:
        return self._template.wires[0] == "embedded"


def _asked(text: str) -> tuple[Message, ...]:
    return (Message(role="user", content=(TextPart(text=text),)),)


async def _holds(events: AsyncGenerator[Event], kind: type[Event]) -> bool:
    found = [event async for event in events if isinstance(event, kind)]
    return bool(found)


def _cost(model: Model) -> tuple[bool, float, int]:
    price = model.capabilities.price
    return (not model.known, float(price.output) if price else 0.0, len(model.name))


def _elapsed_ms(began_s: float) -> int:
    return round((time.monotonic() - began_s) * 1000)
