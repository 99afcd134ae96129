"""`refact-lsp status`: what serves which role, and what is in the way."""

import click

from refact_lsp.cli.output import as_json, echo, print_table, show
from refact_lsp.core.nouns import Status
from refact_lsp.rpc.messages import Empty


@click.command("status")
@as_json
def command(as_json: bool) -> None:
    """Show what serves which role, and what is in the way."""
    from refact_lsp.cli.front import ask_once

    show(ask_once("refact/status", Empty(), Status), as_json=as_json, render=_print)


def _print(status: Status) -> None:
    echo(f"refact-lsp {status.version}: {status.state}")
    print_table(
        ("role", "model", "problem"),
        [
            (row.role, row.model or "-", row.problem.message if row.problem else "")
            for row in status.roles
        ],
    )
    for problem in status.problems:
        echo(f"{problem.message} {problem.hint or ''}".rstrip())
