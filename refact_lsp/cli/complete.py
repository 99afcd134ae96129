"""`refact-lsp complete`: one completion of a place in a file, with its timings."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import click

from refact_lsp.cli.output import as_json, echo, show
from refact_lsp.cli.reasons import why
from refact_lsp.core.problems import refuse
from refact_lsp.core.text import split_lines


@click.command("complete")
@click.argument("place", metavar="FILE:LINE:COL")
@as_json
def command(place: str, as_json: bool) -> None:
    """Complete at FILE:LINE:COL, counted from 1, and show text, range, model and timings."""
    path, line, column = _place(place)
    result = asyncio.run(_complete(path, line, column))
    show(result, as_json=as_json, render=_print)
    if result["problem"] and not result["items"]:
        raise SystemExit(1)


def _place(text: str) -> tuple[Path, int, int]:
    name, line, column = [*text.rsplit(":", 2), "", ""][:3]
    if not (line.isdecimal() and column.isdecimal() and int(line) and int(column)):
        raise click.BadParameter(f"{text!r} is not FILE:LINE:COL, counted from 1")
    return Path(name), int(line) - 1, int(column) - 1


def _check_place(path: Path, lines: Sequence[str], line: int, column: int) -> None:
    if line >= len(lines):
        fault = f"{path} has {len(lines)} lines."
    elif column > len(lines[line].rstrip("\r\n")):
        fault = f"Line {line + 1} of {path} ends before column {column + 1}."
    else:
        return
    raise refuse("invalidRequest", fault, "Name a place in the file, counted from 1.")


async def _complete(path: Path, line: int, column: int) -> dict[str, Any]:
    from refact_lsp.cli.editor import editor, read_text, settled, workspace_of

    text = read_text(path)
    _check_place(path, split_lines(text), line, column)
    async with editor(workspace_of(path)) as client:
        await settled(client)
        uri = await client.open(path, text)
        ghosts = await client.ghosts(uri, line, column)
        trace = await client.request("refact/completion/explain", {})
    items = [{"text": ghost["insertText"], "range": ghost["range"]} for ghost in ghosts]
    return {
        "items": items,
        "model": trace.get("model"),
        "dropped": trace.get("dropped"),
        "problem": trace.get("problem"),
        "timing": trace.get("timing"),
    }


def _print(result: dict[str, Any]) -> None:
    for item in result["items"]:
        echo(item["text"])
    if not result["items"]:
        echo(f"Nothing to offer: {why(result)}.", err=True)
    timing = cast("dict[str, float]", result["timing"] or {})
    spent = ", ".join(f"{name} {value:g}" for name, value in timing.items())
    echo(f"{result['model'] or '-'}  {spent}", err=True)
