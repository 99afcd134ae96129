"""`refact-lsp models`: what the configured providers offer."""

from typing import TYPE_CHECKING

import click

from refact_lsp.cli.model_facts import forget, set_facts
from refact_lsp.cli.output import as_json, echo, show
from refact_lsp.cli.probe import probe
from refact_lsp.cli.tables import print_listed, print_model, print_models
from refact_lsp.cli.tokenizer import print_counting, tokenizer
from refact_lsp.core.nouns import Model, TokenCounting
from refact_lsp.core.problems import refuse
from refact_lsp.core.types import ROLES, parse_model_ref
from refact_lsp.rpc.messages.setup import (
    ModelsListed,
    ModelsRefreshed,
    ModelsResult,
    TokenizerResult,
)

if TYPE_CHECKING:
    from refact_lsp.rpc.session import Session


@click.group("models")
def command() -> None:
    """List, show, enable and probe models."""


@command.command("list")
@click.option("--provider", help="Only this provider's.")
@click.option("--role", type=click.Choice(ROLES), help="Only those that can serve the role.")
@click.option("--all", "include_disabled", is_flag=True, help="Disabled ones too.")
@click.argument("query", required=False)
@as_json
def list_models(
    provider: str | None,
    role: str | None,
    include_disabled: bool,
    query: str | None,
    as_json: bool,
) -> None:
    """List models, those whose name holds QUERY."""
    from refact_lsp.cli.front import ask_once

    params = {"provider": provider, "role": role, "query": query}
    given = {name: value for name, value in params.items() if value is not None}
    result = ask_once(
        "refact/models/list", {**given, "includeDisabled": include_disabled}, ModelsListed
    )
    show(result, as_json=as_json, render=print_listed)


@command.command("show")
@click.argument("model")
@as_json
def show_model(model: str, as_json: bool) -> None:
    """Show what is known of MODEL (provider/model), and where each fact comes from."""
    from refact_lsp.cli.front import ask, with_session

    async def look(session: "Session") -> tuple[Model, TokenCounting]:
        ref = parse_model_ref(model)
        params = {"provider": ref.provider, "includeDisabled": True}
        listed = await ask(session, "refact/models/list", params, ModelsListed)
        found = next((entry for entry in listed.models if entry.name == ref.name), None)
        if found is None:
            raise refuse(
                "modelNotFound",
                f"{ref.provider!r} lists no model {ref.name!r}.",
                f"See refact-lsp models list --provider {ref.provider} --all.",
            )
        asked = {"model": model}
        counted = await ask(session, "refact/models/tokenizer", asked, TokenizerResult)
        return found, counted.counting

    found, counting = with_session(look)
    show(found, as_json=as_json, render=print_model)
    if not as_json:
        print_counting(counting, model)


@command.command("refresh")
@click.argument("provider")
@as_json
def refresh(provider: str, as_json: bool) -> None:
    """Ask PROVIDER for its models again."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/models/refresh", {"provider": provider}, ModelsRefreshed)
    if result.error and not as_json:
        echo(f"{result.error.message} The last known list stays.", err=True)
    show(result, as_json=as_json, render=lambda value: print_models(value.models))
    if result.error:
        raise SystemExit(1)


def _switch(name: str, *, enabled: bool, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("models", nargs=-1, required=True)
    @as_json
    def switch(models: tuple[str, ...], as_json: bool) -> None:
        from refact_lsp.cli.front import ask_once

        result = ask_once(
            "refact/models/enable", {"models": models, "enabled": enabled}, ModelsResult
        )
        show(result, as_json=as_json, render=lambda value: print_models(value.models))

    return switch


command.add_command(probe)
command.add_command(set_facts)
command.add_command(forget)
command.add_command(tokenizer)
command.add_command(_switch("enable", enabled=True, text="Offer MODELS for roles."))
command.add_command(_switch("disable", enabled=False, text="Do not offer MODELS for roles."))
