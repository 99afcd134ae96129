"""From a snapshot to what is asked of a model: windows by token budget, stable parts first. Pure.

Consecutive prompts should begin alike, since local runtimes and several vendors keep what they
have read. So the prefix window starts at the same line for as long as it fits and then moves by a
third at once, and context stands before it in the order given. The suffix, which would change its
place with every keystroke, stands still where the prompt ends with the middle: what was typed on
the last lines is then given as the beginning of the middle, and a prompt goes on where the one
before it ended. Elsewhere the suffix is kept small.
"""

from collections.abc import Callable, Sequence

import msgspec
from msgspec import structs

from refact_lsp.core.parts import Message, TextPart
from refact_lsp.core.requests import ChatRequest, CompletionRequest, ContextFile
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.chat_hole import chat_hole_prompt
from refact_lsp.features.completion.cut.stops import wire_stops
from refact_lsp.features.completion.ports import Target
from refact_lsp.features.completion.trace import ContextUse, context_use
from refact_lsp.features.completion.typed import typed_since
from refact_lsp.features.completion.values import Lines, Snippet

PROMPT_TOKENS = 3072  # more costs time and helps little
SUFFIX_SHARE = 0.1
SUFFIX_SHARE_FIRST = 0.25  # where the suffix stands first it stays in the model's memory
KEPT_SHARE = 0.67  # of the budget, where the prefix window has to move
MARGIN_TOKENS = 48  # control tokens, file headers, a tokenizer that counts differently
CHARS_PER_TOKEN = 3
LONGEST_BEGUN = 600  # characters of a middle that are given with the prompt
COMMENTS: dict[str, str] = {
    "ada": "--",
    "cmake": "#",
    "elixir": "#",
    "haskell": "--",
    "lua": "--",
    "makefile": "#",
    "perl": "#",
    "python": "#",
    "r": "#",
    "ruby": "#",
    "shellscript": "#",
    "sql": "--",
    "toml": "#",
    "yaml": "#",
}

CountTokens = Callable[[str], int]


class Window(msgspec.Struct):
    """Where the last prompt of a document began and ended: lines, the end exclusive.

    `base` is the document without the beginning of the middle.
    """

    start: int = 0
    end: int = 0
    base: Snapshot | None = None


class Prompt(msgspec.Struct, frozen=True):
    """A request for a model, what it shows of other files, and its text for the trace.

    `hole` is the mark of the hole in a chat model's prompt.
    """

    request: CompletionRequest | ChatRequest
    context: Sequence[ContextUse]
    files: Sequence[str]
    text: str
    hole: str | None = None


