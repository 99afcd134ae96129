"""`refact-lsp protocol`: the protocol as JSON Schema, TypeScript types or a reference page."""

import click

from refact_lsp.cli.output import echo, print_json


@click.command("protocol")
@click.option("--typescript", "form", flag_value="typescript", help="TypeScript types.")
@click.option("--markdown", "form", flag_value="markdown", help="The reference page.")
@click.option("--json", "form", flag_value="json", default=True, help="JSON Schema, the default.")
def command(form: str) -> None:
    """Print every refact/* method with its params and result."""
    from refact_lsp.rpc.reference import reference
    from refact_lsp.rpc.schema import protocol_schema
    from refact_lsp.rpc.typescript import typescript

    schema = protocol_schema()
    match form:
        case "typescript":
            echo(typescript(schema), nl=False)
        case "markdown":
            echo(reference(schema), nl=False)
        case _:
            print_json(schema)
