"""Which files a workspace has: a pure listing that reads no file but `.gitignore`.

A git checkout is asked through git, anything else is walked with its `.gitignore` files honoured.
Hidden and vendored folders are left out, symbolic links are not followed, and what a project's own
configuration says can start no program.
"""

import os
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from refact_lsp.core.problems import refuse
from refact_lsp.features.git import ask_git

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

MAX_FILES = 50_000
VENDORED = frozenset(
    ("node_modules", "vendor", "dist", "build", "target", "venv", "__pycache__", "site-packages")
)
_GIT_TIMEOUT_S = 30
_GIT = (
    *("-c", "core.fsmonitor=false", "-c", "core.untrackedCache=false"),
    *("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"),
)
_MAX_GITIGNORE_BYTES = 1_000_000


def discover_files(root: str, *, limit: int = MAX_FILES) -> list[str]:
    """Return absolute paths of the regular files below a folder; raises `invalidRequest`."""
    if not os.path.isdir(root):  # noqa: PTH112  — strings throughout: this lists 50,000 paths
        raise refuse("invalidRequest", f"{root!r} is not a folder.")
    # Git lists nothing for a folder that its checkout ignores as a whole.
    names = _listed_by_git(root) or _walked(root)
    found: list[str] = []
    for name in sorted(names):
        if len(found) == limit:
            break
        path = os.path.join(root, name)  # noqa: PTH118
        if not _is_left_out(name) and _is_text(path) and _is_plain_file(path):
            found.append(path)
    return found


def list_files(report: Callable[[float, str], None], root: str) -> list[str]:
    """Run `discover_files` as a job of the worker."""
    report(0.0, "listing files")
    return discover_files(root)


def _is_left_out(name: str) -> bool:
    *folders, file = name.replace(os.sep, "/").split("/")
    return file.startswith(".") or any(
        folder.startswith(".") or folder in VENDORED for folder in folders
    )


def _is_text(path: str) -> bool:
    """Whether a message can hold the path: no editor opens a file by other bytes."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_plain_file(path: str) -> bool:
    return os.path.isfile(path) and not os.path.islink(path)  # noqa: PTH113, PTH114


def _listed_by_git(root: str) -> list[str] | None:
    """Names relative to the root; None where the root is in no checkout or there is no git."""
    answer = ask_git(root, _GIT, _GIT_TIMEOUT_S)
    if answer is None:
        return None
    return [os.fsdecode(name) for name in answer.split(b"\0") if name]


def _walked(root: str) -> Iterator[str]:
    """Walk a folder, asking the nearest `.gitignore` first, as git does."""
    specs: dict[str, list[tuple[str, GitIgnoreSpec]]] = {"": []}
    for folder, subfolders, files in os.walk(root):
        here = os.path.relpath(folder, root)
        here = "" if here == os.curdir else here + os.sep
        rules = specs.pop(here)
        if ".gitignore" in files and (spec := _read_gitignore(folder)):
            rules = [(here, spec), *rules]
        subfolders[:] = [
            name
            for name in subfolders
            if not _is_left_out(f"{name}/file") and not _is_ignored(f"{here}{name}/", rules)
        ]
        specs |= {f"{here}{name}{os.sep}": rules for name in subfolders}
        yield from (f"{here}{name}" for name in files if not _is_ignored(here + name, rules))


def _is_ignored(name: str, rules: "list[tuple[str, GitIgnoreSpec]]") -> bool:
    for base, spec in rules:
        verdict = spec.check_file(name[len(base) :]).include
        if verdict is not None:
            return verdict
    return False


def _read_gitignore(folder: str) -> "GitIgnoreSpec | None":
    from pathspec import GitIgnoreSpec

    path = os.path.join(folder, ".gitignore")  # noqa: PTH118
    if not _is_plain_file(path):  # a pipe of that name would block
        return None
    try:
        with open(path, encoding="utf-8", errors="replace") as file:  # noqa: PTH123
            return GitIgnoreSpec.from_lines(file.read(_MAX_GITIGNORE_BYTES).splitlines())
    except (OSError, ValueError):
        return None
