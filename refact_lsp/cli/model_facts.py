"""`refact-lsp models set` and `forget`: what the user knows better of a model."""

import click

from refact_lsp.cli.output import as_json, echo, show
from refact_lsp.cli.tables import print_model
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import ModelResult


@click.command("set")
@click.argument("model")
@click.argument("facts", nargs=-1, metavar="NAME=VALUE...")
@click.option("--name", "display_name", help="How it is called in lists.")
@as_json
def set_facts(model: str, facts: tuple[str, ...], display_name: str | None, as_json: bool) -> None:
    """Set what MODEL can do, or add a model that its provider does not list.

    A value is JSON or a bare word; null takes yours back. For example:
    refact-lsp models set custom/mine contextWindow=32768 tools=true
    """
    from refact_lsp.cli.front import ask_once

    params: dict[str, object] = {"model": model, "capabilities": dict(map(_fact, facts))}
    if display_name is not None:
        params["displayName"] = display_name
    result = ask_once("refact/models/save", params, ModelResult)
    show(result.model, as_json=as_json, render=print_model)


@click.command("forget")
@click.argument("model")
@as_json
def forget(model: str, as_json: bool) -> None:
    """Forget a MODEL of your own, or what you set of a listed one."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/models/delete", {"model": model}, Empty)
    show(result, as_json=as_json, render=lambda _: echo(f"Forgot what was set of {model}."))


def _fact(text: str) -> tuple[str, object]:
    import msgspec

    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE")
    try:
        return name, msgspec.json.decode(value.encode())
    except msgspec.DecodeError:
        return name, value
