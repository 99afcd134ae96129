"""The registry compiled into files that load in a few milliseconds.

`open_catalog(cache_folder, user_folder)` gives the `Catalog`: from the compiled file where it fits
the TOML files (by name, size and time of each) and the release, else from the TOML files, which are
then compiled into the cache. What a user's files are laid over is compiled apart, so that a change
of one reads no other. The models of a provider are a compiled file of their own, read when asked
for.
"""

import hashlib
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.load import (
    File,
    Registry,
    bundled_folder,
    catalog_files,
    overlaid,
    read_catalog,
    read_registry,
    registry_files,
)
from refact_lsp.registry.model_schema import Facts, ModelCatalog, ModelEntry
from refact_lsp.version import VERSION

log = logging.getLogger(__name__)

# Part of the key: raise it when a struct of `schema` or the layout here changes its meaning.
FORMAT = 7
Models = dict[str, ModelEntry]
_KEY_LENGTH = 24


def open_catalog(
    *,
    cache_folder: Path | None = None,
    user_folder: Path | None = None,
    bundled: Path | None = None,
) -> Catalog:
    """Load the registry; `user_folder` is laid over the bundled data where it exists.

    Never fails on a user's file: a file that cannot be read is left out and told in
    `catalog.problems`. A cache that cannot be read or written only costs time.
    """
    folders = [bundled or bundled_folder()]
    if user_folder is not None and _is_there(user_folder):
        folders.append(user_folder)

    def compiled(name: str, own: Sequence[Path], read: Callable[[], Registry]) -> Registry:
        return _compiled(cache_folder, name, registry_files([folders[0], *own]), _MAIN, read)

    def read_bundled() -> Registry:
        return compiled("main", [], lambda: read_registry(folders[:1]))

    def read_models(name: str) -> Models:
        files = catalog_files(folders, name)
        if not files:
            return {}
        return _compiled(
            cache_folder, f"models-{name}", files, _MODELS, lambda: _read_models(folders, name)
        )

    if folders[1:]:
        registry = compiled("own", folders[1:], lambda: overlaid(read_bundled(), folders))
    else:
        registry = read_bundled()
    return Catalog(
        templates=registry.templates,
        families=registry.families,
        tokenizers=registry.tokenizers,
        read_models=read_models,
        problems=registry.problems,
    )


def _is_there(folder: Path) -> bool:
    try:
        return folder.is_dir()
    except OSError:  # reading says why it may not be entered
        return True


def models_of(catalog: ModelCatalog) -> Models:
    """Lay the catalog's defaults under each of its models."""
    defaults = {
        field: value
        for field in Facts.__struct_fields__
        if (value := getattr(catalog.defaults, field)) is not None
    }
    return {name: _filled(entry, defaults) for name, entry in catalog.models.items()}


_MAIN = msgspec.msgpack.Decoder(Registry)
_MODELS = msgspec.msgpack.Decoder(Models)
_ENCODER = msgspec.msgpack.Encoder()
T = TypeVar("T")


def _read_models(folders: Sequence[Path], name: str) -> Models:
    catalog = read_catalog(folders, name)
    return {} if catalog is None else models_of(catalog)


def _filled(entry: ModelEntry, defaults: dict[str, object]) -> ModelEntry:
    missing = {field: value for field, value in defaults.items() if getattr(entry, field) is None}
    return msgspec.structs.replace(entry, **missing) if missing else entry


def _compiled(
    folder: Path | None,
    name: str,
    files: Sequence[File],
    decoder: msgspec.msgpack.Decoder[T],
    read: Callable[[], T],
) -> T:
    """Give the compiled form where it is current; else read the files and keep it."""
    if folder is None:
        return read()
    key = _key(files)
    path = folder / f"{name}-{key}.msgpack"
    try:
        return decoder.decode(path.read_bytes())
    except FileNotFoundError:
        pass
    except (OSError, msgspec.MsgspecError) as error:
        log.info("The compiled registry %s cannot be read and is made anew: %s", path, error)
    value = read()
    _keep(path, name, _ENCODER.encode(value))
    return value


def _key(files: Sequence[File]) -> str:
    """Name the state of the files: every change of one gives another key."""
    # An installer may give the files of every release one and the same time.
    digest = hashlib.sha256(f"{FORMAT} {VERSION} {msgspec.__version__}".encode())
    for file in files:
        try:
            stat = file.stat()
            state = f"{stat.st_size}\0{stat.st_mtime_ns}"
        except OSError as error:  # in a folder that may not be entered
            state = f"{error.strerror}"
        digest.update(b"%b\0%b\0" % (os.fsencode(file), state.encode()))
    return digest.hexdigest()[:_KEY_LENGTH]


def _keep(path: Path, name: str, data: bytes) -> None:
    """Write beside and rename, so that no other process reads half a file; drop older states."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(f".{os.getpid()}.tmp")
        beside.write_bytes(data)
        beside.replace(path)
        for old in path.parent.glob(f"{name}-{'?' * _KEY_LENGTH}.msgpack"):
            if old != path and "-" not in old.stem.removeprefix(f"{name}-"):
                old.unlink(missing_ok=True)
    except OSError as error:
        # It only costs time, and refact-lsp doctor tells of a folder that cannot be written.
        log.info("The compiled registry cannot be kept in %s: %s", path.parent, error)
