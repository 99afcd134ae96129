"""`refact-lsp privacy`: which files may go where."""

from pathlib import Path
from typing import Any

import click

from refact_lsp.cli.output import as_json, echo, print_table, show
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.accounts import PrivacyRules, PrivacyVerdict


@click.group("privacy")
def command() -> None:
    """Show and change which files may go to which provider."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--provider", help="May this provider receive it? Without: may anyone?")
@as_json
def check(file: Path, provider: str | None, as_json: bool) -> None:
    """Say whether FILE may be sent, and which rule decides."""
    from refact_lsp.cli.front import ask_once

    params = {"uri": file.absolute().as_uri(), **({"provider": provider} if provider else {})}
    result = ask_once("refact/privacy/check", params, PrivacyVerdict)
    show(result, as_json=as_json, render=_print_verdict)


@command.command("show")
@as_json
def show_rules(as_json: bool) -> None:
    """Show every rule in force here, in the order of their say."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/privacy/get", Empty(), PrivacyRules)
    show(result, as_json=as_json, render=_print_rules)


@command.command("add")
@click.argument("name")
@click.argument("patterns", nargs=-1, required=True)
@click.option(
    "--send-to",
    multiple=True,
    help="A provider, `local` for runtimes on this machine, or `all`; repeatable. None: nobody.",
)
@click.option("--first", is_flag=True, help="Before the other rules; the first that matches wins.")
@as_json
def add(
    name: str, patterns: tuple[str, ...], send_to: tuple[str, ...], first: bool, as_json: bool
) -> None:
    """Add or replace the rule NAME for files that match PATTERNS (as in .gitignore)."""
    rule = {"name": name, "patterns": patterns, "sendTo": send_to, "source": "user"}

    def changed(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        others = [each for each in rules if each["name"] != name]
        return [rule, *others] if first else [*others, rule]

    _change(changed, as_json=as_json)


@command.command("remove")
@click.argument("name")
@as_json
def remove(name: str, as_json: bool) -> None:
    """Remove your rule NAME."""

    def changed(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [each for each in rules if each["name"] != name]
        if len(kept) == len(rules):
            raise click.ClickException(f"You have no rule {name!r}. See refact-lsp privacy show.")
        return kept

    _change(changed, as_json=as_json)


@command.command("local-only")
@click.argument("switch", type=click.Choice(["on", "off"]))
@as_json
def local_only(switch: str, as_json: bool) -> None:
    """Refuse every host but this machine, or allow others again."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/privacy/set", {"localOnly": switch == "on"}, PrivacyRules)
    show(result, as_json=as_json, render=_print_rules)


def _change(changed: Any, *, as_json: bool) -> None:  # noqa: ANN401  — a function over plain JSON
    from refact_lsp.cli.front import ask, with_session
    from refact_lsp.rpc.session import Session

    async def work(session: Session) -> PrivacyRules:
        now = await ask(session, "refact/privacy/get", Empty(), PrivacyRules)
        mine = [
            {
                "name": rule.name,
                "patterns": rule.patterns,
                "sendTo": rule.send_to,
                "source": rule.source,
            }
            for rule in now.rules
            if rule.source == "user"
        ]
        return await ask(session, "refact/privacy/set", {"rules": changed(mine)}, PrivacyRules)

    show(with_session(work), as_json=as_json, render=_print_rules)


def _print_verdict(verdict: PrivacyVerdict) -> None:
    rule = f" by {verdict.rule!r}" if verdict.rule else ""
    where = f" in {verdict.file}" if verdict.file else ""
    echo(f"{'allowed' if verdict.allowed else 'blocked'}{rule}{where}")
    if verdict.reason:
        echo(f"  {verdict.reason}")


def _print_rules(result: PrivacyRules) -> None:
    rows = [
        (rule.name, rule.source, ", ".join(rule.send_to) or "nobody", " ".join(rule.patterns))
        for rule in result.rules
    ]
    print_table(("rule", "source", "may go to", "patterns"), rows)
    echo(f"Local only: {'on' if result.local_only else 'off'}")
