"""`refact-lsp completion`: the script that completes commands in a shell."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of a SHELL.

    For example: refact-lsp completion bash >> ~/.bashrc
    """
    from refact_lsp.cli.main import root

    script = get_completion_class(shell)
    if script is None:
        raise click.ClickException(f"no completion for {shell}")
    click.echo(script(root, {}, "refact-lsp", "_REFACT_LSP_COMPLETE").source())
