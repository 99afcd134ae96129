"""The privacy rules as the user reads and changes them, and the verdict for one file."""

from collections.abc import Sequence

from refact_lsp.app.application import App
from refact_lsp.core.privacy import BUILTIN_ZONES, IGNORE_FILE, Verdict, Zone
from refact_lsp.core.problems import refuse
from refact_lsp.core.uris import file_path
from refact_lsp.features.setup.providers import row_of
from refact_lsp.registry.addresses import resolve_addresses
from refact_lsp.store.privacy import set_privacy


async def verdict(app: App, uri: str, provider: str | None) -> Verdict:
    """Judge a file for a provider, or for anyone at all; what is no file is always allowed."""
    path = file_path(uri)
    if path is None:
        if ":" in uri and not uri.lower().startswith("file:"):
            return Verdict(allowed=True)
        raise refuse(
            "invalidRequest",
            f"{uri!r} is no URI of a file.",
            "Write it as an editor does, for example file:///home/me/project/main.py.",
            field="uri",
        )
    locality = None
    if provider is not None:
        row = row_of(app.world, provider)
        template = app.catalog.template(row.template)
        locality = resolve_addresses(template, row.settings).locality
    await app.guard.refresh()
    await app.guard.prepare(path)
    return app.guard.check(path, provider, locality)


async def rules(app: App) -> tuple[Zone, ...]:
    """Every rule in force, in the order of their say: the user's, the projects', the built-in."""
    await app.guard.refresh()
    for root in app.guard.roots:
        await app.guard.prepare(f"{root.rstrip('/')}/{IGNORE_FILE}")
    mine = app.world.configuration.privacy.zones
    return (*mine, *app.guard.project_zones(), *BUILTIN_ZONES)


async def change(app: App, zones: Sequence[Zone] | None, local_only: bool | None) -> None:  # noqa: FBT001  — None means untouched
    """Replace the user's own rules, the local-only switch, or both."""
    await app.change(lambda c: set_privacy(c, zones=zones, local_only=local_only))
