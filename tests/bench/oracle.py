"""An over-generating oracle: streams that begin with the true text and then do not stop.

What follows the true text is what models write there: the suffix again, exactly or nearly, code
from further down, a new definition, the same line again and again, a control token and junk.
`sibling` (more statements of the same scope) cannot be told from the true text and is kept apart.
"""

import random
import re
from collections.abc import Iterator
from typing import NamedTuple

from tests.bench.hole_kinds import Hole

VARIANTS = ("none", "echo", "fuzzy", "later", "topLevel", "repeat", "control", "sibling")
MARKERS = (
    "<|endoftext|>",
    "<|fim_pad|>",
    "<|fim_prefix|>",
    "<|file_sep|>",
    "<|repo_name|>",
    "<fim_suffix>",
    "<file_sep>",
    "<EOT>",
    " <EOT>",
    "</s>",
    "<|im_end|>",
    "\n```",
)
CUT_STRINGS = tuple(marker.strip() if "`" not in marker else marker for marker in MARKERS)
_TOKEN = re.compile(r" ?[A-Za-z_]{1,8}| ?\d{1,3}| ?[^\sA-Za-z_\d]{1,4}|[ \t]*\n[\n \t]*|[ \t]+|\s")
_DEFINITIONS = {
    "python": "def other(value):\n    return value + 1\n\n\nprint(other(1))\n",
    "typescript": "export function other(value: number) {\n  return value + 1;\n}\n",
    "go": "func other(value int) int {\n\treturn value + 1\n}\n",
    "rust": "pub fn other(value: u32) -> u32 {\n    value + 1\n}\n",
    "java": "class Other {\n    int add(int value) {\n        return value + 1;\n    }\n}\n",
    "c": "static int other(int value) {\n    return value + 1;\n}\n",
    "lua": "local function other(value)\n  return value + 1\nend\n",
}
_MOST_TOKENS = 110


class Stream(NamedTuple):
    """`chunks` joined begin with the hole's middle."""

    variant: str
    chunks: list[str]
    tokens: list[int]


def tokens_of(text: str) -> list[str]:
    """Split as a byte-pair vocabulary roughly would."""
    return _TOKEN.findall(text)


def streams(hole: Hole, chance: random.Random) -> Iterator[Stream]:
    """Give one stream of each variant that the hole allows."""
    for variant in VARIANTS:
        extra = _extra(variant, hole, chance)
        if extra is not None:
            text = hole.middle + extra
            limit = len(tokens_of(hole.middle)) + _MOST_TOKENS
            yield _chunked(variant, tokens_of(text)[:limit], chance)


def _chunked(variant: str, tokens: list[str], chance: random.Random) -> Stream:
    low, high = chance.choice(((1, 1), (1, 1), (1, 4), (3, 16)))
    chunks: list[str] = []
    sizes: list[int] = []
    at = 0
    while at < len(tokens):
        size = chance.randint(low, high)
        chunks.append("".join(tokens[at : at + size]))
        sizes.append(len(tokens[at : at + size]))
        at += size
    return Stream(variant, chunks, sizes)


def _extra(variant: str, hole: Hole, chance: random.Random) -> str | None:
    match variant:
        case "none":
            return ""
        case "echo":
            return hole.suffix or None
        case "fuzzy":
            return _fuzzy(hole, chance)
        case "later":
            return _later(hole, chance)
        case "topLevel":
            closers = _closers(hole) if chance.random() < 0.7 else ""
            return closers + "\n\n" + _DEFINITIONS[hole.language]
        case "repeat":
            return _repeat(hole, chance)
        case "control":
            return chance.choice(MARKERS) + "\nmore(of, that)\n" + hole.suffix[:200]
        case _:
            return _sibling(hole, chance)


def _indent(line: str) -> int:
    return len(line.expandtabs(4)) - len(line.expandtabs(4).lstrip())


def _fuzzy(hole: Hole, chance: random.Random) -> str | None:
    first, *lines = hole.suffix.split("\n")
    if not any(map(str.strip, lines)):
        return None
    way = chance.choice(("blank", "rename", "skip"))
    if way == "blank":
        lines = [line for line in lines if line.strip()]
    elif way == "skip":
        at = next(at for at, line in enumerate(lines) if line.strip())
        lines = lines[:at] + lines[at + 1 :]
    else:
        names = re.findall(r"\b[a-z]\w{3,}\b", "\n".join(lines[:6]))
        if names:
            name = chance.choice(names)
            lines = [re.sub(rf"\b{name}\b", name + "2", line) for line in lines]
    return "\n".join([first, *lines])


def _closers(hole: Hole) -> str:
    """The closers that the suffix brings: right of the cursor and on lines of their own."""
    first, *lines = hole.suffix.split("\n")
    found = re.match(r"[\s)\]}\"'`;,]*", first)
    text = found.group() if found else ""
    if text != first:
        return ""
    for line in lines:
        if line.strip() and not re.fullmatch(r"\s*(?:[)\]};,]+|end)", line):
            break
        text += "\n" + line
    return text.rstrip()


def _later(hole: Hole, chance: random.Random) -> str | None:
    lines = hole.suffix.split("\n")
    here = hole.prefix[hole.prefix.rfind("\n") + 1 :]
    starts = [
        at
        for at in range(2, min(len(lines), 200))
        if lines[at].strip() and not re.match(r"\s*(?:[)\]}]|end\b)", lines[at])
    ]
    lower = [at for at in starts if _indent(lines[at]) < _indent(here)]
    if chance.random() < 0.8 and lower:
        starts = lower
    if not starts:
        return None
    at = chance.choice(starts)
    closers = _closers(hole) if chance.random() < 0.5 else ""
    return closers + "\n" + "\n".join(lines[at : at + 12])


def _repeat(hole: Hole, chance: random.Random) -> str | None:
    if hole.kind in "ae" and chance.random() < 0.25:
        found = re.search(r"[ ,.]\w{2,}[ ,;.]?$", hole.middle)
        return found.group() * 8 if found else None
    line = (hole.prefix + hole.middle).rstrip().rsplit("\n", 1)[-1]
    return ("\n" + line) * 5 if re.search(r"\w\w", line) else None


def _sibling(hole: Hole, chance: random.Random) -> str | None:
    whole = hole.prefix + hole.middle
    last = whole.rstrip().rsplit("\n", 1)[-1]
    same = [
        line
        for line in hole.suffix.split("\n")[1:]
        if line.strip() and _indent(line) == _indent(last) and len(line.strip()) > 8
    ]
    return "\n" + "\n".join(same[:3]) if same else None
