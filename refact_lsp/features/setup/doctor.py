"""Looks at everything that a working installation needs and says what to do where it fails."""

import os
import platform
import sys
from contextlib import suppress
from pathlib import Path

from refact_lsp.app.application import App
from refact_lsp.core.nouns import Check
from refact_lsp.core.problems import RefactError
from refact_lsp.features.setup.roles import defaults
from refact_lsp.features.setup.testing import test_provider
from refact_lsp.store.database import integrity, versions
from refact_lsp.store.providers import ProviderRow
from refact_lsp.version import VERSION

OLDEST_PYTHON = (3, 11)


async def examine(app: App) -> tuple[Check, ...]:
    """Every check, the installation first, then each provider with real requests."""
    rows = app.world.configuration.providers.values()
    providers = [await _provider(app, row) for row in rows]
    return (
        _python(),
        *await _database(app),
        await _secrets(app),
        *(_folder(name, path) for name, path in _folders(app)),
        *_registry(app),
        *providers,
        *_roles(app),
    )


def failed(name: str, error: RefactError) -> Check:
    """Make the check of what could not even be looked at."""
    return Check(name=name, ok=False, detail=error.problem.message, hint=error.problem.hint)


def _python() -> Check:
    fine = sys.version_info >= OLDEST_PYTHON
    return Check(
        name="python",
        ok=fine,
        detail=f"refact-lsp {VERSION}, Python {platform.python_version()} at {sys.executable}",
        hint=None if fine else "Install Python 3.11 or newer.",
    )


async def _database(app: App) -> tuple[Check, ...]:
    try:
        found = await app.database.read(versions)
        sound = await app.database.read(integrity)
        await app.database.write(lambda _: None)  # asks for the lock: may it be written at all?
    except RefactError as error:
        return (failed("database", error),)
    problem = app.database.vectors_problem
    return (
        Check(
            name="database",
            ok=sound == "ok",
            detail=f"SQLite {found['sqlite']} at {app.database.path}: {sound}",
            hint=None if sound == "ok" else "Move the file away, or put a backup in its place.",
        ),
        Check(
            name="sqlite-vec",
            ok=problem is None,
            detail=problem or f"version {found.get('vec', '?')}",
            hint="Install refact-lsp again." if problem else None,
        ),
    )


async def _secrets(app: App) -> Check:
    try:
        app.secrets.check()
        keyring = await app.secrets.keyring_name()
    except RefactError as error:
        return failed("secrets", error)
    where = f"the keyring {keyring}" if keyring else f"{app.folders.secrets}, for your user alone"
    return Check(name="secrets", ok=True, detail=f"kept in {where}")


def _folders(app: App) -> tuple[tuple[str, Path], ...]:
    return (
        ("configuration", app.folders.config),
        ("data", app.folders.data),
        ("cache", app.folders.cache),
    )


def _folder(name: str, path: Path) -> Check:
    nearest = next(folder for folder in (path, *path.parents) if _is_there(folder))
    fault = _fault(nearest)
    hint = f"{nearest} {fault}, or set REFACT_HOME." if fault else None
    return Check(name=name, ok=fault is None, detail=str(path), hint=hint)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # in a folder that may not be entered
        return True


def _fault(folder: Path) -> str | None:
    with suppress(OSError):
        if not folder.is_dir():
            return "is no folder: move it away"
    if os.access(folder, os.W_OK | os.X_OK):
        return None
    return "cannot be written: give it to your user"


def _registry(app: App) -> tuple[Check, ...]:
    problems = app.catalog.problems
    if problems:
        return tuple(
            Check(name="registry", ok=False, detail=problem.message, hint=problem.hint)
            for problem in problems
        )
    return (Check(name="registry", ok=True, detail=f"{len(app.catalog.templates)} templates"),)


async def _provider(app: App, provider: ProviderRow) -> Check:
    if provider.template not in app.catalog.templates:
        return Check(
            name=provider.id,
            ok=False,
            detail=f"its template {provider.template!r} is not in the registry",
            hint=f"Put {provider.template}.toml back among your registry files and mend what is "
            f"wrong in it, or run refact-lsp providers remove {provider.id}.",
        )
    if not provider.enabled:
        return Check(name=provider.id, ok=True, detail="switched off")
    report = await test_provider(app, provider.id)
    if report.ok:
        models = f", {report.model_count} models" if report.model_count is not None else ""
        return Check(name=provider.id, ok=True, detail=f"answers in {report.latency_ms} ms{models}")
    problem = report.error
    return Check(
        name=provider.id,
        ok=False,
        detail=problem.message if problem else "the test failed",
        hint=problem.hint if problem else None,
    )


def _roles(app: App) -> tuple[Check, ...]:
    """Roles that were set and do not work; one left open is no fault."""
    return tuple(
        Check(name=row.role, ok=False, detail=row.problem.message, hint=row.problem.hint)
        for row in defaults(app.world)
        if row.model is not None and row.problem is not None
    )
