"""`refact-lsp usage`: tokens and money, as counted on this machine or told by a provider."""

import click

from refact_lsp.cli.output import as_json, print_table, show
from refact_lsp.rpc.messages.accounts import UsageSummary

_KEYS = ("model", "provider", "role", "day")


@click.command("usage")
@click.option("--since", help="Only from this day on, such as 2026-11-01.")
@click.option("--by", type=click.Choice(_KEYS), multiple=True, help="Repeatable; model if absent.")
@as_json
def command(since: str | None, by: tuple[str, ...], as_json: bool) -> None:
    """Sum requests, tokens and dollars."""
    from refact_lsp.cli.front import ask_once

    keys = by or ("model",)
    params = {"by": keys, **({"since": since} if since else {})}
    result = ask_once("refact/usage/summary", params, UsageSummary)

    def render(summary: UsageSummary) -> None:
        rows = [
            (
                *row.keys,
                f"{row.requests:,}",
                f"{row.usage.input_tokens:,}",
                f"{row.usage.output_tokens:,}",
                row.cost or "-",
            )
            for row in summary.rows
        ]
        print_table((*keys, "requests", "tokens in", "tokens out", "cost $"), rows)

    show(result, as_json=as_json, render=render)
