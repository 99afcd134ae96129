"""`refact-lsp models tokenizer`: how a model's tokens are counted, and fetching its vocabulary."""

import sys
from urllib.parse import urlsplit

import click
import msgspec

from refact_lsp.cli.output import as_json, echo, echo_over, show
from refact_lsp.core.nouns import TokenCounting, VocabularyState
from refact_lsp.rpc.messages.setup import TokenizerProgress, TokenizerResult

_MEGABYTE = 1e6


@click.command("tokenizer")
@click.argument("model")
@click.option("--fetch", is_flag=True, help="Fetch the vocabulary that is exact for it.")
@click.option("--yes", is_flag=True, help="Fetch without asking.")
@as_json
def tokenizer(model: str, fetch: bool, yes: bool, as_json: bool) -> None:
    """Show how the tokens of MODEL are counted; nothing is fetched unless you say so."""
    from refact_lsp.cli.front import ask_once

    result = ask_once("refact/models/tokenizer", {"model": model}, TokenizerResult)
    missing = result.counting.vocabulary
    if fetch and (missing is None or not missing.present):
        if missing is not None and not yes:
            _confirm(missing)
        result = _fetched(model, quiet=as_json)
    show(result, as_json=as_json, render=lambda value: print_counting(value.counting, model))


def print_counting(counting: TokenCounting, model: str) -> None:
    """Say what counts, and what could."""
    learnt = (
        f"an estimate times {counting.factor:g}, learned from {counting.samples} answers"
        if counting.samples
        else f"an estimate times {counting.factor:g}, which is on the safe side"
    )
    vocabulary = counting.vocabulary
    match counting.by:
        case "vocabulary" if vocabulary is not None:
            echo(f"  tokens are counted by the vocabulary {vocabulary.encoding}")
        case "server":
            echo(f"  tokens are counted by the server at {counting.route} near the window,")
            echo(f"    else by {learnt}")
        case _:
            echo(f"  tokens are counted by {learnt}")
    if vocabulary is not None and not vocabulary.present:
        echo(
            f"    the vocabulary {vocabulary.encoding} would count exactly:"
            f" refact-lsp models tokenizer {model} --fetch"
        )


def _confirm(vocabulary: VocabularyState) -> None:
    where = urlsplit(vocabulary.url).hostname
    question = (
        f"Fetch {vocabulary.encoding}, {vocabulary.size_bytes / _MEGABYTE:.1f} MB, from {where}?"
    )
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Say so with --yes.")
    click.confirm(question, abort=True, err=True)


def _fetched(model: str, *, quiet: bool) -> TokenizerResult:
    from refact_lsp.cli.front import ask, with_session

    is_shown = not quiet and sys.stderr.isatty()

    def notify(_method: str, params: msgspec.Struct) -> None:
        if is_shown and isinstance(params, TokenizerProgress):
            share = params.received_bytes / max(params.of_bytes, 1)
            echo_over(f"{share:4.0%} of {params.of_bytes / _MEGABYTE:.1f} MB")

    params = {"model": model, "fetch": True}
    try:
        return with_session(
            lambda session: ask(session, "refact/models/tokenizer", params, TokenizerResult), notify
        )
    finally:
        if is_shown:
            echo(err=True)
