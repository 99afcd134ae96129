"""The command line's root: finds the module of a command and shows problems in one place."""

import importlib
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, cast

import click

from refact_lsp.cli.output import echo
from refact_lsp.core.problems import RefactError
from refact_lsp.version import VERSION

if TYPE_CHECKING:
    from io import TextIOWrapper

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
USAGE_EXIT = 2


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
    """Run a command and end the process.

    A problem is shown in plain words and ends with exit code 1, a mistake in what was typed with 2.
    """
    _prepare_handles()
    try:
        ended: object = root.main(args=arguments, prog_name="refact-lsp", standalone_mode=False)
        code = ended if isinstance(ended, int) else 0
    except RefactError as error:
        problem = error.problem
        code = _told(problem.message, problem.hint, PROBLEM_EXIT)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        code = error.exit_code
    except click.UsageError as error:
        where = f" See {error.ctx.command_path} --help." if error.ctx else ""
        code = _told(error.format_message().rstrip(".") + "." + where, None, error.exit_code)
    except click.ClickException as error:
        code = _told(error.format_message(), None, error.exit_code)
    except click.Abort:
        code = _told("Aborted.", None, PROBLEM_EXIT)
    except UnicodeEncodeError:  # a name or value of other bytes; output never fails by it
        code = _told("What was typed is not UTF-8 text.", "Type it again.", USAGE_EXIT)
    except OSError as error:
        code = _ended_by(error)
    sys.exit(code)


def _told(message: str, hint: str | None, code: int) -> int:
    echo(f"refact-lsp: {message}", err=True)
    if hint:
        echo(f"  {hint}", err=True)
    return code


def _ended_by(error: OSError) -> int:
    """Say what the system refused; nearly always it is the output."""
    if isinstance(error, FileNotFoundError) and error.filename is None:  # from asking for it
        message = "The folder that you are in is not there any more."
        return _told(message, "Change to another one, then try again.", PROBLEM_EXIT)
    if error.filename is not None:
        return _told(f"{error.filename}: {error.strerror}.", None, PROBLEM_EXIT)
    # What is still to be written would fail again at the end.
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if not isinstance(error, BrokenPipeError):  # whoever read has seen enough
        message = f"The output cannot be written: {error.strerror}."
        _told(message, "Look whether the disk is full.", PROBLEM_EXIT)
    return PROBLEM_EXIT


def _prepare_handles() -> None:
    """Let no handle be missing, and no sign that the terminal cannot show end a command.

    In this order each takes the number that is free, its own.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            flags = os.O_RDONLY if mode == "r" else os.O_WRONLY
            setattr(sys, name, os.fdopen(os.open(os.devnull, flags), mode))
    if hasattr(sys.stdout, "reconfigure"):
        cast("TextIOWrapper", sys.stdout).reconfigure(errors="replace")
