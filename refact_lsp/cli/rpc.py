"""`refact-lsp rpc`: any method of the protocol from the shell."""

import click

from refact_lsp.cli.output import decoded, print_json


@click.command("rpc")
@click.argument("method")
@click.argument("params", default="{}")
@click.option("--json", "as_json", is_flag=True, help="Accepted; the result is always JSON.")
def command(method: str, params: str, as_json: bool) -> None:  # noqa: ARG001  — every command takes --json
    """Call METHOD with PARAMS as JSON, and print its result.

    For example: refact-lsp rpc refact/models/list '{"role": "completion"}'
    """
    from refact_lsp.cli.front import with_session
    from refact_lsp.rpc.methods import TABLE
    from refact_lsp.rpc.table import InvalidParams, UnknownMethod, call

    decoded(params)
    try:
        print_json(with_session(lambda session: call(TABLE, session, method, params.encode())))
    except UnknownMethod:
        names = "\n  ".join(sorted(TABLE))
        raise click.BadParameter(f"no method {method!r}; there are:\n  {names}") from None
    except InvalidParams as error:
        raise click.BadParameter(str(error)) from None
