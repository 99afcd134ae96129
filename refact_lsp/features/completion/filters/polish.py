"""The front door of the filters: a model's answer in, what is shown out."""

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.filters.reasons import Change, Dropped, Shown


def polish(text: str, snapshot: Snapshot) -> Shown | Dropped:
    """Run the battery over a cut text."""
    changes: list[Change] = []
    if not text.strip():
        return Dropped(reason="blank")
    shown = text.replace("\r\n", "\n").replace("\n", snapshot.line_ending)
    if shown != text:
        changes.append("lineEnding")
    column, right = snapshot.column, snapshot.line_suffix
    if right and text.split("\n", maxsplit=1)[0].endswith(right):
        changes.append("replacedRight")
        column += len(right)
    return Shown(text=shown, replace_end_column=column, changes=changes)
