"""The front door of the filters: a model's answer in, what is shown out.

Two tables rule: repairs change a text, refusals drop it. Both are tried in order; then the syntax
is judged with the text in place.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import MappingProxyType

import msgspec

from refact_lsp.core.syntax import Syntax
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.cut.context import Multiline, cut_context
from refact_lsp.features.completion.cut.echo import suffix_echo
from refact_lsp.features.completion.cut.memory import Memory
from refact_lsp.features.completion.cut.place import Place, place_of
from refact_lsp.features.completion.filters import content, leaks, overlap, python_check, shape
from refact_lsp.features.completion.filters.guard import Guard, Strictness, guarded
from refact_lsp.features.completion.filters.reasons import Change, Dropped, DropReason, Shown

_PAIRS = {"(": ")", "[": "]", "{": "}", "repeat": "until"}


class Polishing(msgspec.Struct, frozen=True, kw_only=True):
    """What the filters may know beyond the document.

    `rejected` are texts that the user did not take at this place, `deleted` what was just deleted
    there. `unit` is the editor's word on indentation; without it the document's lines tell.
    `truncated` says that the token limit ended the answer.
    """

    cut_strings: Sequence[str] = ()
    multiline: Multiline = "auto"
    truncated: bool = False
    rejected: Sequence[str] = ()
    deleted: Sequence[str] = ()
    unit: str | None = None
    strictness: Strictness = "auto"


class Scene:
    """The document as the filters see it; what is costly is worked out when it is asked for."""

    def __init__(
        self, snapshot: Snapshot, polishing: Polishing, memory: Memory | None = None
    ) -> None:
        self._memory = memory
        self.snapshot = snapshot
        self.polishing = polishing
        self.language = snapshot.language
        self.right = snapshot.line_suffix

    def prepare(self, syntax: Syntax) -> None:
        """Work out, while a model thinks, what judging its answer will need."""
        _ = self.unit, self.document
        if self.language == "python":
            _ = self.statement
        _guard(self, syntax, 0).prepare()

    @property
    def prefix(self) -> str:
        """What stands before the cursor."""
        return self.snapshot.prefix

    @property
    def suffix(self) -> str:
        """What stands after the cursor."""
        return self.snapshot.suffix

    @cached_property
    def document(self) -> str:
        """All of it."""
        return self.prefix + self.suffix

    @cached_property
    def unit(self) -> str | None:
        """One level of indentation, as the document's lines tell."""
        return shape.indent_unit(self.snapshot.lines, self.snapshot.line)

    @cached_property
    def place(self) -> Place:
        """What the cutter knows of the hole."""
        return place_of(cut_context(self.snapshot), self._memory)

    @cached_property
    def statement(self) -> python_check.Place:
        """The top-level statement around the cursor, as Python reads it."""
        return python_check.Place(self.prefix, self.suffix)

    @property
    def in_words(self) -> bool:
        """Whether the cursor is in a string or a comment."""
        return self.place.lexer.region is not None

    def missing_closers(self) -> str:
        """Write what the document leaves open at the cursor."""
        balance = self.place.balance
        pairs = list(zip(balance.openers, balance.needed, strict=True))
        return " ".join(_PAIRS.get(opener.text, "end") for opener, need in reversed(pairs) if need)


Repair = Callable[[str, Scene], str]
Refusal = Callable[[str, Scene], bool]

REPAIRS: tuple[tuple[Change, Repair], ...] = (
    (
        "controlToken",
        lambda text, scene: leaks.without_control_tokens(
            text, scene.document, scene.polishing.cut_strings
        ),
    ),
    ("thinking", lambda text, _: leaks.without_thinking(text)),
    ("fence", lambda text, scene: leaks.without_fence(text, scene.language)),
    (
        "chatEcho",
        lambda text, scene: leaks.without_introduction(
            text, scene.language, lambda: scene.in_words
        ),
    ),
    (
        "firstLine",
        lambda text, scene: (
            shape.first_line(text, scene.snapshot.line_prefix)
            if scene.polishing.multiline == "never"
            else text
        ),
    ),
    (
        "unfinished",
        lambda text, scene: (
            shape.without_unfinished_line(text) if scene.polishing.truncated else text
        ),
    ),
    ("prefixOverlap", lambda text, scene: overlap.without_prefix_overlap(text, scene.prefix)),
    ("suffixLine", lambda text, scene: overlap.without_suffix_lines(text, scene.suffix)),
    (
        "suffixOverlap",
        lambda text, scene: (
            text.rstrip()[:-echo] if (echo := suffix_echo(text.rstrip(), scene.suffix)) else text
        ),
    ),
    ("repetition", lambda text, _: content.without_repeated_lines(text)),
    (
        "indentation",
        lambda text, scene: shape.in_unit(
            text, scene.polishing.unit or scene.unit, scene.snapshot.line_prefix
        ),
    ),
    (
        "trailingBlank",
        lambda text, scene: shape.without_trailing_blanks(text, scene.language, scene.right),
    ),
)

