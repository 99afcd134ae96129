"""What other tools put into a prompt, measured on the same cases: windows by chance, by likeness
(Jaccard over neighbour files) and by BM25. Each gives rows of files, best first."""

import math
import posixpath
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cached_property

from refact_lsp.features.context.extract import IDENTIFIER
from tests.bench.context_cases import Checkout

WINDOW = 60
STEP = 10
NEIGHBOURS = 20
CHUNK = 40
_PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_K1, _B = 1.2, 0.75

Window = tuple[str, range]


def words(lines: Sequence[str]) -> list[str]:
    """Whole identifiers and their parts, in lower case."""
    found: list[str] = []
    for name in IDENTIFIER.findall("\n".join(lines)):
        parts = _PART.findall(name)
        found += [name.lower()] if len(parts) < 2 else [name.lower(), *map(str.lower, parts)]
    return found


class Rivals:
    """Prepared once for a repository."""

    def __init__(self, checkout: Checkout) -> None:
        self._texts, self._label = checkout.texts, checkout.label

    def random(self, path: str, seed: int) -> Iterator[Window]:
        """Windows of other files, anywhere."""
        chance = random.Random(f"{seed} {self._label(path)}")
        others = [other for other in sorted(self._texts) if other != path]
        for _ in range(40):
            other = chance.choice(others)
            start = chance.randrange(max(1, len(self._texts[other]) - WINDOW + 1))
            yield other, range(start, min(start + WINDOW, len(self._texts[other])))

    def jaccard(self, path: str, lines: Sequence[str], line: int) -> list[Window]:
        """The windows of neighbour files most like the lines around the cursor."""
        query = set(IDENTIFIER.findall("\n".join(_around(lines, line))))
        end = posixpath.splitext(path)[1]
        others = [p for p in self._texts if p != path and posixpath.splitext(p)[1] == end]
        others.sort(key=lambda p: (-len(posixpath.commonpath((p, path))), p))
        found: list[tuple[float, str, int]] = []
        for other in others[:NEIGHBOURS]:
            for start, names in self._windows[other]:
                union = len(query | names)
                found.append((len(query & names) / union if union else 0.0, other, start))
        found.sort(key=lambda each: (-each[0], each[1], each[2]))
        return [(p, range(s, min(s + WINDOW, len(self._texts[p])))) for _, p, s in found[:60]]

    def bm25(self, path: str, lines: Sequence[str], line: int) -> list[Window]:
        """Chunks ranked by BM25 against the lines around the cursor."""
        query = Counter(words(_around(lines, line)))
        scores: dict[int, float] = {}
        for word in query:
            postings = self._postings.get(word, ())
            if not postings:
                continue
            rare = math.log(1 + (len(self._chunks) - len(postings) + 0.5) / (len(postings) + 0.5))
            for number, count in postings:
                norm = _K1 * (1 - _B + _B * self._lengths[number] / self._mean)
                scores[number] = scores.get(number, 0.0) + rare * count * (_K1 + 1) / (count + norm)
        best = sorted(scores, key=lambda number: (-scores[number], number))
        return [self._chunks[number] for number in best if self._chunks[number][0] != path][:60]

    @cached_property
    def _windows(self) -> dict[str, list[tuple[int, set[str]]]]:
        return {
            path: [
                (start, set(IDENTIFIER.findall("\n".join(lines[start : start + WINDOW]))))
                for start in range(0, max(1, len(lines) - WINDOW + STEP), STEP)
            ]
            for path, lines in self._texts.items()
        }

    @cached_property
    def _chunks(self) -> list[Window]:
        return [
            (path, range(start, min(start + CHUNK, len(lines))))
            for path, lines in sorted(self._texts.items())
            for start in range(0, len(lines), CHUNK)
        ]

    @cached_property
    def _postings(self) -> dict[str, list[tuple[int, int]]]:
        postings: dict[str, list[tuple[int, int]]] = {}
        self._lengths: list[int] = []
        for number, (path, rows) in enumerate(self._chunks):
            counts = Counter(words(self._texts[path][rows.start : rows.stop]))
            self._lengths.append(sum(counts.values()))
            for word, count in counts.items():
                postings.setdefault(word, []).append((number, count))
        self._mean = sum(self._lengths) / max(1, len(self._lengths))
        return postings


def _around(lines: Sequence[str], line: int) -> Sequence[str]:
    return lines[max(0, line - WINDOW // 2) : line + WINDOW // 2]
