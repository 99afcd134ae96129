"""How commands print: one JSON document with `--json`, else what a person reads."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

import click
import msgspec

T = TypeVar("T")
_UNCUT_WIDTH = 10_000

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def styled(text: str, *, colour: str, italic: bool = False) -> str:
    """Text in a colour, where the person wants colours (no-color.org)."""
    return click.style(text, fg=None if os.environ.get("NO_COLOR") else colour, italic=italic)


def print_json(value: object) -> None:
    """Print a value as one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))  # bytes: always UTF-8


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
        table.add_row(*row)
    width = None if sys.stdout.isatty() else _UNCUT_WIDTH
    Console(highlight=False, markup=False, soft_wrap=False, width=width).print(table)


def decoded(text: str) -> object:
    """JSON that a person typed; a mistake is a usage error, not a traceback."""
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}") from None
