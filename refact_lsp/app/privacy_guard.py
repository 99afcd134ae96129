"""Asks the privacy rules for files on disk, and keeps what it read.

A path that was asked before is answered from memory, in microseconds: completion never waits for
the disk. `refresh`, run in the background and before a chat turn, sees what changed since.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from refact_lsp.core.privacy import (
    IGNORE_FILE,
    PROJECT_FILE,
    CompiledZone,
    FolderRules,
    Rules,
    Verdict,
    Zone,
    ancestors,
    check,
    compile_patterns,
    compile_zone,
)
from refact_lsp.core.problems import RefactError
from refact_lsp.core.types import Locality

_MOST_BYTES = 1 << 20
_MOST_LINKS = 40
# Verdicts are cheap to find again: past this many the memory starts afresh.
_MOST_KEPT = 50_000

_UNREADABLE = (OSError, ValueError, msgspec.DecodeError, RefactError)

_Stamp = tuple[int, int, int] | str | None


class _ProjectZone(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    patterns: tuple[str, ...]
    send_to: tuple[str, ...] = ()
    name: str = "project rule"


class _ProjectFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rules: tuple[_ProjectZone, ...] = ()


class _Folder(msgspec.Struct, frozen=True):
    """The rules of one folder with the stamps of the files that they came from."""

    stamps: tuple[_Stamp, _Stamp]
    rules: FolderRules | None


class PrivacyGuard:
    """Holds the user's zones, the rule files seen so far and the verdicts given."""

    def __init__(self, roots: Sequence[Path] = ()) -> None:
        self._roots = tuple(_slashed(root) for root in roots)
        self._zones: tuple[CompiledZone, ...] = ()
        self._problem: str | None = None
        self._folders: dict[str, _Folder] = {}
        self._names: dict[str, tuple[str, ...]] = {}
        self._verdicts: dict[tuple[str, str | None, Locality | None], Verdict] = {}
        self.revision = 0  # rises when what is allowed may have changed

    @property
    def roots(self) -> tuple[str, ...]:
        """The workspace folders."""
        return self._roots

    def set_zones(self, zones: Sequence[Zone], problem: str | None = None) -> None:
        """Take over the user's rules; one that cannot be read blocks everything."""
        try:
            home = Path.home().as_posix()
            self._zones = tuple(compile_zone(zone, home=home) for zone in zones)
        except RefactError as error:
            problem = f"A privacy rule cannot be read: {error.problem.message}"
        self._problem = problem
        self._forget()

    def set_roots(self, roots: Sequence[Path]) -> None:
        """Take over the workspace folders."""
        self._roots = tuple(_slashed(root) for root in roots)
        self._forget()

    def check(self, path: Path | str, provider: str | None, locality: Locality | None) -> Verdict:
        """Judge a file for a provider; reads the disk the first time that it hears of a path."""
        key = (str(path), provider, locality)
        known = self._verdicts.get(key)
        if known is not None:
            return known
        verdict = self._judge(str(path), provider, locality)
        if len(self._verdicts) >= _MOST_KEPT:
            self._verdicts = {}
        self._verdicts[key] = verdict
        return verdict

    async def prepare(self, path: Path | str) -> None:
        """Read ahead what `check` will ask, off the event loop."""
        await asyncio.to_thread(self._names_and_rules, str(path))

    async def refresh(self) -> bool:
        """Look whether rule files or links changed since; tells whether any did."""
        return await asyncio.to_thread(self.refresh_now)

    def refresh_now(self) -> bool:
        """Do what `refresh` does, in this thread."""
        changed = [
            folder
            for folder, known in tuple(self._folders.items())
            if _stamps(folder) != known.stamps
        ]
        moved = [path for path, names in tuple(self._names.items()) if _names_of(path) != names]
        for folder in changed:
            self._folders.pop(folder, None)
        for path in moved:
            self._names.pop(path, None)
        if changed or moved:
            self._forget()
        return bool(changed or moved)

    def project_zones(self) -> list[Zone]:
        """List the rules that projects brought, as far as their files were read."""
        return [
            zone.zone
            for folder in self._folders.values()
            if folder.rules
            for zone in folder.rules.zones
        ]

    def _forget(self) -> None:
        self._verdicts = {}
        self.revision += 1

    def _judge(self, path: str, provider: str | None, locality: Locality | None) -> Verdict:
        if "\0" in path:
            return Verdict(allowed=False, rule="path", reason="No file can have this name.")
        names, folders = self._names_and_rules(path)
        rules = Rules(zones=self._zones, roots=self._roots, folders=folders, problem=self._problem)
        verdicts = [check(name, provider, locality, rules) for name in names]
        return next((each for each in verdicts if not each.allowed), verdicts[0])

    def _names_and_rules(self, path: str) -> tuple[tuple[str, ...], dict[str, FolderRules]]:
        names = self._names.get(path)
        if names is None:
            names = self._names[path] = _names_of(path)
        found: dict[str, FolderRules] = {}
        for folder in {each for name in names for each in ancestors(name)}:
            known = self._folders.get(folder)
            if known is None:
                known = self._folders[folder] = _read_folder(folder)
            if known.rules is not None:
                found[folder] = known.rules
        return names, found


