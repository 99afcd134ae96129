"""Bring the model up to date with a workspace folder: list, build in the worker, load.

The lists are made and the files read in the worker process; the event loop only asks the privacy
rules, a slice of paths at a time, and takes the finished index.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from refact_lsp.app.worker import OnProgress, Worker
from refact_lsp.features.completion.workspace.build import Built
from refact_lsp.features.completion.workspace.index import WorkspaceIndex
from refact_lsp.features.completion.workspace.languages import holds_code
from refact_lsp.features.completion.workspace.model import WorkspaceModel
from refact_lsp.features.completion.workspace.saved import load_index, saved_index_path

Allowed = Callable[[str], bool]

_LIST = "refact_lsp.features.workspace_files:list_files"
_BUILD = "refact_lsp.features.completion.workspace.build:build_index"
_SLICE = 500


async def open_saved(
    model: WorkspaceModel, root: str, cache_folder: Path, allowed: Allowed
) -> bool:
    """Take the index that an earlier run saved, less what is excluded now; false without one."""
    index = await asyncio.to_thread(load_index, saved_index_path(cache_folder, root), root)
    if index is None:
        return False
    await _take(model, index, allowed)
    return True


async def refresh(
    model: WorkspaceModel,
    worker: Worker,
    root: str,
    cache_folder: Path,
    allowed: Allowed,
    *,
    on_progress: OnProgress | None = None,
) -> Built:
    """Read what changed in the workspace, and only what `allowed` lets; saves for the next start.

    Raises `internal` where the worker fails; the model then keeps what it knew.
    """
    listed: list[str] = await worker.run(_LIST, [root], on_progress)
    paths = await _sieve([path for path in listed if holds_code(path)], allowed)
    target = saved_index_path(cache_folder, root)
    answer: Any = await worker.run(_BUILD, [root, str(target), paths], on_progress)
    built = msgspec.convert(answer, Built)
    if built.changed or built.tokens != model.tokens:
        index = await asyncio.to_thread(load_index, target, root)
        if index is not None:
            await _take(model, index, allowed)
    return built


async def _take(model: WorkspaceModel, index: WorkspaceIndex, allowed: Allowed) -> None:
    """Use an index; what was excluded since its files were read is forgotten before anyone asks."""
    paths = list(dict.fromkeys(file.path for file in index.files))
    kept = set(await _sieve(paths, allowed))
    for path in paths:
        if path not in kept:
            index.forget(path)
    model.use(index)


async def _sieve(paths: list[str], allowed: Allowed) -> list[str]:
    """Keep the allowed paths; the event loop breathes between slices."""
    kept: list[str] = []
    for first in range(0, len(paths), _SLICE):
        kept += [path for path in paths[first : first + _SLICE] if allowed(path)]
        await asyncio.sleep(0)
    return kept
