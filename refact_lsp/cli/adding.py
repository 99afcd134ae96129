"""The dialogue behind `providers add`: template, settings, test, models, default models."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from refact_lsp.cli.asking import asked
from refact_lsp.cli.front import ask
from refact_lsp.cli.output import echo
from refact_lsp.cli.report import print_report
from refact_lsp.cli.signing_in import sign_in
from refact_lsp.core.nouns import Field, Provider, Template, TestReport
from refact_lsp.core.problems import refuse
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import (
    DefaultResult,
    ModelsRefreshed,
    ProposalResult,
    ProviderResult,
    TemplatesResult,
)
from refact_lsp.rpc.session import Session

_SIGN_IN, _KEY = "oauth", "apiKey"
_YES, _NO = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


async def add_provider(
    session: Session,
    template: str | None,
    given: Mapping[str, Any],
    *,
    name: str | None,
    test: bool,
    ask_user: bool,
) -> Provider:
    """Add a provider; asks only where a person is at the terminal and `ask_user` allows it."""
    ask_user = ask_user and sys.stdin.isatty()
    chosen = await _template(session, template, ask_user=ask_user)
    signs_in = ask_user and _wants_sign_in(chosen, given)
    settings = _settings(chosen, given, ask_user=ask_user, keyless=signs_in)
    draft = {"template": chosen.id, "settings": settings}
    if test and not signs_in:
        await _test(session, {"draft": draft}, chosen, ask_user=ask_user)
    params = {**draft, "id": name} if name else draft
    saved = (await ask(session, "refact/providers/save", params, ProviderResult)).provider
    if signs_in:
        echo(f"{saved.id} is saved; it works once you have signed in.")
        await sign_in(session, saved.id, None, as_json=False)
        if test:
            await _test(session, {"id": saved.id}, chosen, ask_user=ask_user)
    refreshed = await ask(session, "refact/models/refresh", {"provider": saved.id}, ModelsRefreshed)
    if ask_user:
        echo(f"{len(refreshed.models)} models.")
        await _defaults(session, saved.id)
    return (await ask(session, "refact/providers/get", {"id": saved.id}, ProviderResult)).provider


async def _test(
    session: Session, what: Mapping[str, object], template: Template, *, ask_user: bool
) -> None:
    """Test a draft, which is then not saved where it fails, or what is saved."""
    report = await ask(session, "refact/providers/test", what, TestReport)
    if ask_user or not report.ok:
        print_report(report, err=not ask_user)
    if report.ok or "draft" not in what:
        return
    if not (ask_user and asked(click.confirm, "Save it all the same?")):
        problem = report.error
        raise refuse(
            problem.kind if problem else "invalidRequest",
            f"{template.name} was not added: {problem.message if problem else 'the test failed'}",
            "Correct the settings, or add it untested with --no-test.",
        )


def _wants_sign_in(template: Template, given: Mapping[str, Any]) -> bool:
    """Offer the sign-in that a template has; the key that it may have instead is then not asked."""
    if _SIGN_IN not in template.auth or _KEY in given:
        return False
    if template.auth == (_SIGN_IN,):
        return True
    question = f"Sign in to {template.name}, instead of giving it a key?"
    return asked(click.confirm, question, default=template.auth[0] == _SIGN_IN)


async def _template(session: Session, name: str | None, *, ask_user: bool) -> Template:
    known = (await ask(session, "refact/providers/templates", Empty(), TemplatesResult)).templates
    by_id = {entry.id: entry for entry in known}
    if name is None and ask_user:
        for entry in known:
            echo(f"  {entry.id:<18} {entry.notes}")
        name = asked(click.prompt, "Template", type=click.Choice(list(by_id)), show_choices=False)
    if name is None or name not in by_id:
        what = f"There is no template {name!r}." if name else "No template was named."
        raise refuse("invalidRequest", what, f"Choose one of {', '.join(by_id)}.")
    return by_id[name]


def _settings(
    template: Template, given: Mapping[str, Any], *, ask_user: bool, keyless: bool
) -> dict[str, Any]:
    fields = {field.name: field for field in template.fields}
    for name in given:
        if name not in fields:
            raise refuse(
                "invalidRequest",
                f"{template.name} has no setting {name!r}.",
                f"Its settings are {', '.join(fields)}.",
                field=name,
            )
    settings = {name: _typed(fields[name], value) for name, value in given.items()}
    if ask_user:
        for field in template.fields:
            asked = not field.advanced and not (keyless and field.name == _KEY)
            if asked and field.name not in settings:
                value = _prompted(field)
                if value not in (None, ""):
                    settings[field.name] = value
    return settings


def _prompted(field: Field) -> Any:  # noqa: ANN401  — a setting's type is its field's
    if field.help:
        echo(f"  {field.help}")
    default = field.default if field.default is not None else ("" if not field.required else None)
    if field.type == "boolean":
        return asked(click.confirm, field.label, default=bool(field.default))
    choice = click.Choice([option.value for option in field.options]) if field.options else None
    answer = asked(
        click.prompt,
        field.label,
        default=default,
        hide_input=field.type == "secret",
        show_default=bool(default),
        type=choice or str,
    )
    return _typed(field, answer)


def _typed(field: Field, value: Any) -> Any:  # noqa: ANN401  — a setting's type is its field's
    if not isinstance(value, str):
        return value
    match field.type:
        case "boolean":
            said = value.strip().lower()
            if said not in (*_YES, *_NO):
                raise refuse("invalidRequest", f"{field.label} is true or false.", field=field.name)
            return said in _YES
        case "integer":
            if not value.strip().isdecimal():
                raise refuse("invalidRequest", f"{field.label} is a number.", field=field.name)
            return int(value)
        case "map":
            pairs = [entry.partition("=") for entry in value.split(",") if entry.strip()]
            if not all(key.strip() and equals for key, equals, _ in pairs):
                what = f"{field.label} are given as name=value, with commas between them."
                raise refuse("invalidRequest", what, field=field.name)
            return {key.strip(): content.strip() for key, _, content in pairs}
        case _:
            return value


async def _defaults(session: Session, provider: str) -> None:
    """Propose default models for roles that have none; nothing is chosen without a yes."""
    proposal = await ask(session, "refact/defaults/propose", {"provider": provider}, ProposalResult)
    for entry in proposal.proposals:
        if asked(
            click.confirm, f"Use {entry.model} for {entry.role}? {entry.reason}", default=True
        ):
            await ask(
                session,
                "refact/defaults/set",
                {"role": entry.role, "model": entry.model},
                DefaultResult,
            )
