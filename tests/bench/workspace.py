"""How good the embedded model is: real commits are typed again, character by character.

    python -m tests.bench.workspace [REPOSITORY ...] [--commits N] [--seed N]

Repositories are git folders. A query is made at every character from the indentation on; a
suggestion is taken if and only if the whole rest of the line is right, and saves its length less
one; a wrong one counts once while it is typed through. Without a repository the installed packages
are used: they have no history, so one file at a time is left out and typed, which flatters.
"""

import argparse
import gc
import json
import random
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.workspace.build import FileTokens, assemble, build_index
from refact_lsp.features.completion.workspace.confidence import DEFAULT_THRESHOLD, QUIET_THRESHOLD
from refact_lsp.features.completion.workspace.index import MAX_FILE_BYTES
from refact_lsp.features.completion.workspace.model import MIN_CHARS, WorkspaceModel
from refact_lsp.features.completion.workspace.tokens import Vocabulary, text_tokens
from tests.bench.replay import Replay, Repository, TypedLine
from tests.bench.trigram import Trigram

Ask = Callable[[int], tuple[str, float] | None]
GOALS = {"default": (60, 55, 5), "quiet": (70, 30, 2.5)}
"""At least so many percent exact and characters saved, at most so many wrong."""
CPU_GOAL_MS, MEMORY_GOAL_MB, BUILD_GOAL_S = 10, 50, 6
TRIGRAM_THRESHOLDS = tuple(number / 20 for number in range(20))
PRECISION_GOAL = 0.6


class Tally:
    """What typing saved and spoiled so far."""

    def __init__(self) -> None:
        self.lines = self.characters = self.taken = self.saved = self.wrong = 0

    def add(self, text: str, guesses: list[tuple[int, str, float]], threshold: float) -> None:
        """Type one line with the guesses made at its columns."""
        self.lines += 1
        self.characters += len(text.strip())
        wrong: set[str] = set()
        for column, rest, likely in guesses:
            if likely < threshold:
                continue
            if text[:column] + rest == text:
                self.taken += 1
                self.saved += len(rest) - 1
                break
            wrong.add(text[:column] + rest)
        self.wrong += len(wrong)

    @property
    def precision(self) -> float:
        return self.taken / max(1, self.taken + self.wrong)

    def per_thousand(self, count: int) -> float:
        """A count per 1000 typed characters."""
        return 1000 * count / max(1, self.characters)

    def __str__(self) -> str:
        return (
            f"{self.precision:5.1%} of shown lines exact, "
            f"{self.per_thousand(self.saved):5.1f} characters saved and "
            f"{self.per_thousand(self.wrong):4.1f} wrong per 1000 typed, "
            f"taken on {self.taken / max(1, self.lines):.0%} of {self.lines} lines"
        )


class Figures(NamedTuple):
    """All that one run gathers."""

    default: Tally
    quiet: Tally
    trigram: list[Tally]
    cpu_ms: list[float]


def new_figures() -> Figures:
    return Figures(Tally(), Tally(), [Tally() for _ in TRIGRAM_THRESHOLDS], [])


def run(replay: Replay, trigram: Trigram, *figures: Figures) -> None:
    """Type the lines of one commit with the model at both thresholds, and with the 3-gram."""
    index = assemble(replay.vocabulary, replay.files)
    # The 3-gram's millions of counters would be walked by the collector while the model is timed.
    gc.freeze()
    for threshold in (DEFAULT_THRESHOLD, QUIET_THRESHOLD):
        model = WorkspaceModel()
        model.use(index)
        for line in replay.typed:
            guesses, spent = guesses_of(model, line, threshold)
            for into in figures:
                tally = into.default if threshold == DEFAULT_THRESHOLD else into.quiet
                tally.add(line.text, guesses, threshold)
                into.cpu_ms.extend(spent)
    for line in replay.typed:
        trigram.know([file for file in replay.files if file.path != line.path])
        above = line.lines[: line.number]
        trigram.open([*above, *line.lines[line.number + 1 :]])
        at_columns = [(at, trigram.guess(above, line.text[:at])) for at in columns(line.text)]
        guesses = [(at, *guess) for at, guess in at_columns if guess]
        guesses = [guess for guess in guesses if len(guess[1].strip()) >= MIN_CHARS]
        for into in figures:
            for tally, threshold in zip(into.trigram, TRIGRAM_THRESHOLDS, strict=True):
                tally.add(line.text, guesses, threshold)


def guesses_of(
    model: WorkspaceModel, line: TypedLine, threshold: float
) -> tuple[list[tuple[int, str, float]], list[float]]:
    """Ask at every column until a right answer comes; with the processor time of each question."""
    guesses: list[tuple[int, str, float]] = []
    spent: list[float] = []
    lines = line.lines
    for column in columns(line.text):
        lines = [*lines[: line.number], line.text[:column] + "\n", *lines[line.number + 1 :]]
        snapshot = Snapshot(
            uri=f"file://{line.path}",
            path=line.path,
            language="",
            version=None,
            lines=lines,
            line=line.number,
            column=column,
        )
        began = time.process_time_ns()
        guess = model.complete(snapshot, threshold)
        spent.append((time.process_time_ns() - began) / 1e6)
        if guess:
            guesses.append((column, guess.text, guess.probability))
            if line.text[:column] + guess.text == line.text:
                break
    return guesses, spent


def columns(text: str) -> range:
    """Every column of a line from its indentation on."""
    return range(len(text) - len(text.lstrip()), len(text))


