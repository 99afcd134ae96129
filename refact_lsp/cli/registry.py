"""`refact-lsp registry`: the data behind providers and models."""

import click

from refact_lsp.cli.output import as_json, echo, print_table, show
from refact_lsp.core.nouns import Check


@click.group("registry")
def command() -> None:
    """Check the files under registry/, your own included."""


@command.command("check")
@as_json
def check(as_json: bool) -> None:
    """Read every registry file strictly and say what is wrong, by file and field."""
    import os

    from refact_lsp.core.paths import folders
    from refact_lsp.registry.load import bundled_folder, check_everything

    places = [bundled_folder(), folders(os.environ).config / "registry"]
    problems = check_everything(places)
    checks = [Check(name="registry", ok=False, detail=p.message, hint=p.hint) for p in problems]

    def render(rows: list[Check]) -> None:
        if rows:
            print_table(("part", "problem"), [(r.name, r.detail) for r in rows])
        else:
            files = sum(len(list(place.rglob("*.toml"))) for place in places)
            echo(f"{files} files are in order.")

    show(checks, as_json=as_json, render=render)
    if checks:
        raise SystemExit(1)
