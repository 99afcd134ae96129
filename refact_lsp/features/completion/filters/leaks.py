"""Takes off what is not code: control tokens, thinking, Markdown fences, talk. Pure text work."""

import re
from collections.abc import Callable, Sequence

# Shapes of control tokens that no family's list names; real code holds them only in strings.
_TOKEN_SHAPE = re.compile(
    r"<[|\uff5c][\w\u2581.\-]{2,28}[|\uff5c]>|</?(?:fim|file|repo|code)_?(?:prefix|suffix|middle|pad|sep|name)>"
    r"|<(?:PRE|SUF|MID|EOT|END)>|\[(?:PREFIX|SUFFIX|MIDDLE)\]"
)
_THINKING = re.compile(r"\s*<(think|thinking|reasoning)>.*?(?:</\1>\s*|\Z)", re.DOTALL)
_THINKING_END = re.compile(r"\A.*?</(?:think|thinking|reasoning)>\s*", re.DOTALL)
_FENCED = re.compile(
    r"\A(?:[^\n`]*\n)*?[ \t]*(?P<fence>```+|~~~+)[^\n]*\n(?P<code>.*?)\n?(?:^[ \t]*(?P=fence)|\Z)",
    re.DOTALL | re.MULTILINE,
)
_LAST_FENCE = re.compile(r"\n[ \t]*(?:```|~~~)[^\n]*\s*\Z")
_INTRODUCTION = re.compile(
    r"\A\s*(?:(?:sure|certainly|of course|okay|absolutely|here(?:'s| is| are)|the (?:completed?|"
    r"missing|following|filled|corrected)|below is|this (?:is|code|completes|will)|to complete"
    r"|you can|i(?:'ll| will|'ve| have| would)|let me|based on|as an ai|i'm sorry|sorry|i cannot"
    r"|i can't|note that|please)\b)[^\n]*(?:\n|\Z)",
    re.IGNORECASE,
)
_CODE_SIGNS = re.compile(r"[=(){}\[\];]|:\s*$|^\s*(?:#|//|--)", re.MULTILINE)
_PROSE_LANGUAGES = frozenset(
    ("markdown", "plaintext", "latex", "restructuredtext", "asciidoc", "git-commit", "html")
)


def without_control_tokens(text: str, document: str, cut_strings: Sequence[str] = ()) -> str:
    """Cut at the first control token that the document itself does not hold."""
    ends = [text.find(token) for token in cut_strings if token and token in text]
    found = _TOKEN_SHAPE.search(text)
    if found and found.group() not in document:
        ends.append(found.start())
    return text[: min(ends)] if ends else text


def without_thinking(text: str) -> str:
    """Take off thinking in front of the answer, closed or cut off, with or without its opener."""
    found = _THINKING.match(text) or _THINKING_END.match(text)
    return text[found.end() :] if found else text


def without_fence(text: str, language: str) -> str:
    """Give what stands inside the first Markdown fence, or what stands before a last one."""
    if language in _PROSE_LANGUAGES or ("```" not in text and "~~~" not in text):
        return text
    found = _FENCED.match(text)
    if found and not _CODE_SIGNS.search(text[: found.start("fence")].rstrip().rstrip(":.")):
        return found.group("code")
    return _LAST_FENCE.sub("", text)


def without_introduction(text: str, language: str, in_words: Callable[[], bool]) -> str:
    """Take off a sentence that introduces code; `in_words`: the cursor is in a string or comment.

    Without code after it, it is left for `is_talk` to judge.
    """
    found = None if language in _PROSE_LANGUAGES else _INTRODUCTION.match(text)
    if not found or _CODE_SIGNS.search(found.group().rstrip().rstrip(":.")) or in_words():
        return text
    return text[found.end() :].lstrip("\n") or text


def is_talk(text: str, language: str, in_words: Callable[[], bool]) -> bool:
    """Say whether all of a text is talk about the code."""
    if language in _PROSE_LANGUAGES or not _INTRODUCTION.match(text):
        return False
    return not _CODE_SIGNS.search(text.rstrip().rstrip(":.")) and not in_words()
