"""Random edit scripts against the cache: what may be served, and what was.

A script types, pastes, deletes, moves, accepts, edits other lines, changes files and models. At
every request the cache is asked first and a made-up model only where it has nothing. Whatever the
cache serves must give, once accepted, a document that the same model with the same parameters was
asked to make in the same file.
"""

import random
from collections import Counter
from dataclasses import dataclass, field

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.cache import Cache, Entry
from refact_lsp.features.completion.session import snapshot_with
from refact_lsp.features.completion.values import Answer
from tests.features.snapshots import snapshot_of

ALPHABET = "ab(\n)\"'[] é𝕏"
CLOSER = {"(": ")", "[": "]", '"': '"', "'": "'"}


@dataclass
class Script:
    """The state of one script; `served` counts uses, `wrong` is what must stay empty."""

    rng: random.Random
    cache: Cache
    files: dict[str, str] = field(
        default_factory=lambda: {"f:a": "a(b)\nab\n", "f:b": "a(b)\nab\n"}
    )
    uri: str = "f:a"
    scope: int = 1
    at: int = 0
    version: int = 1
    made: dict[tuple[str, int], set[str]] = field(default_factory=dict)
    shown: Answer | None = None
    served: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    now_s: float = 0.0

    @property
    def text(self) -> str:
        return self.files[self.uri]

    def snapshot(self) -> Snapshot:
        return snapshot_of(self.text, self.at, uri=self.uri, language="text", version=self.version)

    def insert(self, text: str) -> None:
        self.files[self.uri] = self.text[: self.at] + text + self.text[self.at :]
        self.at += len(text)
        self.version += 1


def run(seed: int, steps: int = 14) -> Script:
    """Run one script; its `wrong` names every answer that should not have been served."""
    rng = random.Random(seed)
    script = Script(rng, Cache(max_entries=rng.choice((3, 200))))
    for _ in range(steps):
        rng.choices(tuple(STEPS), tuple(STEPS.values()))[0](script)
        script.now_s += 1
        if rng.random() < 0.8:
            _ask(script)
    return script


def _ask(script: Script) -> None:
    snapshot = script.snapshot()
    hit = script.cache.find(snapshot, script.scope, not_before_s=0.0)
    script.shown = None
    if hit is None:
        answer = _made_up(script, snapshot)
        entry = Entry((answer,) if answer else (), "m", "model", script.now_s)
        script.cache.put(snapshot, script.scope, entry)
        made = script.made.setdefault((script.uri, script.scope), set())
        made.add(_accepted(snapshot, answer) if answer else _nothing_here(script))
        script.served["model"] += 1
        script.shown = answer
        return
    hit.entry.served = True
    script.served[hit.use] += 1
    made = script.made.get((script.uri, script.scope), set())
    results = [_accepted(snapshot, answer) for answer in hit.answers]
    if not hit.answers:
        results = [_nothing_here(script)]
    for result, answer in zip(results, hit.answers or (None,), strict=True):
        if result not in made:
            script.wrong.append(f"{hit.use}: {result!r} was never made")
        if answer and not 0 <= answer.replaced <= len(snapshot.line_suffix):
            script.wrong.append(
                f"{hit.use}: replaces {answer.replaced} of {snapshot.line_suffix!r}"
            )
        if answer and not answer.text:
            script.wrong.append(f"{hit.use}: nothing to insert")
    script.shown = hit.answers[0] if hit.answers else None


def _made_up(script: Script, snapshot: Snapshot) -> Answer | None:
    rng = script.rng
    if rng.random() < 0.1:
        return None
    text = "".join(rng.choices(ALPHABET, k=rng.randint(1, 8)))
    if rng.random() < 0.2:
        opener = rng.choice("([")
        text = f"{opener}\n{text}\n{CLOSER[opener]}"
    right = snapshot.line_suffix
    replaced = rng.randint(0, len(right)) if rng.random() < 0.3 else 0
    return Answer(text, min(replaced, 4))


def _accepted(snapshot: Snapshot, answer: Answer) -> str:
    return "".join(snapshot_with(snapshot, answer.text, answer.replaced).lines)


def _nothing_here(script: Script) -> str:
    return f"{script.text[: script.at]}∅{script.text[script.at :]}"


def _type(script: Script) -> None:
    script.insert(script.rng.choice(ALPHABET))


def _type_shown(script: Script) -> None:
    if script.shown:
        script.insert(script.shown.text[: script.rng.randint(1, 3)])


def _type_over(script: Script) -> None:
    """Type the closer that already stands right of the cursor."""
    if script.at < len(script.text) and script.text[script.at] in ")]\"'":
        script.at += 1


def _type_paired(script: Script) -> None:
    opener = script.rng.choice(tuple(CLOSER))
    if script.shown and script.shown.text[0] in CLOSER:
        opener = script.shown.text[0]
    script.insert(opener + CLOSER[opener])
    script.at -= 1


def _type_block(script: Script) -> None:
    """Type an opener and Enter in an editor that puts the closer on a line of its own."""
    opener = script.rng.choice("([")
    if script.shown and script.shown.text[0] in CLOSER:
        opener = script.shown.text[0]
    script.insert(f"{opener}\n\n{CLOSER[opener]}")
    script.at -= 2
    script.version += 1


def _delete(script: Script) -> None:
    count = min(script.at, script.rng.randint(1, 3))
    script.files[script.uri] = script.text[: script.at - count] + script.text[script.at :]
    script.at -= count
    script.version += 1


def _move(script: Script) -> None:
    script.at = script.rng.randint(0, len(script.text))


def _accept(script: Script) -> None:
    if script.shown:
        after = snapshot_with(script.snapshot(), script.shown.text, script.shown.replaced)
        script.files[script.uri] = "".join(after.lines)
        script.at = sum(map(len, after.lines[: after.line])) + after.column
        script.version += 1


def _edit_elsewhere(script: Script) -> None:
    place, text = script.rng.randint(0, len(script.text)), script.rng.choice(ALPHABET)
    script.files[script.uri] = script.text[:place] + text + script.text[place:]
    script.at += len(text) if place < script.at else 0
    script.version += 1


def _switch_file(script: Script) -> None:
    script.uri = "f:b" if script.uri == "f:a" else "f:a"
    script.at = min(script.at, len(script.text))


def _switch_model(script: Script) -> None:
    script.scope = 3 - script.scope


STEPS = {
    _type: 3,
    _type_shown: 6,
    _type_over: 2,
    _type_paired: 2,
    _type_block: 1,
    _delete: 3,
    _move: 1,
    _accept: 1,
    _edit_elsewhere: 1,
    _switch_file: 1,
    _switch_model: 1,
}
