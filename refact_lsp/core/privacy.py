"""Which file may go to which provider: pure rules over paths, read elsewhere.

The user's zones decide in their order, the first that matches. Names that look like secrets are
blocked unless the zone that decides names them in so many words. `.refactignore` and the rules of a
project can only narrow. A rule that cannot be read blocks everything that it could have spoken of.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import translate
from typing import TYPE_CHECKING, Any, Literal, cast

import msgspec

from refact_lsp.core.problems import refuse
from refact_lsp.core.types import Locality, Value

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE = ".refactignore"
PROJECT_FILE = ".refact/privacy.toml"

# The protocol's section 7; compared with the last part of a path, in any case.
SECRET_NAMES: tuple[str, ...] = (
    ".env", ".env.*",
    "id_*", "*.pem", "*.key", "*.p12", "*.pfx",
    ".netrc", ".npmrc", ".pypirc", "credentials", "secrets.*", "*.keystore",
)  # fmt: skip


class Zone(Value, frozen=True, kw_only=True):
    """Path patterns in .gitignore syntax, and who may receive what they match.

    `send_to` holds provider ids, `local` for runtimes on this machine, `all`, or nothing. Patterns
    count from the workspace folder; one that begins with `/` or `~/` may also name a place outside.
    """

    name: str
    patterns: tuple[str, ...]
    send_to: tuple[str, ...] = ()
    source: Literal["builtin", "user", "project"] = "user"


BUILTIN_ZONES: tuple[Zone, ...] = (
    Zone(name="secret-like names", patterns=SECRET_NAMES, source="builtin"),
)


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The answer for one path; `rule` decided, `file` is where that rule is written."""

    allowed: bool
    rule: str | None = None
    file: str | None = None
    reason: str | None = None


class CompiledZone(msgspec.Struct, frozen=True, kw_only=True):
    """A zone ready to match; `lifts` are the names that it names in so many words."""

    zone: Zone
    spec: "GitIgnoreSpec"
    lifts: tuple[re.Pattern[str], ...]


class FolderRules(msgspec.Struct, frozen=True, kw_only=True):
    """What the rule files of one folder say of what lies below it."""

    folder: str
    ignore: "GitIgnoreSpec | None" = None
    zones: tuple[CompiledZone, ...] = ()
    # File -> why it cannot be read.
    problems: Mapping[str, str] = msgspec.field(default_factory=dict[str, str])