def _names_of(path: str) -> tuple[str, ...]:
    """Give every name that a file goes by: as asked, each link on the way, the real one."""
    names = [_slashed(path)]
    following = path
    try:
        for _ in range(_MOST_LINKS):
            following = os.path.join(os.path.dirname(following), os.readlink(following))  # noqa: PTH115, PTH118, PTH120  — a Path would drop ".." before links are resolved
            names.append(_slashed(following))
    except (OSError, ValueError):
        pass  # not a link: the chain ends here
    names.append(Path(os.path.realpath(path)).as_posix())
    return tuple(dict.fromkeys(names))


def _read_folder(folder: str) -> _Folder:
    stamps = _stamps(folder)
    if stamps == (None, None):
        return _Folder(stamps, None)
    ignore = None
    zones: tuple[CompiledZone, ...] = ()
    problems: dict[str, str] = {}
    ignore_file, project_file = _rule_files(folder)
    try:
        if stamps[0] is not None:
            ignore = compile_patterns(_read_text(ignore_file).splitlines())
    except _UNREADABLE as error:
        problems[ignore_file] = _why(error)
    try:
        if stamps[1] is not None:
            decoded = msgspec.toml.decode(_read_text(project_file), type=_ProjectFile)
            zones = tuple(_compiled(decoded.rules))
    except _UNREADABLE as error:
        problems[project_file] = _why(error)
    return _Folder(
        stamps, FolderRules(folder=folder, ignore=ignore, zones=zones, problems=problems)
    )


def _compiled(rules: Sequence[_ProjectZone]) -> Iterator[CompiledZone]:
    for rule in rules:
        yield compile_zone(
            Zone(name=rule.name, patterns=rule.patterns, send_to=rule.send_to, source="project")
        )


def _why(error: Exception) -> str:
    match error:
        case RefactError():
            return f"It cannot be read: {error.problem.message}"
        case UnicodeDecodeError():
            return "It cannot be read: it is no UTF-8 text."
        case OSError():
            return f"It cannot be read: {error.strerror or error}."
        case _:
            return f"It cannot be read: {error}."


def _read_text(path: str) -> str:
    with Path(path).open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("it is larger than 1 MiB")
    return content.decode("utf-8-sig")


def _stamps(folder: str) -> tuple[_Stamp, _Stamp]:
    ignore_file, project_file = _rule_files(folder)
    return _stamp(ignore_file), _stamp(project_file)


def _rule_files(folder: str) -> tuple[str, str]:
    joined = folder if folder.endswith("/") else f"{folder}/"
    return f"{joined}{IGNORE_FILE}", f"{joined}{PROJECT_FILE}"


def _stamp(path: str) -> _Stamp:
    try:
        found = os.stat(path)  # noqa: PTH116  — a Path for every folder above is the slow part
    except (FileNotFoundError, NotADirectoryError):
        # A link that leads nowhere is a rule that cannot be read.
        return "link" if os.path.islink(path) else None  # noqa: PTH114
    except OSError as error:
        return str(error.strerror)
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _slashed(path: Path | str) -> str:
    return Path(os.path.abspath(path)).as_posix()  # noqa: PTH100  — links stay as they are
