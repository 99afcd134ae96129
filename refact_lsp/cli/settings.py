"""`refact-lsp settings`: what counts for every editor, and what you store of it."""

import click
import msgspec

from refact_lsp.cli.output import as_json, echo, print_json, show
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import SettingsResult


@click.group("settings")
def command() -> None:
    """Show and store settings; an editor's own settings win for its session."""


@command.command("show")
@as_json
def show_settings(as_json: bool) -> None:
    """Show the settings that count."""
    from refact_lsp.cli.front import ask_once

    show(ask_once("refact/settings/get", Empty(), SettingsResult), as_json=as_json, render=_print)


@command.command("set")
@click.argument("name")
@click.argument("value")
@as_json
def set_setting(name: str, value: str, as_json: bool) -> None:
    """Store VALUE (JSON, or a bare word) for NAME, such as completion.debounceMs; null forgets."""
    from refact_lsp.cli.front import ask_once

    try:
        decoded: object = msgspec.json.decode(value.encode())
    except msgspec.DecodeError:
        decoded = value
    result = ask_once("refact/settings/set", {"values": {name: decoded}}, SettingsResult)
    show(result, as_json=as_json, render=_print)


def _print(result: SettingsResult) -> None:
    print_json(result.settings)
    for warning in result.warnings:
        echo(warning, err=True)
