"""`refact-lsp stats`: what became of completions; all of it stays on this machine."""

import click

from refact_lsp.cli.output import as_json, print_table, show
from refact_lsp.rpc.messages.work import CompletionStatsResult


@click.command("stats")
@click.option("--since", help="Only from this day on, such as 2026-11-01.")
@click.option(
    "--by", type=click.Choice(["model", "language", "day"]), default="model", show_default=True
)
@as_json
def command(since: str | None, by: str, as_json: bool) -> None:
    """Show how many completions were shown and taken, how fast they came, what they cost."""
    from refact_lsp.cli.front import ask_once

    params = {"by": by, **({"since": since} if since else {})}
    result = ask_once("refact/completion/stats", params, CompletionStatsResult)
    show(result, as_json=as_json, render=_print)


def _print(result: CompletionStatsResult) -> None:
    rows = [
        (
            row.key,
            str(row.requests),
            str(row.shown),
            str(row.accepted + row.accepted_partly),
            str(row.typed_through),
            str(row.accepted_chars),
            f"{row.latency_ms.p50:.0f} / {row.latency_ms.p95:.0f}",
            row.cost or "-",
        )
        for row in result.rows
    ]
    headers = ("", "asked", "shown", "taken", "typed", "characters", "p50 / p95 ms", "cost $")
    print_table(headers, rows)
