"""Cross-file uses in real repositories: a line that uses a definition of another file.

Names are resolved through imports, re-exports and package folders; members count where their name
(six characters or more) is defined exactly once in the repository, which checking against a type
checker elsewhere found right in 88 % of Python's. The line is blanked before anything looks at it.
"""

import random
import re
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.context.build import manifests_of, read_file
from refact_lsp.features.context.extract import IDENTIFIER, read_source
from refact_lsp.features.context.facts import MEMBERS, FileFacts
from refact_lsp.features.context.graph import Graph
from refact_lsp.features.context.history import commits_of
from refact_lsp.features.workspace_files import discover_files

LANGUAGES = {
    "python": "Python",
    "typescript": "TypeScript",
    "tsx": "TypeScript",
    "go": "Go",
    "rust": "Rust",
}
STRATA = ("name, first", "name, later", "member, first", "member, later")
_SHORTEST_MEMBER = 6
_A_FILE = 2
_MEMBER = re.compile(r"(?:\.|::|->)\s*([^\W\d]\w*)")


class Case(NamedTuple):
    """A line, and the definitions of which one must be in the prompt: rows by file."""

    language: str
    stratum: str
    path: str
    line: int
    name: str
    gold: tuple[tuple[str, frozenset[int]], ...]


class Checkout:
    """A repository as files on disk, its graph and its commits."""

    def __init__(self, folder: str, into: Path) -> None:
        source = Path(folder).resolve()
        self.name = next(part for part in reversed(source.parts) if part not in {"repo", ".git"})
        self.root = into / self.name
        self.commit = ""
        if (source / "objects").is_dir() or (source / ".git").is_dir():
            git = ["git", "clone", "-q", "--shared", "--single-branch", str(source), str(self.root)]
            subprocess.run(git, check=True, capture_output=True)
            shown = ["git", "-C", str(self.root), "rev-parse", "--short", "HEAD"]
            self.commit = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
        else:
            self.root = source
        self.syntax = Syntax()
        self.texts: dict[str, list[str]] = {}
        files: list[FileFacts] = []
        paths = discover_files(str(self.root))
        for path in paths:
            if grammar_of("", path) and (facts := read_file(self.syntax, path, (0, 0))):
                files.append(facts)
                self.texts[path] = Path(path).read_bytes().decode("utf-8", "replace").split("\n")
        manifests = manifests_of(paths)
        self.facts = {each.path: each for each in files}
        self.graph = Graph(files, manifests)
        for _ in self.graph.link():
            pass
        self.commits = [
            [f"{self.root}/{name}" for name in commit] for commit in commits_of(str(self.root))
        ]

    def lines_of(self, path: str) -> Sequence[str]:
        return self.texts.get(path, ())

    def label(self, path: str) -> str:
        return path.removeprefix(f"{self.root}/")

    def blanked(self, path: str, first: int, last: int) -> list[str]:
        """Give a file's lines with some of them empty."""
        return ["" if first <= row < last else line for row, line in enumerate(self.texts[path])]

    def unmentioned(self, case: Case) -> list[str]:
        """Give the file as it was before the case's name came into it.

        No line names it, and what would import it or its file is not there.
        """
        facts, homes = self.facts[case.path], {path for path, _ in case.gold}
        name = re.compile(rf"\b{re.escape(case.name)}\b")
        gone = {case.line}
        for taken in facts.imports:
            found = self.graph.resolver.resolve(facts.grammar, case.path, taken)
            meant = (n for numbers in self.graph.local_names(found).values() for n in numbers)
            files = {file for each in found for file in each.files}
            if homes & (files | {self.graph.homes[n] for n in meant}):
                gone.update(range(taken.start, taken.end))
        return [
            "" if row in gone or name.search(line) else line
            for row, line in enumerate(self.texts[case.path])
        ]

    def know(self, path: str, lines: Sequence[str]) -> FileFacts:
        """Let the graph see a file with other lines, and without its newest commit."""
        grammar = grammar_of("", path)
        assert grammar is not None
        facts = read_source(self.syntax, grammar, path, "\n".join(lines).encode())
        self.graph.replace(facts)
        self.graph.together = {path: dict(partners(self.commits, path, self.graph))}
        return facts

    def restore(self, path: str) -> None:
        self.know(path, self.texts[path])


