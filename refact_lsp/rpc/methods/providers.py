"""`refact/providers/*`."""

from refact_lsp.core.nouns import AccountUsage, TestReport
from refact_lsp.core.problems import refuse
from refact_lsp.features.setup import detection, providers, testing
from refact_lsp.features.setup.account import account_usage
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import setup as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _templates(session: Session, _: Empty) -> m.TemplatesResult:
    return m.TemplatesResult(templates=providers.templates(session.app.world))


async def _list(session: Session, _: Empty) -> m.ProvidersResult:
    return m.ProvidersResult(providers=await providers.list_providers(session.app))


async def _get(session: Session, params: m.ProviderId) -> m.ProviderResult:
    return m.ProviderResult(provider=await providers.get_provider(session.app, params.id))


async def _save(session: Session, params: m.ProviderSave) -> m.ProviderResult:
    saved = await providers.save_provider(
        session.app,
        template=params.template,
        settings=params.settings,
        provider_id=params.id,
        display_name=params.display_name,
        enabled=params.enabled,
    )
    return m.ProviderResult(provider=saved)


async def _delete(session: Session, params: m.ProviderId) -> Empty:
    await providers.delete_provider(session.app, params.id)
    return Empty()


async def _test(session: Session, params: m.ProviderTest) -> TestReport:
    if (params.id is None) == (params.draft is None):
        raise refuse("invalidRequest", "A test takes the id of a provider or a draft, one of them.")
    if params.draft is not None:
        draft = params.draft
        return await testing.test_draft(session.app, draft.template, draft.settings)
    return await testing.test_provider(session.app, params.id or "")


async def _detect(session: Session, _: Empty) -> m.DetectResult:
    return m.DetectResult(found=await detection.detect(session.app))


async def _usage(session: Session, params: m.ProviderId) -> AccountUsage:
    return await account_usage(session.app, params.id)


METHODS = (
    Method("refact/providers/templates", Empty, m.TemplatesResult, _templates),
    Method("refact/providers/list", Empty, m.ProvidersResult, _list),
    Method("refact/providers/get", m.ProviderId, m.ProviderResult, _get),
    Method("refact/providers/save", m.ProviderSave, m.ProviderResult, _save),
    Method("refact/providers/delete", m.ProviderId, Empty, _delete),
    Method("refact/providers/test", m.ProviderTest, TestReport, _test),
    Method("refact/providers/detect", Empty, m.DetectResult, _detect),
    Method("refact/providers/usage", m.ProviderId, AccountUsage, _usage),
)