class Rules(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that `check` asks; folders by their absolute path with forward slashes."""

    zones: tuple[CompiledZone, ...] = ()
    roots: tuple[str, ...] = ()
    folders: Mapping[str, FolderRules] = msgspec.field(default_factory=dict[str, FolderRules])
    # Why the user's own rules cannot be read.
    problem: str | None = None


def check(path: str, provider: str | None, locality: Locality | None, rules: Rules) -> Verdict:
    """Judge an absolute path with forward slashes for a provider.

    Without a provider the answer is whether anyone at all may receive it. Links are the caller's:
    it asks for each name that a file goes by.
    """
    if rules.problem:
        return Verdict(allowed=False, rule="privacy rules", reason=rules.problem)
    narrowed = _narrowed(path, provider, locality, rules.folders)
    if narrowed is not None:
        return narrowed
    zone = _deciding(path, rules)
    if zone is not None and not _allows(zone.zone, provider, locality):
        return _refused_by(zone.zone, None)
    name = secret_name(path)
    if name is not None and (zone is None or not _names_it(zone, path)):
        return Verdict(allowed=False, rule=name, reason="Its name looks like a secret's.")
    return Verdict(allowed=True, rule=zone.zone.name if zone else None)


def secret_name(path: str) -> str | None:
    """Find the built-in pattern that a path's last part matches."""
    # Windows drops trailing dots and spaces and opens streams after a colon.
    name = path.rpartition("/")[2].lower().partition(":")[0].rstrip(". ")
    for pattern, compiled in _SECRETS:
        if compiled.match(name):
            return pattern
    return None


def compile_zone(zone: Zone, *, home: str | None = None) -> CompiledZone:
    """Make a zone ready; refuses a pattern that cannot be read. `home` is what `~` stands for."""
    patterns = tuple(
        f"{home.rstrip('/')}{pattern[1:]}" if home and pattern.startswith("~/") else pattern
        for pattern in zone.patterns
    )
    return CompiledZone(
        zone=zone,
        spec=compile_patterns(patterns),
        lifts=tuple(
            re.compile(translate(last.lower()))
            for pattern in patterns
            if not pattern.startswith("!")
            and re.search(r"\w", re.sub(r"\[.*?\]", "", last := pattern.rpartition("/")[2]))
        ),
    )


def compile_patterns(lines: Sequence[str]) -> "GitIgnoreSpec":
    """Read .gitignore syntax; refuses a line that git would silently never match."""
    from pathspec import GitIgnoreSpec
    from pathspec.patterns.gitignore.base import GitIgnorePatternError
    from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

    for number, line in enumerate(lines, 1):
        meant = bool(line.strip()) and not line.startswith("#")
        try:
            readable = GitIgnoreSpecPattern(line).include is not None
        except GitIgnorePatternError:
            readable = False
        if meant and not readable:
            raise refuse(
                "privacy",
                f"Line {number} is no pattern of .gitignore syntax.",
                "Correct it or take it out: until then the rule blocks.",
            )
    return GitIgnoreSpec.from_lines(lines)


def ancestors(path: str) -> Iterator[str]:
    """Give the folders above a path, the topmost first."""
    start = 0
    while (slash := path.find("/", start)) >= 0:
        yield path[:slash] or "/"
        start = slash + 1


def _narrowed(
    path: str,
    provider: str | None,
    locality: Locality | None,
    folders: Mapping[str, FolderRules],
) -> Verdict | None:
    above = [folders[folder] for folder in ancestors(path) if folder in folders]
    for rules in above:
        for file, reason in rules.problems.items():
            return Verdict(allowed=False, rule=file.rpartition("/")[2], file=file, reason=reason)
    for rules in above:
        relative = _below(path, rules.folder)
        zone = _first(rules.zones, (relative,))
        if zone is not None and not _allows(zone.zone, provider, locality):
            return _refused_by(zone.zone, f"{_joined(rules.folder)}{PROJECT_FILE}")
    return _ignored(path, [rules for rules in above if rules.ignore is not None])


def _ignored(path: str, above: Sequence[FolderRules]) -> Verdict | None:
    """Decide as git does: the deepest file's last match, and an ignored folder hides all in it."""
    if not above:
        return None
    for folder in (*(f"{each}/" for each in ancestors(path) if each != "/"), path):
        decision: Verdict | None = None
        for rules in above:
            if not folder.startswith(_joined(rules.folder)) or folder == f"{rules.folder}/":
                continue
            assert rules.ignore is not None  # noqa: S101  — the caller chose them so
            found = rules.ignore.check_file(_below(folder, rules.folder))
            if found.include is None or found.index is None:
                continue
            pattern = str(cast("list[Any]", rules.ignore.patterns)[found.index].pattern)
            # `x/**` is about what lies in x, not about x.
            if folder is not path and pattern.endswith("/**"):
                continue
            decision = (
                Verdict(
                    allowed=False,
                    rule=pattern,
                    file=f"{_joined(rules.folder)}{IGNORE_FILE}",
                    reason=f"{IGNORE_FILE} excludes it.",
                )
                if found.include
                else None
            )
        if decision is not None:
            return decision
    return None


def _deciding(path: str, rules: Rules) -> CompiledZone | None:
    if not rules.zones:
        return None
    inside = [_below(path, root) for root in rules.roots if path.startswith(_joined(root))]
    return _first(rules.zones, (*inside, path.removeprefix("/")))


def _first(zones: Iterable[CompiledZone], names: Sequence[str]) -> CompiledZone | None:
    for zone in zones:
        if any(zone.spec.match_file(name) for name in names):
            return zone
    return None


def _allows(zone: Zone, provider: str | None, locality: Locality | None) -> bool:
    if provider is None:
        return bool(zone.send_to)
    if "all" in zone.send_to or ("local" in zone.send_to and locality == "machine"):
        return True
    # A provider cannot be called so that its name opens a door.
    return provider in zone.send_to and provider not in {"all", "local"}


def _names_it(zone: CompiledZone, path: str) -> bool:
    name = path.rpartition("/")[2].lower()
    return any(pattern.match(name) for pattern in zone.lifts)


def _refused_by(zone: Zone, file: str | None) -> Verdict:
    receivers = ", ".join(zone.send_to) or "nobody"
    return Verdict(
        allowed=False,
        rule=zone.name,
        file=file,
        reason=f"The rule lets it go to {receivers} only.",
    )


def _below(path: str, folder: str) -> str:
    return path[len(_joined(folder)) :]


def _joined(folder: str) -> str:
    return folder if folder.endswith("/") else f"{folder}/"


_SECRETS = tuple((pattern, re.compile(translate(pattern))) for pattern in SECRET_NAMES)
