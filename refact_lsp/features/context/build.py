"""Build the definitions index in the worker process: files in, one file in the cache out.

Only the paths handed in are read. Files whose time and size are as the last index knew them are
taken over without being read.
"""

import os
import re
import stat
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.context.extract import read_source
from refact_lsp.features.context.facts import FileFacts
from refact_lsp.features.context.history import changed_together
from refact_lsp.features.context.resolve import Manifest
from refact_lsp.features.context.saved import Saved, load_saved, write_saved
from refact_lsp.features.context.tables import TABLES

Report = Callable[[float, str], None]

MAX_FILE_BYTES = 150_000
MAX_FILES = 20_000
_MAX_MANIFEST_BYTES = 200_000
_REPORT_EVERY = 32
_GO_MODULE = re.compile(r"^\s*module\s+(\S+)", re.MULTILINE)
_ALIAS = re.compile(r'"([^"\n]+)"\s*:\s*\[\s*"([^"\n]+)"')
_PATHS = re.compile(r'"paths"\s*:\s*\{([^}]*)\}')
_CARGO_NAME = re.compile(
    r'^\[(?:package|lib)\][^\[]*?^\s*name\s*=\s*"([^"]+)"', re.MULTILINE | re.DOTALL
)
MANIFESTS = {
    "go.mod": "go",
    "Cargo.toml": "cargo",
    "package.json": "npm",
    "tsconfig.json": "typescript",
    "jsconfig.json": "typescript",
}


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a build did; `changed` is false where the saved index already was right."""

    changed: bool
    files: int
    read: int


def wanted(path: str) -> bool:
    """Whether a file's name says that this index can read it."""
    grammar = grammar_of("", path)
    if grammar is not None and grammar.name in TABLES:
        return True
    return _manifest_kind(path) is not None


def build_definitions(
    report: Report, name: str, target: str, roots: list[str], paths: list[str]
) -> Built:
    """Bring the definitions index up to date with `paths`, and say what was done."""
    old = load_saved(Path(target), name)
    known = {file.path: file for file in old.files} if old else {}
    syntax, files, read = Syntax(), list[FileFacts](), 0
    sources = [path for path in paths if _manifest_kind(path) is None][:MAX_FILES]
    for number, path in enumerate(sources):
        found = _stamp(path)
        if found is not None:
            facts = known.get(path)
            if facts is None or (facts.mtime_ns, facts.size) != found:
                facts = read_file(syntax, path, found)
                read += 1
            if facts is not None:
                files.append(facts)
        if number % _REPORT_EVERY == 0:
            report(number / len(sources), f"{number} of {len(sources)} files")
    manifests = manifests_of(paths)
    together = changed_together(roots, {slashed(file.path) for file in files})
    saved = Saved(files=files, manifests=manifests, together=together)
    if saved != old:
        write_saved(saved, Path(target), name)
    return Built(changed=saved != old, files=len(files), read=read)


def _manifest_kind(path: str) -> str | None:
    # A Path for every file of a workspace would take longer than all else that is asked of it.
    return MANIFESTS.get(os.path.basename(path))  # noqa: PTH119  — see above


def read_file(syntax: Syntax, path: str, stamp: tuple[int, int]) -> FileFacts | None:
    """Read one file; None for one that is gone, grew, or is not text."""
    grammar = grammar_of("", path)
    try:
        with open(path, "rb") as file:  # noqa: PTH123  — ten thousand times in a row
            source = file.read(MAX_FILE_BYTES + 1)
    except OSError:
        return None
    if grammar is None or len(source) > MAX_FILE_BYTES or b"\0" in source:
        return None
    facts = read_source(syntax, grammar, slashed(path), source)
    return msgspec.structs.replace(facts, mtime_ns=stamp[0], size=stamp[1])


def manifests_of(paths: Iterable[str]) -> list[Manifest]:
    """Read those that are project files, leniently: what is not understood declares nothing."""
    found: list[Manifest] = []
    for path in paths:
        kind = _manifest_kind(path)
        if kind is None:
            continue
        try:
            with Path(path).open(encoding="utf-8", errors="replace") as file:
                text = file.read(_MAX_MANIFEST_BYTES)
        except OSError:
            continue
        name, aliases = "", ()
        if kind == "npm":
            name = _package_name(text)
        elif kind == "typescript":
            paths_of = _PATHS.search(text)
            aliases = tuple(_ALIAS.findall(paths_of.group(1))) if paths_of else ()
        else:
            match = (_GO_MODULE if kind == "go" else _CARGO_NAME).search(text)
            name = match.group(1) if match else ""
        if name or aliases:
            found.append(Manifest(slashed(path), kind, name, aliases))
    return found


def slashed(path: str) -> str:
    """Write a path with forward slashes, as the index keeps it."""
    return path.replace(os.sep, "/")


def _package_name(text: str) -> str:
    try:
        package = msgspec.json.decode(text, type=_Package)
    except msgspec.DecodeError:
        return ""
    return package.name


class _Package(msgspec.Struct, frozen=True):
    name: str = ""


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    fits = stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_FILE_BYTES
    return (status.st_mtime_ns, status.st_size) if fits else None
