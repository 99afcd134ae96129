"""Typing sessions: real functions typed in real files, key by key, the same at every run.

A session is a file with a function taken out and the keys that write it again: mostly one
character at a time, with the typist's slips, deletions and pauses. The typist looks at what is
shown and now and then accepts it. Pure, but for reading the code.
"""

import ast
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

LONGEST = 900  # characters of a function
SHORTEST = 120
SLIP, PAUSE, ACCEPT = 0.02, 0.04, 0.35  # chances: a wrong key; a look at the screen; acceptance


class Session(NamedTuple):
    """A document with a hole at `at`, and the text that will be typed into it."""

    name: str
    text: str
    at: int
    typed: str

    @property
    def goal(self) -> str:
        return self.text[: self.at] + self.typed + self.text[self.at :]


class Key(NamedTuple):
    """One key: `text` is typed, or `deleted` characters go, after `wait` of a typist's gaps."""

    text: str
    deleted: int
    wait: float


def sessions(folder: Path, count: int, seed: int = 7) -> list[Session]:
    """Draw functions from the Python files of a folder, one a file."""
    chance = random.Random(seed)
    paths = sorted(folder.rglob("*.py"))
    chance.shuffle(paths)
    found: list[Session] = []
    for path in paths:
        session = _session_of(path, chance)
        if session is not None:
            found.append(session)
        if len(found) == count:
            break
    return found


def keys(session: Session, seed: int = 7) -> Iterator[Key]:
    """Give the keys one after the other; the caller leaves out those that it accepted."""
    chance = random.Random(f"{seed} {session.name}")
    for char in session.typed:
        if char.isalpha() and chance.random() < SLIP:
            yield Key(chance.choice("etaoin"), 0, chance.uniform(0.6, 1.4))
            yield Key("", 1, chance.uniform(1.2, 2.5))
        wait = chance.uniform(4.0, 8.0) if chance.random() < PAUSE else chance.uniform(0.6, 1.4)
        yield Key(char, 0, wait)


def oracle(session: Session, seed: int = 7, *, right: float = 0.7) -> "Oracle":
    """Make the model that has seen the whole file and is right so often."""
    return Oracle(session.goal, random.Random(f"{seed} {session.name} oracle"), right)


class Oracle:
    """Answers a hole with what really stands there, now and then with something else.

    It is as deterministic as a model at temperature 0: the same place has the same answer.
    """

    def __init__(self, goal: str, chance: random.Random, right: float) -> None:
        self._goal = goal
        self._salt = chance.random()
        self._right = right

    def __call__(self, prefix: str, suffix: str) -> Sequence[str]:
        tail = prefix[-60:]
        at = self._goal.find(tail)
        end = self._goal.find(suffix[:60], at + len(tail)) if suffix.strip() else len(self._goal)
        chance = random.Random(f"{self._salt} {prefix[-40:]}")
        if at < 0 or chance.random() > self._right:
            return ["other", "_thing", "(", "value", ")", "\n"]
        text = self._goal[at + len(tail) : max(end, at + len(tail))]
        lines = text.splitlines(keepends=True)
        # At the end of a line a model says what comes next, not that the line has ended.
        count = chance.randint(1, 4) + text.startswith("\n")
        while count < len(lines) and not _is_whole("".join(lines[:count])):
            count += 1
        return _pieces("".join(lines[:count]))


def _is_whole(text: str) -> bool:
    """Say whether a piece of code ends where a statement does, as far as brackets tell."""
    balanced = all(text.count(left) == text.count(right) for left, right in ("()", "[]", "{}"))
    return balanced and not text.count('"""') % 2 and not text.rstrip().endswith((":", ",", "\\"))


def _pieces(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def _session_of(path: Path, chance: random.Random) -> Session | None:
    try:
        text = path.read_text(encoding="utf-8")
        tree = ast.parse(text)
    except (OSError, ValueError, SyntaxError):
        return None
    if not 2000 < len(text) < 60_000 or not text.isascii() or "\r" in text or "\f" in text:
        return None
    lines = text.splitlines(keepends=True)
    bodies = [
        (node.body[0].lineno, node.end_lineno)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.end_lineno
    ]
    chance.shuffle(bodies)
    for first, last in bodies:
        start = sum(map(len, lines[: first - 1]))
        start += len(lines[first - 1]) - len(lines[first - 1].lstrip())
        end = sum(map(len, lines[:last])) - 1
        if SHORTEST <= end - start <= LONGEST:
            return Session(path.name, text[:start] + text[end:], start, text[start:end])
    return None
