"""`refact-lsp models probe`: what a model can do, found out, and kept where the user says so."""

import sys
from typing import TYPE_CHECKING, Any, get_args

import click

from refact_lsp.cli.asking import asked
from refact_lsp.cli.output import as_json, echo, print_table, show
from refact_lsp.core.nouns import ProbeCheck
from refact_lsp.rpc.messages.setup import ModelResult, ProbeResults

if TYPE_CHECKING:
    from refact_lsp.rpc.session import Session

_EVERY: tuple[ProbeCheck, ...] = get_args(ProbeCheck)
_DEAR = ("window",)  # reads thousands of tokens: only where it is named


@click.command("probe")
@click.argument("model")
@click.argument("checks", nargs=-1)
@click.option("--apply", is_flag=True, help="Keep what was found to differ, without asking.")
@as_json
def probe(model: str, checks: tuple[str, ...], apply: bool, as_json: bool) -> None:
    """Find out with real requests what MODEL can do.

    All CHECKS but the window where none is named. What differs from what is known is kept as your
    own setting of the model only when you say so.
    """
    from refact_lsp.cli.front import with_session

    unknown = set(checks) - set(_EVERY)
    if unknown:
        raise click.UsageError(f"No check {min(unknown)!r}; there are {', '.join(_EVERY)}.")
    chosen = checks or tuple(check for check in _EVERY if check not in _DEAR)

    async def work(session: "Session") -> ProbeResults:
        from refact_lsp.cli.front import ask

        params = {"model": model, "checks": chosen}
        result = await ask(session, "refact/models/probe", params, ProbeResults)
        show(result, as_json=as_json, render=_print)
        proposed = _proposed(result)
        if proposed and (apply or _is_wished(proposed, quiet=as_json)):
            kept = {"model": model, "capabilities": proposed}
            await ask(session, "refact/models/save", kept, ModelResult)
            echo(f"Kept: {_in_words(proposed)}.", err=True)
        elif proposed and not as_json:
            echo(f"Found: {_in_words(proposed)}. Keep it with --apply.", err=True)
        return result

    with_session(work)


def _proposed(result: ProbeResults) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in result.results:
        found |= each.proposed or {}
    return found


def _is_wished(proposed: dict[str, Any], *, quiet: bool) -> bool:
    if quiet or not sys.stdin.isatty():
        return False
    question = f"Found: {_in_words(proposed)}. Keep it for this model?"
    return asked(click.confirm, question, default=True, err=True)


def _in_words(proposed: dict[str, Any]) -> str:
    import msgspec

    return ", ".join(f"{name} {msgspec.json.encode(it).decode()}" for name, it in proposed.items())


def _print(found: ProbeResults) -> None:
    print_table(
        ("check", "ok", "ms", "detail"),
        [
            (row.check, "yes" if row.ok else "no", str(row.latency_ms), row.detail)
            for row in found.results
        ],
    )
