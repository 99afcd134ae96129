"""`refact-lsp defaults`: which model serves which role."""

import click

from refact_lsp.cli.output import as_json, print_table, show
from refact_lsp.core.nouns import Default
from refact_lsp.core.types import ROLES
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import DefaultResult, DefaultsResult


@click.group("defaults")
def command() -> None:
    """Show or choose the default models of the six roles."""


@command.command("get")
@as_json
def get(as_json: bool) -> None:
    """Show all six roles, and what really serves each."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/defaults/get", Empty(), DefaultsResult)
    show(result, as_json=as_json, render=lambda value: _print(*value.defaults))


@command.command("set")
@click.argument("role", type=click.Choice(ROLES))
@click.argument("model", required=False)
@click.option("--clear", is_flag=True, help="Leave the role without a model of its own.")
@click.option("--fallback", multiple=True, help="Next model when this one fails; repeatable.")
@click.option("--temperature", type=click.FloatRange(0, 2))
@click.option("--max-tokens", type=click.IntRange(min=1))
@click.option("--reasoning", type=click.Choice(["off", "minimal", "low", "medium", "high", "max"]))
@as_json
def set_default(
    role: str,
    model: str | None,
    clear: bool,
    fallback: tuple[str, ...],
    temperature: float | None,
    max_tokens: int | None,
    reasoning: str | None,
    as_json: bool,
) -> None:
    """Let MODEL (provider/model) serve ROLE."""
    from refact_lsp.cli.front import ask_once

    if clear == (model is not None):
        raise click.UsageError("Name a MODEL, or give --clear.")
    parameters = {
        name: value
        for name, value in (
            ("temperature", temperature),
            ("maxTokens", max_tokens),
            ("reasoning", reasoning),
        )
        if value is not None
    }
    params: dict[str, object] = {"role": role, "model": model}
    if fallback:
        params["fallbacks"] = fallback
    if parameters:
        params["parameters"] = parameters
    result = ask_once("refact/defaults/set", params, DefaultResult)
    show(result, as_json=as_json, render=lambda value: _print(value.default))


def _print(*defaults: Default) -> None:
    rows = [
        (
            default.role,
            default.model or "-",
            default.effective.model or "-",
            default.effective.via,
            default.problem.message if default.problem else "",
        )
        for default in defaults
    ]
    print_table(("role", "chosen", "effective", "via", "problem"), rows)
