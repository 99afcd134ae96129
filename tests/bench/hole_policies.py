"""What different policies leave of a stream into a hole: ours with each guard, and simple rules."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from refact_lsp.core.syntax import Syntax
from refact_lsp.features.completion.cut.brackets import width
from refact_lsp.features.completion.cut.context import Cut, CutContext
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.cut.memory import Memory
from refact_lsp.features.completion.filters.guard import Strictness
from refact_lsp.features.completion.filters.polish import Polishing, Scene, polished
from refact_lsp.features.completion.filters.reasons import Dropped
from tests.bench.hole_kinds import Hole
from tests.bench.oracle import CUT_STRINGS, Stream
from tests.features.snapshots import snapshot_of

GUARDS: dict[str, Strictness] = {"strict": "strict", "default": "auto"}
POLICIES = (*GUARDS, "newline", "indentation")


class Left(NamedTuple):
    """What is shown of a stream, how many chunks were read for it, and why it ends there."""

    text: str
    read: int
    reason: str


class Judge:
    """Keeps what is known of one hole while its streams are judged."""

    def __init__(self, hole: Hole, syntax: Syntax, memory: Memory) -> None:
        self._hole = hole
        self._syntax = syntax
        self._memory = memory
        self._snapshot = snapshot_of(
            hole.prefix + hole.suffix,
            len(hole.prefix),
            uri=f"file://{hole.source}",
            language=hole.language,
        )

    def left(self, stream: Stream, policies: Sequence[str]) -> dict[str, Left]:
        """Apply policies to a stream; ours cut it the same way and differ in the guard."""
        found: dict[str, Left] = {}
        if GUARDS.keys() & set(policies):
            cut, read = self._cut(stream)
            found = {
                policy: self._shown(cut, read, strictness)
                for policy, strictness in GUARDS.items()
                if policy in policies
            }
        if "newline" in policies:
            found["newline"] = _simple(stream, _line_end)
        if "indentation" in policies:
            found["indentation"] = _simple(stream, lambda text: _dedent(text, self._hole))
        return found

    def _cut(self, stream: Stream) -> tuple[Cut, int]:
        hole = self._hole
        context = CutContext(
            language=hole.language,
            prefix=hole.prefix,
            suffix=hole.suffix,
            cut_strings=CUT_STRINGS,
        )
        cutter = Cutter(context, self._memory)
        for read, chunk in enumerate(stream.chunks, 1):
            if cut := cutter.feed(chunk):
                return cut, read
        return cutter.finish(), len(stream.chunks)

    def _shown(self, cut: Cut, read: int, strictness: Strictness) -> Left:
        scene = Scene(self._snapshot, Polishing(strictness=strictness), self._memory)
        shown = polished(cut.text, scene, self._syntax)
        if isinstance(shown, Dropped):
            return Left("", read, f"{cut.reason}, dropped: {shown.reason}")
        replaced = shown.replace_end_column - self._snapshot.column
        text = shown.text
        if replaced and text.endswith(self._hole.suffix[:replaced]):
            text = text[:-replaced]  # the same document, written as an insertion
        return Left(text, read, ", ".join((cut.reason, *shown.changes)))


def _simple(stream: Stream, rule: Callable[[str], int]) -> Left:
    text = ""
    for read, chunk in enumerate(stream.chunks, 1):
        text += chunk
        at = min((text.find(stop) for stop in CUT_STRINGS if stop in text), default=-1)
        at = at if at >= 0 else rule(text)
        if at >= 0:
            return Left(text[:at], read, "rule")
    return Left(text, len(stream.chunks), "end")


def _line_end(text: str) -> int:
    return text.find("\n", len(text) - len(text.lstrip()))


def _dedent(text: str, hole: Hole) -> int:
    """Where the first line begins that is indented less than the cursor's."""
    line = hole.prefix[hole.prefix.rfind("\n") + 1 :]
    floor = width(line[: len(line) - len(line.lstrip())])
    at = text.find("\n")
    while at >= 0:
        end = text.find("\n", at + 1)
        following = text[at + 1 : end if end >= 0 else len(text)]
        if following.strip() and width(following[: -len(following.lstrip())]) < floor:
            return at
        at = end
    return -1
