"""From answers to the items of a client: ranges, ids, distinct texts, the popup. Pure."""

from collections.abc import Iterable, Sequence

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.filters import python_check
from refact_lsp.features.completion.session import snapshot_with
from refact_lsp.features.completion.values import Answer, Request, Selected, Suggestion


def asked_place(snapshot: Snapshot, selected: Selected | None) -> Snapshot | None:
    """Give the place to ask for: behind the popup's selected text as if it stood there.

    None where what stands left of the cursor cannot be replaced by the selected text.
    """
    if selected is None:
        return snapshot
    start, end = selected.start_column, selected.end_column
    if not 0 <= start <= snapshot.column <= end <= len(snapshot.line_text):
        return None
    moved = snapshot_at(snapshot, start)
    after = snapshot_with(moved, selected.text, end - start)
    return after if after.line == snapshot.line else None


def snapshot_at(snapshot: Snapshot, column: int) -> Snapshot:
    """Move the cursor on its line."""
    return Snapshot(
        uri=snapshot.uri,
        path=snapshot.path,
        language=snapshot.language,
        version=snapshot.version,
        lines=snapshot.lines,
        line=snapshot.line,
        column=column,
    )


def distinct(answers: Iterable[Answer], limit: int) -> tuple[Answer, ...]:
    """Keep answers whose texts differ in more than blanks, in their order."""
    seen: dict[str, Answer] = {}
    for answer in answers:
        seen.setdefault(" ".join(answer.text.split()), answer)
    return tuple(seen.values())[:limit]


def ranked(answers: Sequence[Answer], snapshot: Snapshot) -> list[Answer]:
    """Put answers with names that nothing in the document defines behind the others."""
    if snapshot.language != "python" or not answers[1:]:
        return list(answers)
    place = python_check.Place(snapshot.prefix, snapshot.suffix)
    return sorted(answers, key=lambda answer: len(place.unknown_names(answer.text)))


def suggestions(
    answers: Sequence[Answer], snapshot: Snapshot, request: Request, *, trace_id: str, model: str
) -> list[Suggestion]:
    """Make the items for the real document; with a selection they begin with its text."""
    selected = request.selected
    head = selected.text if selected else ""
    start = selected.start_column if selected else snapshot.column
    end = selected.end_column if selected else snapshot.column
    return [
        Suggestion(
            id=f"{trace_id}.{index}",
            text=head + answer.text,
            start_line=snapshot.line,
            start_column=start,
            end_line=snapshot.line,
            end_column=end + answer.replaced,
            model=model,
        )
        for index, answer in enumerate(answers)
    ]
