"""Lay out a fill-in-the-middle prompt for a family. Pure; shared by completion and probing.

`render_fim` gives the text for the `template` method; `wire_stops` what to send as stop strings;
`cuts` every text at which an answer ends. Control tokens inside user text are broken by a space, so
that a file cannot forge the layout.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

from refact_lsp.core.requests import ContextFile
from refact_lsp.registry.check import SLOT, fim_tokens
from refact_lsp.registry.model_schema import Fim

# How the parts stand, where a family gives no template of its own.
LAYOUTS: dict[str, str] = {
    "PSM": "{files}{PREFIX}{prefix}{SUFFIX}{suffix}{MIDDLE}",
    "SPM": "{files}{SUFFIX}{suffix}{PREFIX}{prefix}{MIDDLE}",
    "SP": "{files}{SUFFIX}{suffix}{PREFIX}{prefix}",
}


def render_fim(
    fim: Fim,
    prefix: str,
    suffix: str,
    *,
    path: str = "",
    language: str = "",
    files: Sequence[ContextFile] = (),
    repo: str = "",
    begun: str = "",
) -> str:
    """Build the prompt; `files` and `repo` are left out where the family has no place for them.

    `begun` is what the middle begins with, for families whose prompt ends with the middle's mark.
    """
    values = {
        "prefix": neutralised(fim, prefix),
        "suffix": neutralised(fim, suffix),
        "path": neutralised(fim, _one_line(path)),
        "language": neutralised(fim, _one_line(language)),
        "files": _context(fim, files, path, repo),
        "PREFIX": fim.prefix,
        "SUFFIX": fim.suffix,
        "MIDDLE": fim.middle,
    }
    return _filled(fim.template or LAYOUTS[fim.order], values) + neutralised(fim, begun)


def middle_stands_last(fim: Fim) -> bool:
    """Say whether text behind the prompt is the beginning of the middle, with the suffix before."""
    layout = fim.template or LAYOUTS[fim.order]
    return fim.order == "PSM" and layout.endswith(("{MIDDLE}", fim.middle))


def takes_files(fim: Fim) -> bool:
    """Say whether the family has a place for files of context; others need comments."""
    return fim.file_template is not None


def wire_stops(fim: Fim) -> tuple[str, ...]:
    """Give the stop strings to send: at most four, as OpenAI-compatible servers ask."""
    return fim.stop


def cuts(fim: Fim) -> tuple[str, ...]:
    """Give every text at which an answer ends, longest first; the wire's stops are among them."""
    return tuple(sorted({*fim_tokens(fim), *fim.cut}, key=lambda text: (-len(text), text)))


def neutralised(fim: Fim, text: str) -> str:
    """Break every control token in user text by a space after its first character."""
    if not text:
        return text
    tokens = fim_tokens(fim)
    # A search for what all begin with, then for each: a hundred times the pattern's pace.
    if _beginning(tokens) not in text or not any(token in text for token in tokens):
        return text
    return _token_heads(tokens).sub(r"\1 ", text)


@lru_cache(maxsize=64)
def _beginning(tokens: tuple[str, ...]) -> str:
    """Give what all of them begin with: as much as the first and the last of their order share."""
    pairs = zip(min(tokens, default=""), max(tokens, default=""), strict=False)
    return "".join(one for one, _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


@lru_cache(maxsize=64)
def _token_heads(tokens: tuple[str, ...]) -> re.Pattern[str]:
    # A look-ahead finds overlapping tokens too: each start is broken, wherever the others end.
    alternatives = "|".join(re.escape(token) for token in tokens)
    return re.compile(rf"(?s)(?=(?:{alternatives}))(.)")


def _context(fim: Fim, files: Sequence[ContextFile], path: str, repo: str) -> str:
    if not files or fim.file_template is None:
        return ""
    parts: list[str] = []
    if repo and fim.repo_template is not None:
        parts.append(_filled(fim.repo_template, {"repo": neutralised(fim, _one_line(repo))}))
    for file in files:
        content = neutralised(fim, file.text)
        named = {"path": neutralised(fim, _one_line(file.path)), "content": content}
        parts.append(_filled(fim.file_template, named))
    if fim.path_template is not None:
        parts.append(_filled(fim.path_template, {"path": neutralised(fim, _one_line(path))}))
    return "".join(parts)


def _filled(template: str, values: dict[str, str]) -> str:
    """Fill the slots in one pass, so that a slot inside a value stays text."""
    return SLOT.sub(lambda slot: values.get(slot.group(1), slot.group()), template)


def _one_line(text: str) -> str:
    return text.replace("\r", " ").replace("\n", " ")
