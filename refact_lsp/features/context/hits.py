"""A lexical index of definitions: which are written in the words that stand around a cursor. Pure.

An inverted index, ranked by BM25. A definition's words are those of its name, and, of half the
weight, those of its head, of what holds it and of its file's name. Nothing but words is kept, and
those of a file that is removed are gone at once.
"""

import math
import sys
from array import array
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence

from refact_lsp.features.context.facts import Definition
from refact_lsp.features.context.words import words_of

MOST_HITS = 400
_MOST_VISITS = 4000
"""So many entries are looked at for one answer. A word whose entries exceed what is left of them is
passed over: it is too common to tell definitions apart."""

_SATURATION, _LENGTH_SHARE, _USUAL_WORDS = 1.2, 0.5, 10
"""BM25's k1 and b, and a length that stands for the mean: what an entry weighs is then known when
it is made, and stays true whatever else comes into the index."""
_BITS = 4
_MOST_WEIGHT = (1 << _BITS) - 1


class HitIndex:
    """Numbers of definitions by word.

    An entry is one integer: a definition's number, and in its lowest bits how much the word says
    of it. Entries of a word are sorted.
    """

    def __init__(self) -> None:
        self._entries: dict[str, array[int]] = {}
        self._words: dict[str, tuple[str, ...]] = {}
        self._definitions = 0

    def add(self, path: str, definitions: Iterable[tuple[int, Definition]]) -> None:
        """Take a file's definitions under their numbers; `remove` must have been called before."""
        seen: dict[str, None] = {}
        stem = path.rpartition("/")[2].partition(".")[0]
        for number, one in definitions:
            self._definitions += 1
            for word, weight in _weighed(one, stem):
                seen[word] = None
                entry = number << _BITS | weight
                entries = self._entries.setdefault(word, array("I"))
                if entries and entries[-1] > entry:
                    insort(entries, entry)
                else:
                    entries.append(entry)
        self._words[path] = tuple(seen)

    def remove(self, path: str, numbers: Sequence[int]) -> None:
        """Drop all that came from a file, whose definitions have these numbers."""
        words = self._words.pop(path, None)
        if words is None or not numbers:
            return
        gone = frozenset(numbers)
        first, last = min(gone) << _BITS, (max(gone) + 1) << _BITS
        self._definitions -= len(numbers)
        for word in words:
            entries = self._entries[word]
            start, end = bisect_left(entries, first), bisect_left(entries, last)
            kept = (entry for entry in entries[start:end] if entry >> _BITS not in gone)
            entries[start:end] = array("I", kept)
            if not entries:
                del self._entries[word]

    def best(self, words: Mapping[str, float]) -> list[tuple[int, float]]:
        """Give the definitions that weighted words describe best, with their scores."""
        queried: list[tuple[float, array[int]]] = []
        for word, weight in words.items():
            entries = self._entries.get(word)
            if entries:
                rarity = math.log(1 + self._definitions / len(entries))
                queried.append((weight * rarity, entries))
        queried.sort(key=lambda each: each[0], reverse=True)
        scores: dict[int, float] = {}
        left = _MOST_VISITS
        for worth, entries in queried:
            if len(entries) > left:
                continue
            left -= len(entries)
            shares = [worth * weight for weight in range(_MOST_WEIGHT + 1)]
            for entry in entries:
                number = entry >> _BITS
                scores[number] = scores.get(number, 0.0) + shares[entry & _MOST_WEIGHT]
        # For so few, sorting all is quicker than a heap.
        numbers = sorted(scores, key=scores.__getitem__, reverse=True)[:MOST_HITS]
        return [(number, scores[number]) for number in numbers]


def _weighed(one: Definition, stem: str) -> Iterator[tuple[str, int]]:
    """Give a definition's words, each once, with what they say of it."""
    named = frozenset(words_of(one.name))
    around = frozenset(words_of(f"{stem} {one.container} {' '.join(one.types)}"))
    length = 2 * len(named) + len(around - named)
    usual = _SATURATION * (1 - _LENGTH_SHARE + _LENGTH_SHARE * length / _USUAL_WORDS)
    for count, words in ((2, named), (1, around - named)):
        weight = max(1, round(_MOST_WEIGHT * count / (count + usual)))
        yield from ((sys.intern(word), weight) for word in words)
