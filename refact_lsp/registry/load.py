"""Read the files under `registry/` strictly: the bundled folder, then the user's own over it.

`bundled_folder()` finds the data; `read_registry(folders)` gives everything with the problems of
files that could not be read, each naming file and field; `overlaid(registry, folders)` gives the
same from the bundled part that was read before; `read_catalog(folders, name)` gives the models of
one provider. A user's file of the same name is laid over the bundled one, table by table; a new
name adds a template, a family or a catalog. This module reads files and decides nothing about
models.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

import msgspec

from refact_lsp.core.problems import Problem
from refact_lsp.registry.check import (
    check_family,
    check_patterns,
    check_template,
    check_vocabularies,
)
from refact_lsp.registry.model_schema import Family, ModelCatalog, TokenizerRules
from refact_lsp.registry.schema import Template

T = TypeVar("T", Template, Family, ModelCatalog, TokenizerRules)
Tables = dict[str, Any]
File = os.DirEntry[str] | Path


class Registry(msgspec.Struct, frozen=True, kw_only=True):
    """Everything but the models, decoded; `problems` are those of files left out."""

    templates: dict[str, Template]
    families: dict[str, Family]
    tokenizers: TokenizerRules
    problems: tuple[Problem, ...]


class FileRefusedError(Exception):
    """A file that the registry cannot take; the text is the problem's message."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


_CORRECT = "Correct the file; registry/README.md describes its fields."
_GIVE = "Give it to your user."


def bundled_folder() -> Path:
    """Find the shipped data: inside the package when installed, else beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    packaged = package / "_registry"
    return packaged if packaged.is_dir() else package.parent / "registry"


def registry_files(folders: Sequence[Path]) -> list[File]:
    """List every file that `read_registry` would read, in a stable order."""
    kinds = [file for folder in folders for kind in KINDS for file in _seen(folder / kind)]
    own_models = [file for folder in folders[1:] for file in _seen(folder / MODELS)]
    # A model's file is judged as it lies over the bundled one of its name.
    below = (folders[0] / MODELS / file.name for file in own_models)
    rules = (folder / TOKENIZERS for folder in folders)
    return [*kinds, *own_models, *(path for path in (*below, *rules) if _is_there(path))]


def catalog_files(folders: Sequence[Path], name: str) -> list[File]:
    """List the files that make the catalog of that name."""
    paths = [folder / MODELS / f"{name}.toml" for folder in folders]
    return [path for path in paths if _is_there(path)]


def read_registry(folders: Sequence[Path]) -> Registry:
    """Read the folders, later ones over earlier ones; a bad file is left out and reported.

    Models are checked in the user's folders only: those of the first folder are read by
    `read_catalog` when they are asked for, and are many.
    """
    nothing = Registry(templates={}, families={}, tokenizers=TokenizerRules(), problems=())
    bundled = _read(folders[:1], folders[:1], nothing)
    return overlaid(bundled, folders) if folders[1:] else bundled


def overlaid(bundled: Registry, folders: Sequence[Path]) -> Registry:
    """Lay the user's folders over what was read of the first; no other entry is read again."""
    return _read(folders, folders[1:], bundled)


KINDS = ("providers", "families")
MODELS = "models"
TOKENIZERS = "tokenizers.toml"


def _names(folder: Path, problems: list[Problem]) -> Iterator[str]:
    """Give the entries' names in a stable order; what cannot be one is told and passed over."""
    try:
        files = _files(folder)
    except OSError as error:
        problems.append(_problem(_refused(folder, error.strerror, _GIVE)))
        return
    for file in files:
        if file.name.isprintable():
            yield file.name.removesuffix(".toml")
        else:
            refused = _refused(Path(file), "its name is not plain UTF-8 text", "Rename the file.")
            problems.append(_problem(refused))


def _seen(folder: Path) -> Sequence[File]:
    """Give the entries' files, or the folder itself where nobody may look into it."""
    try:
        return _files(folder)
    except OSError:
        return [folder]


def _files(folder: Path) -> list[os.DirEntry[str]]:
    """Give the entries' files in a stable order; each start of the program asks.

    Hidden ones are what editors and systems note for themselves.
    """
    try:
        with os.scandir(folder) as found:
            files = sorted(found, key=lambda file: file.name)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [
        file
        for file in files
        if file.name.endswith(".toml") and not file.name.startswith(".") and _is_file(file)
    ]


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # a link that leads to itself
        return False


def _is_there(path: Path) -> bool:
    """Whether it is a file, as far as one may look: reading says what is wrong with others."""
    try:
        return path.is_file()
    except OSError:
        return True


def _read(folders: Sequence[Path], named_by: Sequence[Path], below: Registry) -> Registry:
    """Read the entries that the folders of `named_by` name, and lay them over what lies below."""
    problems: list[Problem] = []
    for folder in folders[1:]:
        for name in _names(folder / MODELS, problems):
            _read_entry(folders, MODELS, name, ModelCatalog, problems)

    def read_kind(kind: str, shape: type[T]) -> dict[str, T]:
        names = dict.fromkeys(
            name for folder in named_by for name in _names(folder / kind, problems)
        )
        read = {name: _read_entry(folders, kind, name, shape, problems) for name in names}
        return {name: entry for name, entry in read.items() if entry is not None}

    return Registry(
        templates=below.templates | read_kind("providers", Template),
        families=below.families | read_kind("families", Family),
        tokenizers=_read_tokenizers(named_by, below.tokenizers, problems),
        problems=(*problems, *(each for each in below.problems if each not in problems)),
    )


