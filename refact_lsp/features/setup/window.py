"""Notices servers that silently cut a prompt to the window that they loaded. Pure.

What was sent is compared with what the server says it read. Local runtimes do this: they load a
model with a small window unless they are told otherwise.
"""

from refact_lsp.core.nouns import Model
from refact_lsp.core.problems import Problem
from refact_lsp.core.tokens import estimate
from refact_lsp.registry.schema import Template

# Enough to find every usual window of a runtime, little enough to be read in reasonable time.
_MOST_TOKENS = 24_000
# What a template calls the setting that undoes a cut.
WINDOW_QUIRK = "num_ctx"
_FILLED = 0.75  # of the window: room for the chat template, the answer and a wrong estimate
# Estimates are at most a fifth off on plain words; a cut that matters takes more.
_CUT_BELOW = 0.6


def long_prompt(window: int, mark: str) -> str:
    """Make plain numbered lines that fill most of the window; `mark` defeats prompt caches."""
    budget = min(_MOST_TOKENS, int(window * _FILLED))
    line = "Line {}: the lazy fox jumps over a quick brown dog."
    each = estimate(line.format(1000))
    lines = [line.format(1000 + number) for number in range(max(1, budget // each))]
    return "\n".join([mark, *lines, "Answer with the single word ok."])


def is_cut(sent_tokens: float, read_tokens: int) -> bool:
    """Say whether the server read far less than it was sent."""
    return read_tokens < sent_tokens * _CUT_BELOW


def cut_problem(template: Template, model: Model, window: int, *, read: str) -> Problem:
    """Name the cut and what undoes it; `window` is what the server really has."""
    claimed = model.capabilities.context_window
    field = next((field for field in template.fields if field.quirk == WINDOW_QUIRK), None)
    fix = (
        f"Set {field.label!r} ({field.name}) of the provider to what its memory allows, at most "
        f"{claimed},"
        if field
        else f"Start the server with a window of up to {claimed} tokens,"
    )
    return Problem(
        kind="contextTooLong",
        message=f"{model.id} {read}: what does not fit is dropped without a word.",
        hint=f"{fix} or lower contextWindow of the model to {window}.",
        field=field.name if field else None,
        provider=model.provider,
    )
