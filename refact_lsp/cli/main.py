"""The command line's root: finds the module of a command and shows problems in one place."""

import importlib
import sys
from collections.abc import Sequence

import click

from refact_lsp.core.problems import RefactError
from refact_lsp.version import VERSION

# Command name -> module of refact_lsp.cli that defines `command`; loaded when asked for.
COMMANDS = {
    "budget": "budget",
    "chat": "chat",
    "complete": "complete",
    "completion": "shells",
    "defaults": "defaults",
    "demo": "demo",
    "doctor": "doctor",
    "ledger": "ledger",
    "models": "models",
    "privacy": "privacy",
    "protocol": "protocol",
    "providers": "providers",
    "registry": "registry",
    "rpc": "rpc",
    "settings": "settings",
    "stats": "stats",
    "status": "status",
    "usage": "usage",
}

PROBLEM_EXIT = 1


class Commands(click.Group):
    """Loads a command's module only when it is named, so that each starts quickly."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  — click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  — click's signature
        module = COMMANDS.get(cmd_name)
        if module is None:
            return None
        return importlib.import_module(f"refact_lsp.cli.{module}").command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="refact-lsp")
def root() -> None:
    """Complete, chat and search with your own models.

    Without a command, or with --stdio, refact-lsp is a language server on standard input and
    output.
    """


def run(arguments: Sequence[str] | None = None) -> None:
    """Run a command; a problem is shown in plain words and ends with exit code 1."""
    try:
        root.main(args=arguments, prog_name="refact-lsp")
    except RefactError as error:
        problem = error.problem
        click.echo(f"refact-lsp: {problem.message}", err=True)
        if problem.hint:
            click.echo(f"  {problem.hint}", err=True)
        sys.exit(PROBLEM_EXIT)