def read_catalog(folders: Sequence[Path], name: str) -> ModelCatalog | None:
    """Read the models of one provider; a user's file that is wrong is left out."""
    return _read_entry(folders, MODELS, name, ModelCatalog, [])


def check_everything(folders: Sequence[Path]) -> tuple[Problem, ...]:
    """Read every file, bundled models included, and give all problems, misplaced files too."""
    problems = list(read_registry(folders).problems)
    problems += [_problem(each) for folder in folders[1:] for each in _misplaced(folder)]
    own = {name for folder in folders[1:] for name in _names(folder / MODELS, [])}
    for name in _names(folders[0] / MODELS, problems):
        if name not in own:
            _read_entry(folders, MODELS, name, ModelCatalog, problems)
    return tuple(problems)


def _misplaced(folder: Path) -> Iterator[FileRefusedError]:
    places = [folder / kind for kind in (*KINDS, MODELS)]
    for path in sorted(folder.rglob("*.toml")):
        if path.parent not in places and path != folder / TOKENIZERS:
            where = f"Move it to {', '.join(KINDS)} or {MODELS} in {folder}."
            yield _refused(path, "nobody reads it there", where)


def _read_entry(
    folders: Sequence[Path], kind: str, name: str, shape: type[T], problems: list[Problem]
) -> T | None:
    """Read one entry; an overlay that makes it invalid is dropped, what lies under it kept."""
    entry: T | None = None
    tables: Tables = {}
    for path in (folder / kind / f"{name}.toml" for folder in folders):
        if not _is_there(path):
            continue
        try:
            merged = _laid_over(tables, _read_toml(path))
            entry, tables = _decode(name, path, merged, shape), merged
        except FileRefusedError as error:
            problems.append(_problem(error))
    return entry


def _read_tokenizers(
    folders: Sequence[Path], rules: TokenizerRules, problems: list[Problem]
) -> TokenizerRules:
    """Read the rules and vocabularies, those of later folders first, before those given."""
    for path in (folder / TOKENIZERS for folder in folders):
        if not _is_there(path):
            continue
        try:
            own = _decode("tokenizers", path, _read_toml(path), TokenizerRules)
            rules = TokenizerRules(
                tokenizers=own.tokenizers + rules.tokenizers,
                vocabularies=own.vocabularies + rules.vocabularies,
            )
        except FileRefusedError as error:
            problems.append(_problem(error))
    return rules


def _problem(error: FileRefusedError) -> Problem:
    return Problem(kind="invalidRequest", message=str(error), hint=error.hint)


def _read_toml(path: Path) -> Tables:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise _refused(path, error.strerror, _GIVE) from error
    except UnicodeDecodeError as error:
        raise _refused(path, "it is not UTF-8 text") from error
    except tomllib.TOMLDecodeError as error:
        raise _refused(path, str(error)) from error


def _refused(path: Path, fault: str | None, hint: str = _CORRECT) -> FileRefusedError:
    """Name file and fault so that they can be printed and sent, whatever stands in either."""
    text = f"{os.fsencode(path).decode(errors='replace')}: {fault}"
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
    return FileRefusedError(shown, hint)


def _decode(name: str, path: Path, tables: Tables, shape: type[T]) -> T:
    if "id" in tables:
        raise _refused(path, "id: the file's name is the id; remove the field")
    try:
        entry = msgspec.convert(tables, shape, str_keys=True)
    except msgspec.ValidationError as error:
        raise _refused(path, _in_plain_words(error, tables, shape)) from error
    match entry:
        case Template():
            entry = msgspec.structs.replace(entry, id=name)
            fault = check_template(entry)
        case Family():
            entry = msgspec.structs.replace(entry, id=name)
            fault = check_family(entry)
        case TokenizerRules():
            patterns = check_patterns([rule.match for rule in entry.tokenizers])
            fault = patterns or check_vocabularies(entry.vocabularies)
        case ModelCatalog():
            fault = None
    if fault:
        raise _refused(path, fault)
    return entry


def _in_plain_words(error: msgspec.ValidationError, tables: Tables, shape: type[T]) -> str:
    """Turn msgspec's sentence into `where: what`, for example `fields[0]: unknown field 'typ'`.

    Of a table of tables msgspec names no key (`models[...]`): it is the first that fails alone in
    the same words. What else is wrong with the file fails with any of them.
    """
    text = str(error)
    place = re.search(r" - at `(?:key` in `)?\$\.?([^`]*)`\Z", text)
    what, where = (text[: place.start()], place[1]) if place else (text, "")
    table, unnamed, field = where.partition("[...]")
    for key, entry in tables[table].items() if unnamed and table in tables else ():
        try:
            msgspec.convert({**tables, table: {key: entry}}, shape, str_keys=True)
        except msgspec.ValidationError as alone:
            if str(alone) == text:
                where = f"{table}.{key}{field}"
                break
    what = what.replace("Object contains unknown", "unknown").replace("`", "'")
    what = what.replace("Object missing required", "missing required")
    return f"{where}: {what}" if where else what


def _laid_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> Tables:
    """Merge two decoded files: tables field by field, anything else replaced."""
    merged: Tables = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = _laid_over(
                cast("Mapping[str, Any]", below), cast("Mapping[str, Any]", value)
            )
        else:
            merged[key] = value
    return merged
