"""How commands print: one JSON document with `--json`, else what a person reads."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import click
import msgspec

T = TypeVar("T")
_UNCUT_WIDTH = 10_000
_CODES = (*range(0x20), *range(0x7F, 0xA0))
_TEXT_ALONE = {
    **dict.fromkeys(_CODES, "\N{REPLACEMENT CHARACTER}"),
    ord("\n"): "\n",
    ord("\t"): "\t",
    ord("\r"): None,
}

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


class Styled(NamedTuple):
    """Text as it is to look; in a colour where the person wants colours (no-color.org)."""

    text: str
    colour: str | None = None
    italic: bool | None = None
    dim: bool | None = None


def echo(*pieces: str | Styled, err: bool = False, nl: bool = True) -> None:
    """Print pieces of text one after the other.

    What a model, a server or a file says is data: of the codes that a terminal obeys nothing is
    left but line ends and tabs. Looks are given by `Styled`.
    """
    click.echo("".join(map(_shown, pieces)), err=err, nl=nl)


def echo_over(text: str) -> None:
    """Print progress over what was printed of it before, on standard error."""
    click.echo("\r" + _text_alone(text), err=True, nl=False)


def _shown(piece: str | Styled) -> str:
    if isinstance(piece, str):
        return _text_alone(piece)
    colour = None if os.environ.get("NO_COLOR") else piece.colour
    return click.style(_text_alone(piece.text), fg=colour, italic=piece.italic, dim=piece.dim)


def _text_alone(text: str) -> str:
    return text.translate(_TEXT_ALONE)


def print_json(value: object) -> None:
    """Print a value as one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))  # bytes: always UTF-8


def print_json_line(value: object) -> None:
    """Print a value as one line of JSON."""
    click.echo(msgspec.json.encode(value))


def show(value: T, *, as_json: bool, render: Callable[[T], None]) -> None:
    """Print a result one way or the other."""
    if as_json:
        print_json(value)
    else:
        render(value)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows in aligned columns, as wide as the terminal allows; the first column stays whole.

    What is written to a file or another program is not cut at all.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, header in enumerate(headers):
        whole = max((len(row[number]) for row in rows), default=0) if number == 0 else None
        table.add_column(header, min_width=whole, no_wrap=number == 0, overflow="fold")
    for row in rows:
        table.add_row(*map(_text_alone, row))
    width = None if sys.stdout.isatty() else _UNCUT_WIDTH
    Console(highlight=False, markup=False, soft_wrap=False, width=width).print(table)


def decoded(text: str) -> object:
    """JSON that a person typed; a mistake is a usage error, not a traceback."""
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}") from None
