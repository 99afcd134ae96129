"""Inline completion by chat models that know no fill-in-the-middle: prompt and repair. Pure.

The model is shown the code with a hole in it and asked for the hole's text alone. What it writes
still tends to come in a fence, to begin with the line that stands left of the hole, or to be the
whole file again; `repair_echo` takes that off.
"""

import re
from typing import NamedTuple

from refact_lsp.features.completion.filters.leaks import without_fence, without_thinking

HOLE = "<HOLE/>"
_OTHER_HOLES = ("<CURSOR/>", "<GAP/>", "<FILL_ME/>")
_PREFIX_CHARS, _SUFFIX_CHARS = 6000, 2000
_SYSTEM = (
    "You are a code completion engine. The user shows a file in which {hole} marks one place. "
    "Answer with exactly the text that replaces {hole}: no explanation, no Markdown, nothing of "
    "the code before or after it. Keep the file's indentation. If nothing belongs there, answer "
    "with nothing."
)
_MARKS = re.compile(r"</?(?:COMPLETION|CODE|ANSWER)>")
_SHORTEST_ANCHOR = 3
_LINES_TRIED, _LINES_MET = 6, 2
_WORD = re.compile(r"\w{2}")


class HolePrompt(NamedTuple):
    """What a chat model is asked: the instruction, the file with its hole, the mark of the hole."""

    system: str
    user: str
    hole: str


def chat_hole_prompt(
    prefix: str, suffix: str, language: str, *, path: str | None = None, context: str = ""
) -> HolePrompt:
    """Lay a hole out for a chat model; `context` is shown above the file."""
    hole = next(
        (mark for mark in (HOLE, *_OTHER_HOLES) if mark not in prefix and mark not in suffix), HOLE
    )
    before, after = _whole_lines_before(prefix), suffix[:_SUFFIX_CHARS]
    title = f"File {path} ({language})" if path else f"A file ({language})"
    related = f"Related code:\n{context.rstrip()}\n\n" if context.strip() else ""
    user = f"{related}{title}:\n{before}{hole}{after}"
    return HolePrompt(_SYSTEM.format(hole=hole), user, hole)


def repair_echo(text: str, prefix: str, suffix: str, language: str, hole: str = HOLE) -> str:
    """Take the hole's text out of an answer that says more than that."""
    text = without_fence(without_thinking(text), language)
    text = _MARKS.sub("", text)
    text = _between_echoes(text, prefix, suffix, hole)
    return _without_echoed_suffix(_without_echoed_prefix(text, prefix), suffix)


def _between_echoes(text: str, prefix: str, suffix: str, hole: str) -> str:
    """Where the answer holds the mark itself, the code around it is an echo."""
    head, mark, tail = text.partition(hole)
    if not mark:
        return text
    first, last = prefix.rsplit("\n", 1)[-1].strip(), suffix.split("\n", 1)[0].strip()
    if tail.strip() and not (last and tail.strip().startswith(last)):
        return tail
    return "" if first and head.strip().endswith(first) else head


def _without_echoed_prefix(text: str, prefix: str) -> str:
    """Find the end of the prefix in the answer's beginning; the text follows it."""
    lines = prefix.split("\n")
    line_prefix = lines[-1]
    anchor = line_prefix.strip()
    for count in range(min(len(lines) - 1, _LINES_TRIED), 0, -1):
        tail = "\n".join(lines[-1 - count :])
        if (
            tail.strip()
            and (at := text.find(tail.lstrip("\n"))) >= 0
            and _is_echo(text, at, prefix)
        ):
            return text[at + len(tail.lstrip("\n")) :]
    stripped = text.lstrip()
    if len(anchor) >= _SHORTEST_ANCHOR and _WORD.search(anchor) and stripped.startswith(anchor):
        rest = stripped[len(anchor) :]
        return rest.lstrip(" ") if line_prefix.endswith(" ") else rest
    if not anchor:
        # The hole begins where the indentation ends: the answer often brings its own.
        return text.lstrip("\n").removeprefix(line_prefix) if line_prefix else text
    return text


def _is_echo(text: str, at: int, prefix: str) -> bool:
    """Whether what stands before `at` in the answer is the prefix's too."""
    before = text[:at].strip()
    return not before or before in prefix


def _without_echoed_suffix(text: str, suffix: str) -> str:
    """Cut where the answer goes on with the rest of the cursor's line or the lines below it."""
    line_suffix, _, below = suffix.partition("\n")
    right = line_suffix.strip()
    following = [line for line in below.split("\n") if line.strip()][:_LINES_MET]
    if len(right) >= _SHORTEST_ANCHOR and _WORD.search(right):
        at = text.find(right)
        return text[:at] if at >= 0 else text
    if len(right) > 1 and text.rstrip().endswith(right):
        return text.rstrip()[: -len(right)]
    if following and _WORD.search(following[0]):
        at = text.find("\n" + following[0])
        if at >= 0 and all("\n" + line in text[at:] for line in following):
            return text[:at]
    return text


def _whole_lines_before(prefix: str) -> str:
    if len(prefix) <= _PREFIX_CHARS:
        return prefix
    start = prefix.find("\n", len(prefix) - _PREFIX_CHARS)
    return prefix[start + 1 :] if start >= 0 else prefix[-_PREFIX_CHARS:]
