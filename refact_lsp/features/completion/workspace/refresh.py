"""Bring the model up to date with the workspace folders: list, build in the worker, load.

The lists are made and the files read in the worker process; the event loop only asks the privacy
rules, a few paths at a time, and takes the finished index.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from refact_lsp.app.worker import OnProgress, Worker
from refact_lsp.features.completion.workspace.build import Built
from refact_lsp.features.completion.workspace.index import WorkspaceIndex
from refact_lsp.features.completion.workspace.languages import holds_code
from refact_lsp.features.completion.workspace.model import WorkspaceModel
from refact_lsp.features.completion.workspace.saved import load_index, saved_index_path

log = logging.getLogger(__name__)

Allowed = Callable[[str], bool]
"""Whether the privacy rules let the model read a file; it may read the disk for a new path."""

_LIST = "refact_lsp.features.workspace_files:list_files"
_BUILD = "refact_lsp.features.completion.workspace.build:build_index"
_SLICE = 64


async def open_saved(
    model: WorkspaceModel, roots: Sequence[str], cache_folder: Path, allowed: Allowed
) -> bool:
    """Take the index that an earlier run saved, less what is excluded now; false without one."""
    name = _name(roots)
    index = await asyncio.to_thread(load_index, saved_index_path(cache_folder, name), name)
    if index is None:
        return False
    await _take(model, index, allowed)
    return True


def forget_saved(roots: Sequence[str], cache_folder: Path) -> None:
    """Drop the saved index; the next refresh reads everything anew."""
    try:
        saved_index_path(cache_folder, _name(roots)).unlink(missing_ok=True)
    except OSError as error:
        log.warning("the workspace index still holds what is excluded by now: %s", error)


async def refresh(
    model: WorkspaceModel,
    worker: Worker,
    roots: Sequence[str],
    cache_folder: Path,
    allowed: Allowed,
    *,
    on_progress: OnProgress | None = None,
) -> Built:
    """Read what changed in the workspace, and only what `allowed` lets; saves for the next start.

    Raises `internal` where the worker fails; the model then keeps what it knew.
    """
    listed: list[str] = []
    for root in roots:
        listed += await worker.run(_LIST, [root], on_progress)
    code = dict.fromkeys(path for path in listed if holds_code(path))
    paths = await sieve(code, allowed)
    name = _name(roots)
    target = saved_index_path(cache_folder, name)
    answer: Any = await worker.run(_BUILD, [name, str(target), paths], on_progress)
    built = msgspec.convert(answer, Built)
    if built.changed or built.tokens != model.tokens:
        index = await asyncio.to_thread(load_index, target, name)
        if index is not None:
            await _take(model, index, allowed)
    return built


async def sieve(paths: Iterable[str], allowed: Allowed) -> list[str]:
    """Keep the allowed paths; the event loop breathes between slices."""
    asked = list(paths)
    kept: list[str] = []
    for first in range(0, len(asked), _SLICE):
        kept += [path for path in asked[first : first + _SLICE] if allowed(path)]
        await asyncio.sleep(0)
    return kept


async def _take(model: WorkspaceModel, index: WorkspaceIndex, allowed: Allowed) -> None:
    """Use an index; what was excluded since its files were read is forgotten before anyone asks."""
    paths = list(dict.fromkeys(file.path for file in index.files))
    excluded_before = model.excluded
    kept = set(await sieve(paths, allowed))
    for path in paths:
        if path not in kept:
            index.forget(path)
    # What was excluded while the rules were asked stays excluded.
    for path in excluded_before & kept:
        model.allow(path)
    model.use(index)


def _name(roots: Sequence[str]) -> str:
    """Name what an index is of: the same folders in any order."""
    return "\n".join(sorted(roots))