def partners(commits: Sequence[Sequence[str]], path: str, graph: Graph) -> dict[str, float]:
    """Weigh what changed together with a file before its newest commit."""
    weights: dict[str, float] = defaultdict(float)
    mine = [commit for commit in commits if path in commit]
    for commit in mine[1:]:
        for other in commit:
            if other != path and other in graph.files:
                weights[other] += 1 / (len(commit) - 1)
    return weights


def cases_of(checkout: Checkout, most: int, seed: int) -> list[Case]:
    """Sample cases, the strata alike and few of one file."""
    pools: dict[str, list[Case]] = {stratum: [] for stratum in STRATA}
    chance = random.Random(seed)
    counts: dict[tuple[str, str], int] = defaultdict(int)
    found = [case for path in sorted(checkout.texts) for case in _uses(checkout, path)]
    chance.shuffle(found)
    for case in found:
        if counts[case.path, case.stratum] < _A_FILE:
            counts[case.path, case.stratum] += 1
            pools[case.stratum].append(case)
    return [case for pool in pools.values() for case in pool[: most // len(STRATA)]]


def _uses(checkout: Checkout, path: str) -> Iterator[Case]:
    graph = checkout.graph
    node, facts = graph.files[path], checkout.facts[path]
    resolved = graph.resolved(facts)
    language = LANGUAGES.get(facts.grammar)
    if language is None:
        return
    imports = {row for each in facts.imports for row in range(each.start, each.end)}
    own = {one.name for one in facts.definitions}
    packages = {each.local: each.files for each in resolved if not each.name}
    package = [f for each in resolved if each.local == "*" for f in each.files]
    seen: set[str] = set()
    for row, line in enumerate(checkout.texts[path]):
        code = line.strip()
        if row in imports or code.startswith(("#", "//", "*", "/*")) or len(code) > 200:
            continue
        members = set(_MEMBER.findall(line))
        for name in dict.fromkeys(IDENTIFIER.findall(line)):
            later = name in seen
            seen.add(name)
            kind, numbers = "name", ()
            if name in node.local:
                numbers = node.local[name]
            elif name in members:
                owner = re.search(rf"(\w+)(?:\.|::){re.escape(name)}\b", line)
                files = packages.get(owner.group(1)) if owner else None
                numbers = graph.named(files, name) if files else ()
                if not numbers and len(name) >= _SHORTEST_MEMBER and name not in own:
                    only = graph.by_name.get(name, ())
                    if len(only) == 1 and graph.definitions[only[0]].kind in MEMBERS:
                        kind, numbers = "member", tuple(only)
            elif package and name not in own and facts.grammar == "go":
                found = graph.named(package, name)
                numbers = found if len(found) == 1 else ()
            numbers = [n for n in numbers if graph.homes[n] != path]
            if numbers and name not in own:
                gold = tuple(_rows(checkout, n) for n in numbers[:4])
                yield Case(
                    language, f"{kind}, {'later' if later else 'first'}", path, row, name, gold
                )


def _rows(checkout: Checkout, number: int) -> tuple[str, frozenset[int]]:
    path = checkout.graph.homes[number]
    lines = checkout.texts[path]
    shown = checkout.graph.definitions[number].shown
    rows = (row for start, end in shown for row in range(start, end))
    return path, frozenset(row for row in rows if row < len(lines) and lines[row].strip())


def workplace() -> tempfile.TemporaryDirectory[str]:
    """A folder for checkouts, gone at the end."""
    return tempfile.TemporaryDirectory(prefix="refact-context-")
