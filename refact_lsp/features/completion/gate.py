"""Whether a completion may be asked for at all, with a closed reason where it may not. Pure."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Literal

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.ports import Settings
from refact_lsp.features.completion.values import Request

Closed = Literal[
    "disabled",
    "snoozed",
    "language",
    "glob",
    "staleVersion",
    "outOfRange",
    "tooLarge",
    "noModel",
    "excluded",
]
MAX_LINES = 200_000
MAX_LINE_CHARS = 10_000


def closed(
    snapshot: Snapshot, request: Request, settings: Settings, *, snoozed: bool
) -> Closed | None:
    """Give the first reason not to ask; model and privacy are the engine's to add."""
    checks: tuple[tuple[Closed, bool], ...] = (
        ("disabled", not settings.enabled),
        ("snoozed", snoozed and request.trigger == "automatic"),
        ("language", not _language_allowed(snapshot.language, settings.languages)),
        ("staleVersion", request.version is not None and request.version != snapshot.version),
        ("outOfRange", not _in_range(snapshot)),
        ("tooLarge", len(snapshot.lines) > MAX_LINES),
        ("glob", not allowed_by_globs(snapshot.path or snapshot.uri, settings.globs)),
    )
    for reason, holds in checks:
        if holds:
            return reason
    return "tooLarge" if len(snapshot.line_text) > MAX_LINE_CHARS else None


def allowed_by_globs(path: str, globs: Mapping[str, bool]) -> bool:
    """Apply the globs in order, the last that matches decides; `*` also crosses folders."""
    allowed = True
    for pattern, wanted in globs.items():
        if fnmatchcase(path, pattern) or fnmatchcase(path, f"*/{pattern}"):
            allowed = wanted
    return allowed


def _language_allowed(language: str, languages: Mapping[str, bool]) -> bool:
    return languages.get(language, languages.get("*", True))


def _in_range(snapshot: Snapshot) -> bool:
    return 0 <= snapshot.line < len(snapshot.lines) and 0 <= snapshot.column <= len(
        snapshot.line_text
    )
