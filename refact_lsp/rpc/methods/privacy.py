"""`refact/privacy/*`."""

from refact_lsp.features import privacy
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages import accounts as m
from refact_lsp.rpc.session import Session
from refact_lsp.rpc.table import Method


async def _check(session: Session, params: m.PrivacyCheck) -> m.PrivacyVerdict:
    found = await privacy.verdict(session.app, params.uri, params.provider)
    return m.PrivacyVerdict(
        allowed=found.allowed, rule=found.rule, file=found.file, reason=found.reason
    )


async def _get(session: Session, _: Empty) -> m.PrivacyRules:
    return m.PrivacyRules(
        rules=tuple(
            m.PrivacyRule(
                name=rule.name, patterns=rule.patterns, send_to=rule.send_to, source=rule.source
            )
            for rule in await privacy.rules(session.app)
        ),
        local_only=session.app.local_only,
    )


async def _set(session: Session, params: m.PrivacySet) -> m.PrivacyRules:
    await privacy.change(session.app, params.rules, params.local_only)
    return await _get(session, Empty())


METHODS = (
    Method("refact/privacy/check", m.PrivacyCheck, m.PrivacyVerdict, _check),
    Method("refact/privacy/get", Empty, m.PrivacyRules, _get),
    Method("refact/privacy/set", m.PrivacySet, m.PrivacyRules, _set),
)
