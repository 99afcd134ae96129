"""`refact-lsp chat`: ask a question and watch the answer come."""

import re
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from refact_lsp.cli.output import Styled, echo, print_json_line
from refact_lsp.core.uris import file_uri

_LINES = re.compile(r"(?P<path>.+):(?P<first>\d+)(?:-(?P<last>\d+))?")
_EFFORTS = ("off", "minimal", "low", "medium", "high", "max")


@click.command("chat")
@click.argument("question", required=False)
@click.option("--model", metavar="PROVIDER/MODEL", help="Ask this model, not the chat role's.")
@click.option("--thread", metavar="ID", help="Continue a thread.")
@click.option(
    "--file",
    "files",
    multiple=True,
    metavar="PATH[:A-B]",
    help="Attach a file, or its lines A to B; repeatable.",
)
@click.option("--system", metavar="TEXT", help="Instructions for the model.")
@click.option("--reasoning", type=click.Choice(_EFFORTS), help="How hard it shall think.")
@click.option("--ephemeral", is_flag=True, help="Keep no thread.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON line an event.")
def command(
    question: str | None,
    files: tuple[str, ...],
    as_json: bool,
    ephemeral: bool,
    **options: str | None,
) -> None:
    """Ask QUESTION, or what comes on standard input, and stream the answer.

    For example: refact-lsp chat "what does this do?" --file src/app.py:10-40
    """
    from refact_lsp.cli.front import ask, with_session
    from refact_lsp.features.chat.values import Turned

    params: dict[str, Any] = {
        "content": [{"type": "text", "text": _question(question)}, *map(_attached, files)],
        "model": options["model"],
        "threadId": options["thread"],
        "system": options["system"],
        "reasoning": options["reasoning"],
        "ephemeral": ephemeral,
    }
    given = {name: value for name, value in params.items() if value is not None}
    printer = _Lines() if as_json else _Text()
    try:
        turned = with_session(
            lambda session: ask(session, "refact/chat/send", given, Turned), printer.notify
        )
    finally:
        printer.end()
    if not as_json:
        _print_end(turned, ephemeral=ephemeral)


class _Lines:
    """Prints every event as one JSON line."""

    def notify(self, _method: str, told: msgspec.Struct) -> None:
        print_json_line(told)

    def end(self) -> None:
        """Lines are whole already."""


class _Text:
    """Prints the answer as it comes; thinking and what else happens go to standard error."""

    def __init__(self) -> None:
        self._open: str | None = None

    def notify(self, _method: str, told: msgspec.Struct) -> None:
        event: dict[str, Any] = msgspec.to_builtins(told)["event"]
        match event["type"]:
            case "text" | "reasoning" as kind:
                self._begin(kind)
                thinking = kind == "reasoning"
                echo(
                    Styled(event["delta"], dim=True) if thinking else event["delta"],
                    nl=False,
                    err=thinking,
                )
            case "toolCall":
                self._note(f"calls {event['name']} {event['arguments']}")
            case "retry":
                wait_s = event["afterMs"] / 1000
                self._note(f"{event['error']['message']} Asking again in {wait_s:.1f} s.")
            case "switched":
                self._note(f"{event['error']['message']} Asking {event['to']} instead.")
            case _:
                pass

    def end(self) -> None:
        """Finish the line that is open."""
        self._begin(None)

    def _note(self, text: str) -> None:
        self._begin(None)
        echo(text, err=True)

    def _begin(self, kind: str | None) -> None:
        if self._open not in {None, kind}:
            echo(err=self._open == "reasoning")
        self._open = kind


def _question(text: str | None) -> str:
    if text is None and sys.stdin.isatty():
        raise click.UsageError('Ask something: refact-lsp chat "why is the sky blue?"')
    return sys.stdin.read() if text in {None, "-"} else text or ""


def _attached(text: str) -> dict[str, Any]:
    path, lines = Path(text), None
    if not path.exists() and (found := _LINES.fullmatch(text)):
        first = int(found["first"])
        path, lines = Path(found["path"]), {"start": first - 1, "end": int(found["last"] or first)}
    if not path.is_file():
        raise click.BadParameter(f"no file {text!r}", param_hint="--file")
    part: dict[str, Any] = {"type": "file", "uri": file_uri(str(path.absolute()))}
    return {**part, "range": lines} if lines else part


def _print_end(turned: Any, *, ephemeral: bool) -> None:  # noqa: ANN401  — imported late
    words = [turned.model]
    if turned.finish_reason not in ("stop", "toolCalls"):
        words.append(turned.finish_reason)
    words.append(f"{turned.usage.input_tokens:,} + {turned.usage.output_tokens:,} tokens")
    if turned.cost is not None:
        words.append(f"${turned.cost}")
    if not ephemeral:
        words.append(f"--thread {turned.thread_id}")
    echo(Styled("  ".join(words), dim=True), err=True)
