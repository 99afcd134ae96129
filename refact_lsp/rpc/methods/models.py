"""`refact/models/*`."""

import asyncio

from refact_lsp.core.nouns import ProviderProblem
from refact_lsp.core.types import parse_model_ref
from refact_lsp.features.counting.counter import told
from refact_lsp.features.counting.vocabulary import fetch_vocabulary
from refact_lsp.features.setup import discovery, models, probing
from refact_lsp.features.setup.providers import row_of
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _list(session: Session, params: m.ModelsList) -> m.ModelsListed:
    world = session.app.world
    if params.provider is not None:
        row_of(world, params.provider)  # a name that nobody has is no empty list
    listed = models.list_models(
        world,
        provider=params.provider,
        role=params.role,
        query=params.query,
        include_disabled=params.include_disabled,
    )
    problems = tuple(
        ProviderProblem(provider=name, error=state.error)
        for name, state in world.configuration.lists.items()
        if state.error is not None and params.provider in {None, name}
    )
    return m.ModelsListed(models=listed, problems=problems)


async def _refresh(session: Session, params: m.ModelsRefresh) -> m.ModelsRefreshed:
    error = await discovery.refresh(session.app, params.provider)
    listed = models.list_models(session.app.world, provider=params.provider, include_disabled=True)
    return m.ModelsRefreshed(models=listed, error=error)


async def _enable(session: Session, params: m.ModelsEnable) -> m.ModelsResult:
    refs = [parse_model_ref(name) for name in params.models]
    changed = await discovery.enable(session.app, refs, enabled=params.enabled)
    return m.ModelsResult(models=changed)


async def _save(session: Session, params: m.ModelSave) -> m.ModelResult:
    saved = await discovery.save_custom(
        session.app,
        parse_model_ref(params.model),
        display_name=params.display_name,
        capabilities=params.capabilities or {},
    )
    return m.ModelResult(model=saved)


async def _delete(session: Session, params: m.ModelName) -> Empty:
    await discovery.delete_custom(session.app, parse_model_ref(params.model))
    return Empty()


async def _tokenizer(session: Session, params: m.ModelTokenizer) -> m.TokenizerResult:
    model = discovery.found(session.app, parse_model_ref(params.model))

    def progress(received: int, of: int) -> None:
        told = m.TokenizerProgress(model=params.model, received_bytes=received, of_bytes=of)
        session.notify("refact/models/tokenizerProgress", told)

    if params.fetch:
        await fetch_vocabulary(session.app, model, progress)
    return m.TokenizerResult(counting=await asyncio.to_thread(told, session.app, model))


async def _probe(session: Session, params: m.ModelProbe) -> m.ProbeResults:
    results = await probing.probe(session.app, parse_model_ref(params.model), params.checks)
    return m.ProbeResults(results=results)


METHODS = (
    Method("refact/models/list", m.ModelsList, m.ModelsListed, _list),
    Method("refact/models/refresh", m.ModelsRefresh, m.ModelsRefreshed, _refresh),
    Method("refact/models/enable", m.ModelsEnable, m.ModelsResult, _enable),
    Method("refact/models/save", m.ModelSave, m.ModelResult, _save),
    Method("refact/models/delete", m.ModelName, Empty, _delete),
    Method("refact/models/tokenizer", m.ModelTokenizer, m.TokenizerResult, _tokenizer),
    Method("refact/models/probe", m.ModelProbe, m.ProbeResults, _probe),
)
