"""`refact-lsp completion`: the script that completes commands in a shell."""

import click
from click.shell_completion import get_completion_class

from refact_lsp.cli.output import as_json, echo, show


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@as_json
def command(shell: str, as_json: bool) -> None:
    """Print the completion script of a SHELL.

    For example: refact-lsp completion bash >> ~/.bashrc
    """
    from refact_lsp.cli.main import root

    script = get_completion_class(shell)
    if script is None:
        raise click.ClickException(f"no completion for {shell}")
    source = script(root, {}, "refact-lsp", "_REFACT_LSP_COMPLETE").source()
    document = {"shell": shell, "script": source}
    show(document, as_json=as_json, render=lambda value: echo(value["script"]))
