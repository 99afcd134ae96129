"""A provider's own list of models, with what the server says of each."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlencode

import msgspec

from refact_lsp.core.ledger import Purpose
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import CapabilityPatch
from refact_lsp.llm.client import Client
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.retry import BRIEF, Patience
from refact_lsp.llm.targets import join
from refact_lsp.llm.wire.listed import ListedModel
from refact_lsp.llm.wire.listed_local import llamacpp_facts, ollama_facts, ollama_running
from refact_lsp.llm.wire.model_lists import LIST_HEADERS, next_page, parse_models
from refact_lsp.registry.schema import ModelFilter, Template
from refact_lsp.store.models import Listed

_MOST_PAGES = 50
_DETAILS_AT_ONCE = 4

Fetch = Callable[..., Awaitable[bytes]]


def has_list(template: Template, addresses: Mapping[str, str]) -> bool:
    """Say whether an effective template's provider can be asked what it has."""
    return (
        template.model_list is not None
        and template.supports.model_list
        and ("models" in addresses or "base" in addresses)
    )


async def list_live(
    client: Client,
    endpoint: Endpoint,
    template: Template,
    purpose: Purpose,
    patience: Patience = BRIEF,
) -> list[Listed]:
    """Ask for every page and every model's details; raises `RefactError` for the list itself."""
    shape = template.model_list
    if shape is None:
        return []
    found: list[ListedModel] = []
    page = endpoint
    for _ in range(_MOST_PAGES):
        body = await client.fetch(
            page, "models", purpose=purpose, headers=LIST_HEADERS.get(shape), patience=patience
        )
        try:
            found += parse_models(shape, body)
        except RefactError as error:
            raise RefactError(await endpoint.cleaned(error.problem)) from None
        query = next_page(shape, body)
        if query is None:
            break
        address = join(endpoint.addresses["models"], f"?{urlencode(query)}")
        page = replace(endpoint, addresses={**endpoint.addresses, "models": address})
    offered = [model for model in found if _offered(template, model)]
    details = _Details(client, endpoint, purpose)
    detailed = await details.of(offered)
    return [
        Listed(name=model.id, display_name=model.display_name, live=msgspec.to_builtins(model.told))
        for model in detailed
        if model.kind != "other"
    ]


class _Details:
    """What a local runtime tells beside its list, by the routes that its template names."""

    def __init__(self, client: Client, endpoint: Endpoint, purpose: Purpose) -> None:
        self._client = client
        self._endpoint = endpoint
        self._purpose = purpose
        self._turns = asyncio.Semaphore(_DETAILS_AT_ONCE)

    async def of(self, models: Sequence[ListedModel]) -> list[ListedModel]:
        """Add the details; a route that does not answer leaves the models as they were listed."""
        found = list(models)
        if "show" in self._endpoint.addresses:
            found = list(await asyncio.gather(*(self._shown(model) for model in found)))
        if "loaded" in self._endpoint.addresses:
            found = _with_windows(found, ollama_running(await self._asked("loaded") or b"{}"))
        if "props" in self._endpoint.addresses and len(found) == 1:
            props = await self._asked("props")
            if props is not None:
                found = [_with_facts(found[0], llamacpp_facts(props))]
        return found

    async def _shown(self, model: ListedModel) -> ListedModel:
        async with self._turns:
            said = await self._asked("show", msgspec.json.encode({"model": model.id}))
        if said is None:
            return model
        kind, facts = ollama_facts(said)
        return _with_facts(msgspec.structs.replace(model, kind=kind or model.kind), facts)

    async def _asked(self, route: str, body: bytes = b"") -> bytes | None:
        try:
            return await self._client.fetch(
                self._endpoint,
                route,
                purpose=self._purpose,
                method="POST" if body else "GET",
                body=body,
                headers={"content-type": "application/json"} if body else None,
            )
        except RefactError:
            return None


def _with_facts(model: ListedModel, facts: CapabilityPatch) -> ListedModel:
    """Lay further facts over a model's; what they leave unsaid stays."""
    said = {
        field.name: value
        for field in msgspec.structs.fields(CapabilityPatch)
        if (value := getattr(facts, field.name)) is not None
    }
    return msgspec.structs.replace(model, facts=msgspec.structs.replace(model.facts, **said))


def _with_windows(
    models: Sequence[ListedModel], loaded: Mapping[str, int | None]
) -> list[ListedModel]:
    """Let the window that a model is loaded with win over what it could have."""
    return [
        _with_facts(model, CapabilityPatch(context_window=loaded[model.id]))
        if loaded.get(model.id)
        else model
        for model in models
    ]


def _offered(template: Template, model: ListedModel) -> bool:
    if not model.offered or model.kind == "other":
        return False
    rule: ModelFilter = template.model_filter
    name = model.id
    if rule.keep is not None and not re.search(rule.keep, name):
        return False
    return rule.drop is None or not re.search(rule.drop, name)
