"""`refact-lsp providers`: add, test, list, detect and remove."""

from collections.abc import Mapping
from typing import Any

import click

from refact_lsp.cli.output import as_json, echo, print_json, print_json_line, print_table, show
from refact_lsp.cli.report import print_report
from refact_lsp.core.nouns import AccountUsage, Provider, TestReport
from refact_lsp.rpc.messages import Empty
from refact_lsp.rpc.messages.setup import (
    DetectResult,
    ProviderResult,
    ProvidersResult,
    TemplatesResult,
)


@click.group("providers")
def command() -> None:
    """Add, test, list, detect and remove providers."""


@command.command("templates")
@as_json
def templates(as_json: bool) -> None:
    """List the templates to choose from."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/providers/templates", Empty(), TemplatesResult)
    show(
        result,
        as_json=as_json,
        render=lambda value: print_table(
            ("template", "name", "notes"),
            [(entry.id, entry.name, entry.notes) for entry in value.templates],
        ),
    )


@command.command("list")
@as_json
def list_providers(as_json: bool) -> None:
    """List the configured providers."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/providers/list", Empty(), ProvidersResult)
    show(result, as_json=as_json, render=lambda value: _print_providers(value.providers))


@command.command("show")
@click.argument("provider")
@as_json
def show_provider(provider: str, as_json: bool) -> None:
    """Show PROVIDER's settings, resolved addresses and state; a secret is shown as its mask."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/providers/get", {"id": provider}, ProviderResult)
    show(result.provider, as_json=as_json, render=print_json)


@command.command("detect")
@as_json
def detect(as_json: bool) -> None:
    """Look for runtimes and keys on this machine; nothing is saved."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/providers/detect", Empty(), DetectResult)
    show(result, as_json=as_json, render=_print_detected)


@command.command("add")
@click.argument("template", required=False)
@click.option("--set", "values", multiple=True, metavar="NAME=VALUE", help="A setting; repeatable.")
@click.option("--id", "name", help="A name of your own for it, such as work-openai.")
@click.option("--no-test", is_flag=True, help="Save without asking the provider.")
@click.option("--yes", is_flag=True, help="Ask nothing; take the given settings as they are.")
@as_json
def add(
    template: str | None,
    values: tuple[str, ...],
    name: str | None,
    no_test: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Add a provider.

    Asks for what is missing; with --yes or without a terminal it asks nothing. For example:
    refact-lsp providers add ollama --yes;
    refact-lsp providers add openai --set apiKey=env:OPENAI_API_KEY --yes
    """
    from refact_lsp.cli.adding import add_provider
    from refact_lsp.cli.front import with_session

    given = dict(_pair(value) for value in values)
    result = with_session(
        lambda session: add_provider(
            session, template, given, name=name, test=not no_test, ask_user=not (yes or as_json)
        )
    )
    show(result, as_json=as_json, render=lambda provider: _print_providers((provider,)))


@command.command("test")
@click.argument("provider")
@as_json
def test(provider: str, as_json: bool) -> None:
    """Ask PROVIDER the cheapest real requests that tell whether it works."""
    from refact_lsp.cli.front import ask_once

    report = ask_once("refact/providers/test", {"id": provider}, TestReport)
    show(report, as_json=as_json, render=print_report)
    if not report.ok:
        raise SystemExit(1)


@command.command("usage")
@click.argument("provider")
@as_json
def usage(provider: str, as_json: bool) -> None:
    """Ask PROVIDER what the account used, and what is left."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/providers/usage", {"id": provider}, AccountUsage)
    show(result, as_json=as_json, render=_print_usage)


@command.command("remove")
@click.argument("provider")
@as_json
def remove(provider: str, as_json: bool) -> None:
    """Remove PROVIDER with its secrets and models."""
    from refact_lsp.cli.front import ask_once

    ask_once("refact/providers/delete", {"id": provider}, Empty)
    show(Empty(), as_json=as_json, render=lambda _: echo(f"Removed {provider}."))


