"""The yardstick: a plain 3-gram with back-off over the same tokens, finishing lines greedily."""

import re
from collections import Counter
from collections.abc import Sequence

from refact_lsp.features.completion.workspace.build import FileTokens
from refact_lsp.features.completion.workspace.tokens import (
    BLANKS,
    FIRST_WORD,
    HOLE,
    NEWLINE_SAME,
    Vocabulary,
    text_tokens,
    unfinished_words,
)

BACK_OFF = 0.4
MAX_TOKENS = 40
_WORD_END = re.compile(r"\w+$")

Followers = dict[tuple[int, ...], Counter[int]]


class Trigram:
    """Counts of what follows one and two tokens; all ends of line are one token."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._followers: Followers = {}
        self._blanks: dict[tuple[int, int], Counter[int]] = {}
        self._document: tuple[list[int], bytes] = ([], b"")
        self._files: dict[tuple[str, int], FileTokens] = {}

    def know(self, files: Sequence[FileTokens]) -> None:
        """Hold exactly these files; only the difference to the last ones is counted."""
        wanted = {(file.path, id(file.ids)): file for file in files}
        for key in self._files.keys() - wanted.keys():
            self._count(self._files[key].ids, self._files[key].blanks, -1)
        for key in wanted.keys() - self._files.keys():
            self._count(wanted[key].ids, wanted[key].blanks, 1)
        self._files = wanted

    def open(self, lines: Sequence[str]) -> None:
        """Take the document around the line to type; its counts come on top."""
        self._count(*self._document, -1)
        tokens = text_tokens(self._vocabulary, lines)
        self._document = (tokens.ids, tokens.blanks)
        self._count(*self._document, 1)

    def guess(self, above: Sequence[str], head: str) -> tuple[str, float] | None:
        """The likeliest rest of a line and the product of its tokens' shares."""
        words = unfinished_words(head)
        part = match.group() if (match := _WORD_END.search(head)) else ""
        context = [_plain(token) for token in text_tokens(self._vocabulary, above[-6:]).ids[-2:]]
        context += [NEWLINE_SAME, *(self._vocabulary.known(word) for word in words)]
        if part:
            context.pop()
        pieces: list[str] = []
        share = 1.0
        for step in range(MAX_TOKENS):
            token, likely = self._next(context[-2:], part if step == 0 else "")
            share *= likely
            if token == HOLE:
                return None
            if token == NEWLINE_SAME:
                return "".join(pieces), share
            word = self._vocabulary.words[token]
            blank = self._blanks[context[-1], token].most_common(1)[0][0]
            if step == 0 and part:
                pieces.append(word[len(part) :])
            elif step == 0 and (not words or head[-1:].isspace()):
                pieces.append(word)
            else:
                pieces.append(BLANKS[blank] + word)
            context.append(token)
        return None

    def _next(self, context: list[int], part: str) -> tuple[int, float]:
        """The likeliest token that begins with `part`; HOLE where none was ever seen here."""
        weight = 1.0
        for width in (2, 1):
            seen = self._followers.get(tuple(context[-width:]), {})
            words = self._vocabulary.words
            fitting = {t: n for t, n in seen.items() if n > 0 and words[t].startswith(part)}
            if fitting:
                best = max(fitting, key=fitting.__getitem__)
                return best, weight * fitting[best] / sum(fitting.values())
            weight *= BACK_OFF
        return HOLE, 0.0

    def _count(self, ids: Sequence[int], blanks: bytes, times: int) -> None:
        plain = [_plain(token) for token in ids]
        for at in range(1, len(plain)):
            token = plain[at]
            for context in ((plain[at - 1],), (plain[at - 2], plain[at - 1])):
                self._followers.setdefault(context, Counter())[token] += times
            self._blanks.setdefault((plain[at - 1], token), Counter())[blanks[at]] += times


def _plain(token: int) -> int:
    return token if token >= FIRST_WORD else NEWLINE_SAME
