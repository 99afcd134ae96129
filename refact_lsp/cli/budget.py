"""`refact-lsp budget`: monthly caps."""

import click

from refact_lsp.cli.output import as_json, echo, print_table, show
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.accounts import Budgets


@click.group("budget")
def command() -> None:
    """Show and set monthly caps; a request that would pass one is refused before it is sent."""


@command.command("show")
@as_json
def show_budgets(as_json: bool) -> None:
    """Show the caps and what this month has cost."""
    from refact_lsp.cli.front import ask_once

    show(ask_once("refact/budget/get", Empty(), Budgets), as_json=as_json, render=_print)


@command.command("set")
@click.argument("dollars", metavar="DOLLARS|none")
@click.option("--provider", help="Only for this provider; all together without.")
@as_json
def set_budget(dollars: str, provider: str | None, as_json: bool) -> None:
    """Cap a month at DOLLARS, or take the cap away with none."""
    from refact_lsp.cli.front import ask_once

    params: dict[str, str | None] = {"monthly": None if dollars == "none" else dollars}
    if provider:
        params["provider"] = provider
    show(ask_once("refact/budget/set", params, Budgets), as_json=as_json, render=_print)


def _print(result: Budgets) -> None:
    rows = [
        (row.provider or "all", row.monthly, row.spent, f"{row.resets_at:%Y-%m-%d}")
        for row in result.budgets
    ]
    if rows:
        print_table(("provider", "cap $", "spent $", "resets"), rows)
    else:
        echo("No cap is set.")