@command.command("sign-in")
@click.argument("provider")
@click.option("--device", "method", flag_value="device", help="With a code typed into a page.")
@click.option("--browser", "method", flag_value="browser", help="With the browser leading back.")
@click.option("--paste", "method", flag_value="paste", help="With the code or address pasted.")
@as_json
def sign_in(provider: str, method: str | None, as_json: bool) -> None:
    """Sign in to PROVIDER: shows the page to open, and waits.

    Nothing is opened by itself. With --json the first line says where to go, and the provider
    follows.
    """
    from refact_lsp.cli.front import with_session
    from refact_lsp.cli.signing_in import sign_in as work

    result = with_session(lambda session: work(session, provider, method, as_json=as_json))
    if as_json:
        print_json_line(result)
    else:
        _print_providers((result,))


@command.command("sign-out")
@click.argument("provider")
@as_json
def sign_out(provider: str, as_json: bool) -> None:
    """Forget the sign-in of PROVIDER, and take it back where the service can."""
    from refact_lsp.cli.front import ask_once

    ask_once("refact/auth/signOut", {"provider": provider}, Empty)
    show(Empty(), as_json=as_json, render=lambda _: echo(f"Signed out of {provider}."))


def _print_usage(usage: AccountUsage) -> None:
    rows = [
        (
            window.name,
            "-" if window.used is None else f"{window.used:g}",
            "-" if window.limit is None else f"{window.limit:g}",
            window.unit,
            window.resets_at or "-",
        )
        for window in usage.windows
    ]
    if rows:
        print_table(("window", "used", "limit", "unit", "resets"), rows)
    if usage.balance is not None:
        echo(f"Balance: ${usage.balance}")


def _switch(name: str, *, enabled: bool, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("provider")
    @as_json
    def switch(provider: str, as_json: bool) -> None:
        from refact_lsp.cli.front import ask, with_session
        from refact_lsp.rpc.session import Session

        async def work(session: Session) -> Provider:
            now = await ask(session, "refact/providers/get", {"id": provider}, ProviderResult)
            params = {
                "id": provider,
                "template": now.provider.template,
                "settings": now.provider.settings,
                "enabled": enabled,
            }
            return (await ask(session, "refact/providers/save", params, ProviderResult)).provider

        result = with_session(work)
        show(result, as_json=as_json, render=lambda value: _print_providers((value,)))

    return switch


command.add_command(_switch("enable", enabled=True, text="Use PROVIDER again."))
command.add_command(_switch("disable", enabled=False, text="Keep PROVIDER but do not use it."))


def _pair(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--set")
    return name, value


def _print_providers(providers: tuple[Provider, ...]) -> None:
    rows = [
        (
            provider.id,
            provider.template,
            "on" if provider.enabled else "off",
            _auth(provider),
            f"{provider.enabled_model_count}/{provider.model_count}",
            _address(provider),
        )
        for provider in providers
    ]
    print_table(("provider", "template", "state", "sign-in", "models", "address"), rows)


def _auth(provider: Provider) -> str:
    auth = provider.auth
    known = [text for text in (auth.source, auth.account) if text]
    return auth.state + (f" ({', '.join(known)})" if known else "")


def _address(provider: Provider) -> str:
    addresses = provider.addresses
    return addresses.chat or addresses.completion or addresses.embedding or "-"


def _print_detected(result: DetectResult) -> None:
    if not result.found:
        echo("Nothing found: no local runtime answers, and no known key is set.")
        echo("Start Ollama, LM Studio, llama.cpp or vLLM, or run refact-lsp providers add.")
    for found in result.found:
        echo(f"{found.name}: {found.evidence}")
        settings: Mapping[str, Any] = found.settings
        options = " ".join(f"--set {key}={value}" for key, value in settings.items())
        echo(f"  refact-lsp providers add {found.template} {options} --yes".rstrip())
