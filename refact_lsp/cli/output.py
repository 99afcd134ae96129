"""How commands print: one JSON document with `--json`, else what a person reads."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click
import msgspec

T = TypeVar("T")

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")


def print_json(value: object) -> None:
    """Print a value as one JSON document."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


def show(value: T, *, as_json: bool, render: Callable[[T], None]) -> None:
    """Print a result one way or the other."""
    if as_json:
        print_json(value)
    else:
        render(value)


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Rows in aligned columns, as wide as the terminal allows."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*headers, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*row)
    Console(highlight=False, markup=False, soft_wrap=False).print(table)


def decoded(text: str) -> object:
    """JSON that a person typed; a mistake is a usage error, not a traceback."""
    try:
        return msgspec.json.decode(text.encode())
    except msgspec.DecodeError as error:
        raise click.BadParameter(f"not JSON: {error}") from None
