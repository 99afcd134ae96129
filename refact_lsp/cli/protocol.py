"""`refact-lsp protocol`: the protocol's JSON Schema."""

import click

from refact_lsp.cli.output import print_json


@click.command("protocol")
@click.option("--json", "as_json", is_flag=True, help="Accepted; the schema is always JSON.")
def command(as_json: bool) -> None:  # noqa: ARG001  — every command takes --json
    """Print the JSON Schema of every refact/* method."""
    from refact_lsp.rpc.schema import protocol_schema

    print_json(protocol_schema())
