"""The registry in one file that loads in a few milliseconds.

`open_catalog(cache_folder, user_folder)` gives the `Catalog`: from the compiled file where it fits
the TOML files (by name, size and time of each), else from the TOML files, which are then compiled
into the cache. Models of a provider are decoded when first asked for; a lazy catalog lies in a file
of its own.
"""

import hashlib
import logging
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from refact_lsp.core.problems import Problem
from refact_lsp.registry.catalog import Catalog
from refact_lsp.registry.load import Registry, bundled_folder, read_registry, registry_files
from refact_lsp.registry.schema import (
    Facts,
    Family,
    ModelCatalog,
    ModelEntry,
    Template,
    TokenizerRule,
)

log = logging.getLogger(__name__)

# Part of the key: raise it when a struct of `schema` or the layout here changes its meaning.
FORMAT = 3
Models = dict[str, ModelEntry]


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """What the main file holds; `models` are decoded one provider at a time."""

    templates: dict[str, Template]
    families: dict[str, Family]
    models: dict[str, msgspec.Raw]
    tokenizers: tuple[TokenizerRule, ...]
    problems: tuple[Problem, ...]


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
    if user_folder is not None and user_folder.is_dir():
        folders.append(user_folder)
    if cache_folder is None:
        return catalog_of(read_registry(folders))
    key = _key(registry_files(folders))
    compiled = _read_compiled(cache_folder / f"{key}.msgpack")
    if compiled is None:
        registry = read_registry(folders)
        _write_cache(cache_folder, key, registry)
        return catalog_of(registry)

    def read_models(catalog: str) -> Models:
        raw = compiled.models.get(catalog)
        if raw is None:
            return _read_lazy(cache_folder / f"{key}-{catalog}.msgpack", catalog, folders)
        return _MODELS.decode(raw)

    return Catalog(
        templates=compiled.templates,
        families=compiled.families,
        read_models=read_models,
        tokenizers=compiled.tokenizers,
        problems=compiled.problems,
    )


def catalog_of(registry: Registry) -> Catalog:
    """Make a catalog of files just read."""

    def read_models(catalog: str) -> Models:
        found = registry.catalogs.get(catalog)
        return {} if found is None else models_of(found)

    return Catalog(
        templates=registry.templates,
        families=registry.families,
        read_models=read_models,
        tokenizers=registry.tokenizers,
        problems=registry.problems,
    )


def models_of(catalog: ModelCatalog) -> Models:
    """Lay the catalog's defaults under each of its models."""
    defaults = {
        field: value
        for field in Facts.__struct_fields__
        if (value := getattr(catalog.defaults, field)) is not None
    }
    return {name: _filled(entry, defaults) for name, entry in catalog.models.items()}


_COMPILED = msgspec.msgpack.Decoder(Compiled)
_MODELS = msgspec.msgpack.Decoder(Models)
_ENCODER = msgspec.msgpack.Encoder()


def _filled(entry: ModelEntry, defaults: dict[str, object]) -> ModelEntry:
    missing = {field: value for field, value in defaults.items() if getattr(entry, field) is None}
    return msgspec.structs.replace(entry, **missing) if missing else entry


def _key(files: Sequence[Path]) -> str:
    """Name the state of the files: every change of one gives another key."""
    digest = hashlib.sha256(f"{FORMAT} {msgspec.__version__}".encode())
    for path in files:
        stat = path.stat()
        digest.update(f"{path}\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return digest.hexdigest()[:24]


def _read_compiled(path: Path) -> Compiled | None:
    try:
        return _COMPILED.decode(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, msgspec.MsgspecError) as error:
        log.warning("The compiled registry %s cannot be read and is made anew: %s", path, error)
        return None


def _read_lazy(path: Path, catalog: str, folders: Sequence[Path]) -> Models:
    try:
        return _MODELS.decode(path.read_bytes())
    except (OSError, msgspec.MsgspecError):
        found = read_registry(folders).catalogs.get(catalog)
        return {} if found is None else models_of(found)


def _write_cache(folder: Path, key: str, registry: Registry) -> None:
    """Write the lazy catalogs, then the main file, and drop the files of earlier keys."""
    encoded = {
        name: _ENCODER.encode(models_of(catalog)) for name, catalog in registry.catalogs.items()
    }
    lazy = {name for name, catalog in registry.catalogs.items() if catalog.lazy}
    compiled = Compiled(
        templates=registry.templates,
        families=registry.families,
        models={name: msgspec.Raw(raw) for name, raw in encoded.items() if name not in lazy},
        tokenizers=registry.tokenizers,
        problems=registry.problems,
    )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name in lazy:
            _write(folder / f"{key}-{name}.msgpack", encoded[name])
        _write(folder / f"{key}.msgpack", _ENCODER.encode(compiled))
        for old in folder.glob("*.msgpack"):
            if not old.name.startswith(key):
                old.unlink(missing_ok=True)
    except OSError as error:
        log.warning("The compiled registry cannot be kept in %s: %s", folder, error)


def _write(path: Path, data: bytes) -> None:
    """Write beside and rename, so that another process never reads half a file."""
    beside = path.with_suffix(f".{os.getpid()}.tmp")
    beside.write_bytes(data)
    beside.replace(path)