REFUSALS: tuple[tuple[DropReason, Refusal], ...] = (
    ("blank", lambda text, _: not text.strip()),
    (
        "emptyComment",
        lambda text, scene: content.is_empty_comment(text, scene.snapshot.line_prefix),
    ),
    (
        "chatEcho",
        lambda text, scene: leaks.is_talk(text, scene.language, lambda: scene.in_words),
    ),
    ("placeholder", lambda text, _: content.is_placeholder(text)),
    ("secret", lambda text, scene: content.holds_secret(text, scene.document)),
    ("licence", lambda text, scene: content.holds_licence(text, scene.document)),
    ("repeatsItself", lambda text, _: content.repeats_itself(text)),
    ("repeatsSuffix", lambda text, scene: overlap.repeats_suffix(text, scene.suffix)),
    ("repeatsPrefix", lambda text, scene: overlap.repeats_line_above(text, scene.prefix)),
    ("rejectedBefore", lambda text, scene: content.says_the_same(text, scene.polishing.rejected)),
    ("undoesEdit", lambda text, scene: content.says_the_same(text, scene.polishing.deleted)),
)

# What it means where a repair leaves nothing.
_EMPTIED_BY: Mapping[Change, DropReason] = MappingProxyType(
    {
        "chatEcho": "chatEcho",
        "prefixOverlap": "repeatsPrefix",
        "suffixLine": "repeatsSuffix",
        "suffixOverlap": "repeatsSuffix",
    }
)


def polished(text: str, scene: Scene, syntax: Syntax | None) -> Shown | Dropped:
    """Run the whole battery over a text; `syntax` judges it in place."""
    changes: list[Change] = []
    for change, repair in REPAIRS:
        repaired = repair(text, scene)
        if repaired != text:
            changes.append(change)
            text = repaired
    for reason, refuses in REFUSALS:
        if refuses(text, scene):
            return Dropped(reason=_emptied_by(changes) or reason if reason == "blank" else reason)
    if content.is_only_closers(text) and not (syntax and _mends(text, scene, syntax)):
        return Dropped(reason="onlyClosers")
    replaced = overlap.replaced_right(text, scene.right)
    if replaced:
        changes.append("replacedRight")
    judged = _judged(text, scene, syntax, replaced) if syntax else text
    if judged is None:
        return Dropped(reason="brokenSyntax")
    if judged != text:
        changes.append("closer" if judged.startswith(text.rstrip()) else "brokenSyntax")
    return _shown(judged, scene, replaced, changes)


def _emptied_by(changes: Sequence[Change]) -> DropReason | None:
    return next(
        (_EMPTIED_BY[change] for change in reversed(changes) if change in _EMPTIED_BY), None
    )


def _shown(text: str, scene: Scene, replaced: int, changes: list[Change]) -> Shown:
    snapshot = scene.snapshot
    ended = shape.in_line_ending(text, snapshot.line_ending)
    if ended != text:
        changes.append("lineEnding")
    return Shown(
        text=ended,
        replace_end_column=snapshot.column + replaced,
        changes=changes,
    )


def _guard(scene: Scene, syntax: Syntax, replaced: int) -> Guard:
    return Guard(
        syntax,
        scene.language,
        scene.prefix,
        scene.suffix,
        strictness=scene.polishing.strictness,
        key=scene.snapshot.uri,
        closers=scene.missing_closers,
        replaced=replaced,
    )


def _judged(text: str, scene: Scene, syntax: Syntax, replaced: int) -> str | None:
    compiled = scene.language == "python" and not replaced
    # What Python itself takes needs no second opinion, which a long document makes costly.
    if compiled and scene.polishing.strictness == "auto" and scene.statement.compiles(text):
        return text
    guard = _guard(scene, syntax, replaced)
    kept = guarded(guard, text)
    if kept is None or not compiled:
        return kept
    return scene.statement.without_misplaced_lines(
        kept, lambda shorter: guard.accepts(guard.errors(shorter)[0])
    )


def _mends(text: str, scene: Scene, syntax: Syntax) -> bool:
    """Whether closers alone take an error away."""
    guard = _guard(scene, syntax, 0)
    return guard.errors(text)[0] < guard.errors_without()
