"""What a provider says of the account's use: limits and balance, read by paths of its template."""

import re
from decimal import Decimal, InvalidOperation
from typing import Any, cast

import msgspec

from refact_lsp.app.application import App
from refact_lsp.core.ledger import Purpose
from refact_lsp.core.nouns import AccountUsage, UsageWindow
from refact_lsp.core.problems import RefactError, refuse
from refact_lsp.features.setup.endpoints import endpoint_of
from refact_lsp.features.setup.providers import row_of
from refact_lsp.registry.schema import UsageSource, UsageWindowEntry
from refact_lsp.registry.templates import effective

# `name` or `name[key=value]`, which takes the item of a list whose key has that value.
_STEP = re.compile(r"(\w+)(?:\[(\w+)=(\w+)\])?")


async def account_usage(app: App, provider: str) -> AccountUsage:
    """Ask every route that the template names; a refused one counts only where none answers."""
    row = row_of(app.world, provider)
    template = effective(app.catalog.template(row.template), row.settings)
    endpoint = endpoint_of(app, row)
    sources = [source for source in template.usage if source.route in endpoint.addresses]
    if not sources:
        raise refuse(
            "unsupported",
            f"{template.name} does not tell what the account used.",
            "See its own console; refact-lsp usage shows what this machine counted.",
            provider=provider,
        )
    windows: list[UsageWindow] = []
    balance: str | None = None
    answered, failure = False, None
    for source in sources:
        try:
            body = await app.client.fetch(endpoint, source.route, purpose=Purpose(role="usage"))
            said = _decoded(body, provider)
        except RefactError as error:
            failure = failure or error
            continue
        answered = True
        windows += [window for entry in source.windows if (window := _window(entry, said))]
        balance = _balance(source, said) or balance
    if failure is not None and not answered:
        raise failure
    return AccountUsage(windows=tuple(windows), balance=balance)


def _decoded(body: bytes, provider: str) -> object:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError:
        raise refuse(
            "badResponse",
            f"{provider} answered the question for the account's use without JSON.",
            "Check its base URL.",
            provider=provider,
        ) from None


def _window(entry: UsageWindowEntry, said: object) -> UsageWindow | None:
    used, limit = _number(entry.used, said), _number(entry.limit, said)
    if used is None and limit is None:
        return None
    resets = _at(entry.resets_at, said) if entry.resets_at else None
    return UsageWindow(
        name=entry.name,
        unit=entry.unit,
        used=None if used is None else float(used),
        limit=None if limit is None else float(limit),
        resets_at=resets if isinstance(resets, str) else None,
    )


def _balance(source: UsageSource, said: object) -> str | None:
    whole = _number(source.balance, said)
    if whole is None:
        return None
    left = whole - (_number(source.spent, said) or Decimal(0))
    return f"{left.normalize():f}"


def _number(path: str | None, said: object) -> Decimal | None:
    value = _at(path, said) if path else None
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _at(path: str, said: object) -> object:
    """Follow a path; None where anything on it is missing or of another kind."""
    for name, key, wanted in _STEP.findall(path):
        said = cast("dict[str, Any]", said).get(name) if isinstance(said, dict) else None
        if key:
            items = cast("list[Any]", said) if isinstance(said, list) else []
            said = next((item for item in items if _at(key, item) == wanted), None)
    return said
