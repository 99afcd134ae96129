"""`refact-lsp ledger`: every request that left this machine."""

import click

from refact_lsp.cli.output import as_json, print_table, show
from refact_lsp.rpc.messages.accounts import LedgerListed


@click.command("ledger")
@click.option("--since", help="Only from this day or time on, such as 2026-11-01.")
@click.option("--provider", help="Only to this provider.")
@click.option("--limit", type=click.IntRange(min=1), default=100, show_default=True)
@as_json
def command(since: str | None, provider: str | None, limit: int, as_json: bool) -> None:
    """List the requests that left, the newest first: where to, how much, with which files."""
    from refact_lsp.cli.front import ask_once

    given = {"since": since, "provider": provider}
    params = {"limit": limit, **{name: value for name, value in given.items() if value}}
    result = ask_once("refact/ledger/list", params, LedgerListed)
    show(result, as_json=as_json, render=_print)


def _print(result: LedgerListed) -> None:
    rows = [
        (
            f"{row.at:%Y-%m-%d %H:%M:%S}",
            row.provider,
            row.host,
            row.role,
            row.model or "-",
            f"{row.bytes_out:,}",
            f"{row.bytes_in:,}",
            row.status,
            " ".join(row.files),
        )
        for row in result.entries
    ]
    headers = ("at (UTC)", "provider", "host", "role", "model", "out", "in", "status", "files")
    print_table(headers, rows)