def build(
    snapshot: Snapshot,
    target: Target,
    window: Window,
    count: CountTokens,
    snippets: Sequence[Snippet] = (),
    *,
    temperature: float | None = None,
    factor: float = 1.0,
) -> Prompt:
    """Build the request; `window` is brought up to date for the next one.

    Budgets are in the units of `count`; `factor` makes tokens of the model of them.
    """
    readable = min(target.context_window - target.max_tokens - MARGIN_TOKENS, PROMPT_TOKENS)
    budget = int(readable / factor)
    begun = ""
    if target.takes_begun and budget > LONGEST_BEGUN:
        budget -= LONGEST_BEGUN // CHARS_PER_TOKEN
        snapshot, begun = without_begun(snapshot, window, target.cut_strings)
    budget = max(budget, 2 * MARGIN_TOKENS)
    kept, uses = fitted(snippets, count, budget // 2)
    budget -= sum(use.tokens for use in uses)
    uses = [structs.replace(use, tokens=round(use.tokens * factor)) for use in uses]
    share = SUFFIX_SHARE_FIRST if target.suffix_first else SUFFIX_SHARE
    suffix, spent = suffix_window(snapshot, window, count, int(budget * share))
    prefix = prefix_window(snapshot, window, count, budget - spent)
    path = snapshot.path or snapshot.uri
    paths = [path, *dict.fromkeys(snippet.path for snippet in kept)]
    if target.method == "chat" and target.capabilities is not None:
        asked = chat_hole_prompt(
            prefix, suffix, snapshot.language, path=path, context=commented(kept, snapshot.language)
        )
        chat = ChatRequest(
            model=target.name,
            messages=[Message(role="user", content=(TextPart(text=asked.user),))],
            capabilities=target.capabilities,
            system=asked.system,
            max_tokens=target.max_tokens,
            temperature=target.temperature if temperature is None else temperature,
            reasoning="off",
        )
        return Prompt(chat, uses, paths, f"{asked.system}\n\n{asked.user}", asked.hole)
    files = [ContextFile(path=snippet.label or snippet.path, text=snippet.text) for snippet in kept]
    if files and not target.takes_files:
        prefix = commented(kept, snapshot.language) + prefix
        files = []
    text = begun or None
    if target.render is not None:
        text = target.render(
            prefix, suffix, path=path, language=snapshot.language, files=files, begun=begun
        )
    request = CompletionRequest(
        model=target.name,
        method=target.method,
        prefix=prefix,
        suffix=suffix,
        max_tokens=target.max_tokens,
        prompt=text,
        extra=files,
        stop=wire_stops(target.stop),
        temperature=target.temperature if temperature is None else temperature,
        context_window=target.context_window,
    )
    shown = text if text and target.render else f"{prefix}⟨cursor⟩{suffix}{begun}"
    return Prompt(request=request, context=uses, files=paths, text=shown)


def without_begun(
    snapshot: Snapshot, window: Window, controls: Sequence[str]
) -> tuple[Snapshot, str]:
    """Take the last typed text out of the document: as far as it was out before, else the line's.

    Text that holds a control token stays, since a route that places it could take it for one.
    """
    begun = typed_since(window.base, snapshot) if window.base is not None else None
    base = window.base
    if base is None or begun is None or len(begun) > LONGEST_BEGUN:
        line = snapshot.lines[snapshot.line]
        begun = line[: snapshot.column]
        above, below = snapshot.lines[: snapshot.line], snapshot.lines[snapshot.line + 1 :]
        lines = [*above, line[snapshot.column :], *below]
        base = structs.replace(snapshot, lines=lines, column=0)
    if len(begun) > LONGEST_BEGUN or any(control in begun for control in controls):
        base, begun = snapshot, ""
    window.base = base
    return base, begun


def fitted(
    snippets: Sequence[Snippet], count: CountTokens, budget: int
) -> tuple[list[Snippet], list[ContextUse]]:
    """Take snippets as long as they fit, in their order, the stable ones before the volatile."""
    kept: list[Snippet] = []
    uses: list[ContextUse] = []
    for snippet in sorted(snippets, key=lambda snippet: not snippet.stable):
        tokens = count(snippet.text) + count(snippet.label or snippet.path)
        if tokens <= budget:
            budget -= tokens
            kept.append(snippet)
            uses.append(context_use(snippet, tokens))
    return kept, uses


def prefix_window(snapshot: Snapshot, window: Window, count: CountTokens, budget: int) -> str:
    """Give the text before the cursor from the window's start on, moving that where it must."""
    lines, line = snapshot.lines, snapshot.line
    left = snapshot.lines[line][: snapshot.column]
    spent = count(left)
    if spent > budget:
        window.start = line
        return left[-budget * CHARS_PER_TOKEN :]
    start = window.start if window.start <= line else 0
    if not _fits(lines, start, line, count, budget - spent):
        start = line
        room = int(budget * KEPT_SHARE) - spent
        while start > 0 and (room := room - count(lines[start - 1])) >= 0:
            start -= 1
    window.start = start
    return "".join(lines[start:line]) + left


def suffix_window(
    snapshot: Snapshot, window: Window, count: CountTokens, budget: int
) -> tuple[str, int]:
    """Give the text after the cursor to the window's end, and its tokens."""
    lines, line = snapshot.lines, snapshot.line
    right = lines[line][snapshot.column :]
    spent = count(right)
    if spent > budget:
        window.end = line + 1
        return right[: budget * CHARS_PER_TOKEN], budget
    end = line + 1
    while end < len(lines) and (more := count(lines[end])) <= budget - spent:
        spent += more
        end += 1
    # An end that was good enough a moment ago stays, so that the text does not slide.
    if line < window.end <= end and 2 * (window.end - line) >= end - line:
        end = window.end
    window.end = end
    return right + "".join(lines[line + 1 : end]), spent


def commented(snippets: Sequence[Snippet], language: str) -> str:
    """Lay pieces of other files out as comments, for models without a place for them."""
    mark = COMMENTS.get(language, "//")
    parts: list[str] = []
    for snippet in snippets:
        body = "\n".join(f"{mark} {line}".rstrip() for line in snippet.text.splitlines())
        parts.append(f"{mark} {snippet.label or snippet.path}\n{body}\n\n")
    return "".join(parts)


def _fits(lines: Lines, start: int, end: int, count: CountTokens, budget: int) -> bool:
    for line in range(end - 1, start - 1, -1):
        budget -= count(lines[line])
        if budget < 0:
            return False
    return True
