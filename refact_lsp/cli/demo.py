"""`refact-lsp demo`: real ghost text of a real file, as an editor would show it."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from refact_lsp.cli.output import Styled, as_json, echo, print_json_line
from refact_lsp.cli.reasons import why

if TYPE_CHECKING:
    from refact_lsp.cli.editor import Editor

SHOWN = 8
SHORTEST_LINE = 16
STRIDE = 7  # early places come from all over the file
SHARES = (0.4, 0.65, 0.2)  # how much of a line is typed when the demo stops
_OWN_FILE = Path(__file__).parents[1] / "features" / "completion" / "engine.py"


@click.command("demo")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option(
    "--count",
    default=SHOWN,
    show_default=True,
    type=click.IntRange(min=1),
    help="How many ghost texts to show.",
)
@as_json
def command(file: Path | None, count: int, as_json: bool) -> None:
    """Move through FILE and show each ghost text in place, with its model and timing.

    Without FILE, a file of refact-lsp itself. Needs no network and no key.
    """
    found = asyncio.run(_demo(file or _OWN_FILE, count, quiet=as_json))
    if as_json:
        print_json_line(found)


async def _demo(path: Path, count: int, *, quiet: bool) -> list[dict[str, Any]]:
    from refact_lsp.cli.editor import editor, read_text, settled, workspace_of

    text = read_text(path)
    lines = text.splitlines()
    shown: list[dict[str, Any]] = []
    async with editor(workspace_of(path)) as client:
        if not quiet:
            echo(f"{path}: reading the workspace…", err=True)
        await settled(client)
        uri = await client.open(path, text)
        for version, (row, column) in enumerate(_places(lines), start=2):
            if any(ghost["line"] == row + 1 for ghost in shown):
                continue
            typed = [*lines[:row], lines[row][:column], *lines[row + 1 :]]
            await client.change(uri, version, "\n".join(typed))
            ghosts = await client.ghosts(uri, row, column)
            trace = await client.request("refact/completion/explain", {})
            if trace.get("problem"):
                break  # the model fails, and would at every place
            if not ghosts:
                continue
            ghost = {
                "line": row + 1,
                "column": column + 1,
                "typed": lines[row][:column],
                "text": ghosts[0]["insertText"],
                "file": lines[row][column:],
                "model": trace["model"],
                "totalMs": trace["timing"].get("totalMs"),
            }
            shown.append(ghost)
            if not quiet:
                _show(ghost)
            if len(shown) == count:
                break
        if not shown and not quiet:
            echo(f"No ghost text in {path}: {await _reason(client, lines)}.")
        detected = (await client.request("refact/providers/detect", {}))["found"]
    if not quiet:
        invite(detected)
    return shown


async def _reason(client: "Editor", lines: list[str]) -> str:
    """Say why nothing was shown: the last answer's reason stands for all."""
    if not _code(lines):
        return "it has no line of code that is long enough"
    return why(await client.request("refact/completion/explain", {}))


def _places(lines: list[str]) -> Iterator[tuple[int, int]]:
    """Places in the middle of lines, spread over the file, as a person would stop typing."""
    code = _code(lines)
    for share in SHARES:
        for start in range(STRIDE):
            for row in code[start::STRIDE]:
                line = lines[row]
                indent = len(line) - len(line.lstrip())
                middle = indent + int((len(line) - indent) * share)
                space = line.find(" ", middle)
                yield row, space + 1 if 0 < space < len(line) - 4 else middle


def _code(lines: list[str]) -> list[int]:
    """Rows of code that are long enough to stop in the middle of."""
    return [
        row
        for row, line in enumerate(lines)
        if len(line.strip()) >= SHORTEST_LINE
        and not line.lstrip().startswith(("#", '"', "//", "*"))
    ]


def _show(ghost: dict[str, Any]) -> None:
    place = Styled(f"{ghost['line']:>5} ", dim=True)
    first, *rest = ghost["text"].split("\n")
    echo(place, ghost["typed"], Styled(first, colour="cyan", italic=True))
    for line in rest:
        echo("      ", Styled(line, colour="cyan", italic=True))
    same = "as in the file" if ghost["text"] == ghost["file"] else "the file differs"
    note = f"      {ghost['model']}, {ghost['totalMs']:.1f} ms, {same}"
    echo(Styled(note, dim=True))


def invite(detected: list[dict[str, Any]]) -> None:
    """Say in three lines how to use a model that was found, or how to add one."""
    local = next((entry for entry in detected if entry.get("models")), None)
    if local:
        echo(f"\n{local['name']} is on this machine: {local['evidence']}. To use it:")
        echo(f"  refact-lsp providers add {local['template']} --yes")
        model = f"{local['template']}/{local['models'][0]}"
        echo(f"  refact-lsp defaults set completion {model}")
    elif detected:
        names = ", ".join(entry["name"] for entry in detected)
        echo(f"\nFound on this machine: {names}.")
        echo("  refact-lsp providers detect      says how to add each")
        echo("  refact-lsp providers add         adds one, step by step")
    else:
        echo("\nNo model runtime answers on this machine, and no known key is set.")
        echo("  Start Ollama, LM Studio, llama.cpp or vLLM, then: refact-lsp providers detect")
        echo("  Or add a hosted provider with a key:              refact-lsp providers add")