def installed(seed: int) -> Iterator[tuple[str, Iterator[Replay]]]:
    """Packages of this Python without history: one file is left out and typed."""
    folder = Path(sysconfig.get_path("purelib"))
    packages = sorted(p for p in folder.iterdir() if (p / "__init__.py").is_file())
    chance = random.Random(seed)
    for package in chance.sample(packages, min(8, len(packages))):
        yield package.name, left_out(package, chance)


def left_out(package: Path, chance: random.Random) -> Iterator[Replay]:
    vocabulary = Vocabulary(remembered_lines=50_000)
    texts = {
        str(path): path.read_text("utf-8", "replace").splitlines()
        for path in sorted(package.rglob("*.py"))[:400]
        if path.stat().st_size <= MAX_FILE_BYTES
    }
    read = [FileTokens(p, 0, 0, *text_tokens(vocabulary, lines)) for p, lines in texts.items()]
    for path in chance.sample(sorted(texts), min(8, len(texts))):
        lines = texts[path]
        numbers = [number for number, line in enumerate(lines) if line.strip()]
        typed = [
            TypedLine(path, n, lines[n].rstrip(), [f"{line}\n" for line in (*lines[:n], "")])
            for n in sorted(chance.sample(numbers, min(20, len(numbers))))
        ]
        yield Replay(path, vocabulary, [file for file in read if file.path != path], typed)


class Built(NamedTuple):
    """What one index costs; times are processor time."""

    files: int
    tokens: int
    resident_bytes: float
    build_s: float
    load_s: float

    def __str__(self) -> str:
        millions = self.tokens / 1e6
        return (
            f"{self.files} files, {self.tokens} tokens; per million tokens: "
            f"{self.resident_bytes / 1e6 / millions:.1f} MB, "
            f"{self.build_s / millions:.1f} s to build, {self.load_s / millions:.3f} s to load"
        )


def measure_build(repository: Repository) -> Built:
    """Build and load an index in processes of their own, as the product does."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = repository.write_tree(folder / "tree")
        (folder / "paths").write_text("\0".join(paths))
        answer = subprocess.run(
            [sys.executable, "-m", "tests.bench.workspace", "--measure", name],
            capture_output=True,
            check=True,
            text=True,
        )
    return Built(*json.loads(answer.stdout))


def measure(folder: Path) -> None:
    """Print processor time of a build and of loading, and the memory that loading takes."""
    paths = (folder / "paths").read_text().split("\0")
    began = time.process_time()
    built = build_index(lambda *_: None, "/", str(folder / "x.index"), paths)
    build_s = time.process_time() - began
    code = (
        "import os, sys, time; from pathlib import Path\n"
        "from refact_lsp.features.completion.workspace.saved import load_index\n"
        "def resident():\n"
        "    pages = int(Path('/proc/self/statm').read_text().split()[1])\n"
        "    return pages * os.sysconf('SC_PAGE_SIZE')\n"
        "before, began = resident(), time.process_time()\n"
        "index = load_index(Path(sys.argv[1]), '/')\n"
        "print(resident() - before, time.process_time() - began)\n"
    )
    load = subprocess.run(
        [sys.executable, "-c", code, str(folder / "x.index")],
        capture_output=True,
        check=True,
        text=True,
    )
    resident, load_s = map(float, load.stdout.split())
    print(json.dumps(Built(built.files, built.tokens, resident, build_s, load_s)))


def best_trigram(figures: Figures) -> tuple[float, Tally]:
    """Give the threshold at which the 3-gram saves most with the goal's precision, if any."""
    found = list(zip(TRIGRAM_THRESHOLDS, figures.trigram, strict=True))
    fitting = [
        (t, tally) for t, tally in found if tally.taken and tally.precision >= PRECISION_GOAL
    ]
    if fitting:
        return max(fitting, key=lambda each: each[1].saved)
    return max(found, key=lambda each: each[1].precision)


def report(name: str, figures: Figures) -> None:
    print(f"{name}\n  default  {figures.default}\n  quiet    {figures.quiet}")
    threshold, tally = best_trigram(figures)
    print(f"  3-gram   {tally} (its best threshold for 60 %: {threshold})")
    if spent := sorted(figures.cpu_ms):
        p50, p95, p99 = (spent[int(len(spent) * share)] for share in (0.5, 0.95, 0.99))
        print(
            f"  processor time of a question: p50 {p50:.2f}, p95 {p95:.2f}, p99 {p99:.2f}, "
            f"most {spent[-1]:.1f} ms",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.workspace")
    parser.add_argument("repositories", nargs="*")
    parser.add_argument("--commits", type=int, default=9)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(Path(options.measure))
        return
    everything = new_figures()
    repositories = [Repository(str(Path(folder).resolve())) for folder in options.repositories]
    if repositories:
        sources = [(r.name, r.replays(options.seed, options.commits)) for r in repositories]
        print("real commits: the parent's tree is known, the added lines are typed")
    else:
        sources = list(installed(options.seed))
        print("no repository given: installed packages, LEAVE ONE FILE OUT (flatters; no history)")
    for name, replays in sources:
        own = new_figures()
        trigram: Trigram | None = None
        for replay in replays:
            trigram = trigram or Trigram(replay.vocabulary)
            run(replay, trigram, own, everything)
        report(name, own)
    report("all", everything)
    for repository in repositories:
        print(f"{repository.name}: {measure_build(repository)}")


if __name__ == "__main__":
    main()
