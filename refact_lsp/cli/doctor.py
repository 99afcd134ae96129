"""`refact-lsp doctor`: what is wrong, and what to do."""

import click

from refact_lsp.cli.output import Styled, as_json, echo, show
from refact_lsp.core.problems import RefactError
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import DoctorResult


@click.command("doctor")
@as_json
def command(as_json: bool) -> None:
    """Check Python, the database, the keyring, the folders and every provider."""
    from refact_lsp.cli.front import ask_once

    try:
        result = ask_once("refact/doctor", Empty(), DoctorResult)
    except RefactError as error:  # nothing else can be looked at before this is mended
        from refact_lsp.features.setup.doctor import failed

        result = DoctorResult(checks=(failed("start", error),))
    show(result, as_json=as_json, render=_print)
    if not all(check.ok for check in result.checks):
        raise SystemExit(1)


def _print(result: DoctorResult) -> None:
    for check in result.checks:
        word = Styled("ok", colour="green") if check.ok else Styled("problem", colour="red")
        echo(f"{check.name:<16} ", word, f"  {check.detail}")
        if check.hint:
            echo(f"{'':<16} {check.hint}")
