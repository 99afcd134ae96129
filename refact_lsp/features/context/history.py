"""Which files change together, from the newest commits of a git checkout. Runs in the worker.

What a project's own configuration says can start no program.
"""

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet

from refact_lsp.features.git import ask_git

_COMMITS = 2000
_MOST_FILES = 20
"""Commits that touch more are renames and reformatting: they say nothing."""
_MOST_PARTNERS = 20
_TIMEOUT_S = 20
_LOG = (
    *("-c", "core.fsmonitor=false", "-c", "core.quotePath=false", "-c", "log.showSignature=false"),
    *("log", "--no-ext-diff", "--no-textconv", "--no-renames", "--relative", "--no-merges"),
    *("--name-only", "--format=%x01", "-z", f"-n{_COMMITS}"),
)

Together = dict[str, list[tuple[str, float]]]


def changed_together(roots: Iterable[str], known: AbstractSet[str]) -> Together:
    """Give for each known file the files that changed with it most, heaviest first."""
    weights: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for root in roots:
        for names in commits_of(root):
            base = root.replace(os.sep, "/").rstrip("/")
            files = [path for name in names if (path := f"{base}/{name}") in known]
            for one in files:
                for other in files:
                    if one != other:
                        weights[one][other] += 1 / (len(files) - 1)
    return {
        path: sorted(others.items(), key=lambda item: (-item[1], item[0]))[:_MOST_PARTNERS]
        for path, others in sorted(weights.items())
    }


def commits_of(root: str) -> Iterable[Sequence[str]]:
    """Give the names that each of the newest commits touched; nothing without git."""
    answer = ask_git(root, _LOG, _TIMEOUT_S)
    if answer is None:
        return
    for commit in answer.split(b"\1"):
        names = [name for part in commit.split(b"\0") if (name := part.strip(b"\n"))]
        if 1 < len(names) <= _MOST_FILES:
            yield [os.fsdecode(name) for name in names]
