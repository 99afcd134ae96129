"""Suggestions as the client wants them: ghost text, or entries of its completion menu. Pure."""

from collections.abc import Sequence

from refact_lsp.core.text import Encoding, Snapshot
from refact_lsp.lsp.backend import Suggestion
from refact_lsp.lsp.documents import client_position
from refact_lsp.lsp.early import ACCEPTED
from refact_lsp.lsp.messages import (
    Command,
    CompletionItem,
    CompletionList,
    InlineItem,
    InlineList,
    Range,
    TextEdit,
)

LABEL_CHARACTERS = 60
NO_GHOST_TEXTS = InlineList(items=[])
NO_MENU = CompletionList(is_incomplete=True, items=[])
_AS_IS = 1  # InsertTextMode: the text has its indentation already


def ghost_texts(
    snapshot: Snapshot, suggestions: Sequence[Suggestion], encoding: Encoding
) -> InlineList:
    """Answer `textDocument/inlineCompletion`."""
    return InlineList(
        items=[
            InlineItem(
                insert_text=each.text,
                range=Range(
                    client_position(snapshot, each.start_line, each.start_column, encoding),
                    client_position(snapshot, each.end_line, each.end_column, encoding),
                ),
                command=_command(each),
            )
            for each in suggestions
        ]
    )


def menu(
    snapshot: Snapshot, suggestions: Sequence[Suggestion], encoding: Encoding
) -> CompletionList:
    """Answer `textDocument/completion` with the same text.

    Clients filter by the word before the cursor, so the entry begins at that word. An edit of a
    menu entry must stay on the cursor's line (LSP, CompletionItem.textEdit); what does not is left
    out.
    """
    items: list[CompletionItem] = []
    for rank, each in enumerate(suggestions):
        if not each.start_line == each.end_line == snapshot.line:
            continue
        start = min(each.start_column, _word_start(snapshot))
        text = snapshot.line_text[start : each.start_column] + each.text
        first, *more = text.strip().splitlines() or [text]
        shown = first if len(first) <= LABEL_CHARACTERS else first[: LABEL_CHARACTERS - 1] + "…"
        items.append(
            CompletionItem(
                label=shown + (" …" if more else ""),
                text_edit=TextEdit(
                    range=Range(
                        client_position(snapshot, snapshot.line, start, encoding),
                        client_position(snapshot, snapshot.line, each.end_column, encoding),
                    ),
                    new_text=text,
                ),
                filter_text=text,
                sort_text=f"{rank:04}",
                detail="refact",
                documentation=text if more or shown != first else None,
                insert_text_mode=_AS_IS,
                command=_command(each),
            )
        )
    return CompletionList(is_incomplete=True, items=items)


def _word_start(snapshot: Snapshot) -> int:
    column = snapshot.column
    text = snapshot.line_text
    while column and (text[column - 1].isalnum() or text[column - 1] == "_"):
        column -= 1
    return column


def _command(suggestion: Suggestion) -> Command:
    return Command(title="Accepted", command=ACCEPTED, arguments=[suggestion.id])
