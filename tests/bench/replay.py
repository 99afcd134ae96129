"""Real commits as typing tasks: the parent's tree is what is known, the added lines are typed.

A commit's added lines are typed top-down with everything above them as the commit left it; below
stands what the commit did not add. A line that the commit also deleted was moved: it is not typed.
"""

import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from refact_lsp.features.completion.workspace.build import FileTokens
from refact_lsp.features.completion.workspace.index import MAX_FILE_BYTES
from refact_lsp.features.completion.workspace.languages import holds_code
from refact_lsp.features.completion.workspace.tokens import LineTokens, Vocabulary, text_tokens
from refact_lsp.features.workspace_files import VENDORED

TYPED_SUFFIXES = (".py", ".ts", ".tsx", ".js", ".rs", ".go", ".lua", ".java", ".c", ".h", ".rb")
HISTORY = 900
MAX_FILES, MAX_ADDED, MAX_TYPED = 12, 150, 20
MAX_TOKENS_KNOWN = 2_000_000
_HUNK = re.compile(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@")


class TypedLine(NamedTuple):
    """Line `number` of `lines` is typed; `lines` is the document around it."""

    path: str
    number: int
    text: str
    lines: list[str]


class Replay(NamedTuple):
    """What is known before a commit, and the lines to type."""

    name: str
    vocabulary: Vocabulary
    files: list[FileTokens]
    typed: list[TypedLine]


def is_known(path: str) -> bool:
    """Whether the product would read a file of this name."""
    parts = path.split("/")
    return holds_code(path) and not any(p.startswith(".") or p in VENDORED for p in parts)


class Repository:
    """One git folder; files are tokenised once per content."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.name = Path(folder).parent.name if Path(folder).name == "repo" else Path(folder).name
        self._vocabulary = Vocabulary(remembered_lines=50_000)
        self._tokens: dict[str, LineTokens | None] = {}

    def replays(self, seed: int, commits: int) -> Iterator[Replay]:
        """Draw commits of the last 900 that are no merges, the same ones for the same seed."""
        listed = self._git("log", "--no-merges", f"-{HISTORY}", "--format=%H %P").split("\n")
        pairs = [line.split() for line in listed]
        pairs = [pair for pair in pairs if len(pair) == 2]
        chance = random.Random(f"{seed} {self.name}")
        chance.shuffle(pairs)
        drawn = 0
        for commit, parent in pairs:
            if drawn == commits:
                return
            typed = self._typed(commit, parent, chance)
            if not typed:
                continue
            files = self._known(parent)
            if sum(len(file.ids) for file in files) > MAX_TOKENS_KNOWN:
                continue
            drawn += 1
            yield Replay(f"{self.name} {commit[:10]}", self._vocabulary, files, typed)

    def write_tree(self, folder: Path) -> list[str]:
        """Write the newest known files to a folder, to measure a build of it."""
        listed = self._tree("HEAD")
        texts = self._blobs(list(listed.values()))
        paths: list[str] = []
        for path, blob in listed.items():
            if texts.get(blob):
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(texts[blob], encoding="utf-8", newline="")
                paths.append(str(target))
        return paths

    def _typed(self, commit: str, parent: str, chance: random.Random) -> list[TypedLine]:
        diff = self._git("diff", "--no-renames", "--unified=0", parent, commit, "--")
        found: list[TypedLine] = []
        changed = [part for part in diff.split("diff --git ")[1:] if "\n+++ b/" in part]
        deleted = Counter(
            line[1:].strip() for line in diff.split("\n") if line[:1] == "-" and line[:3] != "---"
        )
        for part in changed[:MAX_FILES]:
            path = part.split("\n+++ b/", 1)[1].split("\n", 1)[0].rstrip("\t")
            added = _added(part)
            if not path.endswith(TYPED_SUFFIXES) or not is_known(path):
                continue
            if not 0 < len(added) <= MAX_ADDED:
                continue
            text = self._git("show", f"{commit}:{path}")
            if len(text) > MAX_FILE_BYTES:
                continue
            found += _lines(path, text.splitlines(), added, deleted)
        chosen = sorted(chance.sample(range(len(found)), min(MAX_TYPED, len(found))))
        return [found[number] for number in chosen]

    def _known(self, commit: str) -> list[FileTokens]:
        listed = self._tree(commit)
        missing = [blob for blob in set(listed.values()) if blob not in self._tokens]
        for blob, text in self._blobs(missing).items():
            self._tokens[blob] = text_tokens(self._vocabulary, text.splitlines()) if text else None
        files = [(path, self._tokens.get(blob)) for path, blob in listed.items()]
        return [FileTokens(f"/{path}", 0, 0, *tokens) for path, tokens in files if tokens]

    def _tree(self, commit: str) -> dict[str, str]:
        listed: dict[str, str] = {}
        for entry in self._git("ls-tree", "-r", "-l", "-z", commit).split("\0")[:-1]:
            about, path = entry.split("\t", 1)
            mode, _, blob, size = about.split()
            if mode != "120000" and size != "-" and int(size) <= MAX_FILE_BYTES and is_known(path):
                listed[path] = blob
        return listed

    def _blobs(self, names: list[str]) -> dict[str, str]:
        """Read contents at once; one that the snapshot leaves out is empty, as is a binary one."""
        answer = subprocess.run(
            ["git", "-C", self.folder, "cat-file", "--batch"],
            input="".join(f"{name}\n" for name in names).encode(),
            capture_output=True,
            check=True,
        ).stdout
        found: dict[str, str] = {}
        at = 0
        for name in names:
            end = answer.index(b"\n", at)
            head = answer[at:end].split()
            at = end + 1
            if head[-1] == b"missing":
                found[name] = ""
                continue
            data = answer[at : at + int(head[2])]
            at += int(head[2]) + 1
            found[name] = "" if b"\0" in data else data.decode("utf-8", "replace")
        return found

    def _git(self, *arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", self.folder, *arguments], capture_output=True, check=True
        ).stdout.decode("utf-8", "replace")


def _added(part: str) -> list[int]:
    numbers: list[int] = []
    for first, count in _HUNK.findall(part):
        numbers += range(int(first) - 1, int(first) - 1 + int(count or 1))
    return numbers


def _lines(
    path: str, lines: list[str], added: list[int], deleted: Counter[str]
) -> Iterator[TypedLine]:
    later = set(added)
    for number in added:
        later.discard(number)
        if number >= len(lines):
            return
        text = lines[number].rstrip()
        if deleted[text.strip()] > 0:
            deleted[text.strip()] -= 1
            continue
        if not text.strip():
            continue
        below = [line for at, line in enumerate(lines[number + 1 :], number + 1) if at not in later]
        document = [f"{line}\n" for line in (*lines[:number], "", *below)]
        yield TypedLine(f"/{path}", number, text, document)
