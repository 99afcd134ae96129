"""Earlier places in the user's code whose text before them agrees with the text before the cursor.

An exact place agrees token by token; a renamed one agrees up to a consistent one-to-one renaming of
local names, and what is taken from there is renamed alike.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from refact_lsp.features.completion.workspace.stream import CHAINS, Chain, Stream
from refact_lsp.features.completion.workspace.tokens import FIRST_WORD, HOLE, Continuations

if TYPE_CHECKING:
    from array import array

MAX_PLACES = 160
_MAX_WALKED_UNFINISHED = 4 * MAX_PLACES
_MAX_WALKED_RENAMED = MAX_PLACES // 2
_MIN_PLACES_PER_CHAIN = MAX_PLACES // 4
_MIN_RENAMED_MATCH = 2.0
_RENAMED_NAME = 0.4
_UNFINISHED_WORD = 0.5


class Source(NamedTuple):
    """A stream to look in; `weight` is its nearness, `usable` refuses single places."""

    stream: Stream
    weight: float
    usable: Callable[[int], bool] | None
    folder: Callable[[int], str] | None


class Context(NamedTuple):
    """The tokens before the cursor; with `longer`, an unfinished word follows them."""

    tokens: list[int]
    longer: Continuations | None


class Match(NamedTuple):
    """How far a place agrees, in tokens, and the names that differ there."""

    length: float
    renaming: dict[int, int]


class Place(NamedTuple):
    """Where a continuation begins; `word` finishes the word under the cursor, else `HOLE`."""

    source: Source
    position: int
    word: int
    match: Match


def collect(context: Context, source: Source) -> list[Place]:
    """Return the places of one source that agree with the context."""
    longer = context.longer
    found: dict[tuple[int, int], Match] = {}
    left = MAX_PLACES
    for number in range(len(CHAINS)):
        left = max(left, _MIN_PLACES_PER_CHAIN)
        for position, word, match in _agreeing(number, context, source):
            key = (position, word if longer else HOLE)
            known = found.get(key)
            if known is None or known.length < match.length:
                left -= known is None
                found[key] = match
            if left <= 0:
                break
    if not longer:
        return [Place(source, position, word, match) for (position, word), match in found.items()]
    return [
        Place(source, position + 1, word, Match(match.length + _UNFINISHED_WORD, match.renaming))
        for (position, word), match in found.items()
    ]


def _agreeing(number: int, context: Context, source: Source) -> Iterator[tuple[int, int, Match]]:
    """Walk one chain: places, the word that stands there as it would be written here, matches."""
    chain, tokens, longer, stream = CHAINS[number], context.tokens, context.longer, source.stream
    if chain.order > len(tokens):
        return
    common, nearest_first = stream.common, tokens[::-1]
    hashed = tokens[-chain.order :]
    if chain.renamed:
        hashed = [token if common[token] else HOLE for token in hashed]
    for position in stream.places(number, hashed, _most_walked(chain, longer)):
        word = stream.ids[position]
        if longer and not chain.renamed and word not in longer:
            continue
        if word == HOLE or (source.usable and not source.usable(position)):
            continue
        match = _agreement(stream, position, nearest_first, chain)
        if match is None:
            continue
        word = match.renaming.get(word, word)
        if not longer or word in longer:
            yield position, word, match


def _most_walked(chain: Chain, longer: Continuations | None) -> int:
    if chain.renamed:
        return _MAX_WALKED_RENAMED
    return _MAX_WALKED_UNFINISHED if longer else MAX_PLACES


def _agreement(
    stream: Stream, position: int, nearest_first: list[int], chain: Chain
) -> Match | None:
    """Measure the agreement before a place; None where the hash lied."""
    start = max(0, position - len(nearest_first))
    there = stream.ids[start:position][::-1]
    if chain.renamed:
        match = _renamed_agreement(stream.common, there, nearest_first)
        return match if match.length >= _MIN_RENAMED_MATCH else None
    length = 0
    for ours, theirs in zip(nearest_first, there, strict=False):
        if ours != theirs:
            break
        length += 1
    return Match(float(length), {}) if length >= chain.order else None


def _renamed_agreement(common: bytearray, there: "array[int]", nearest_first: list[int]) -> Match:
    forth: dict[int, int] = {}
    back: dict[int, int] = {}
    length = 0.0
    for ours, theirs in zip(nearest_first, there, strict=False):
        if ours != theirs and (common[ours] or common[theirs]):
            break
        if forth.setdefault(theirs, ours) != ours or back.setdefault(ours, theirs) != theirs:
            break
        length += 1 if ours == theirs else _RENAMED_NAME
    # A new word has no id to write: it cannot stand in for a name.
    renaming = {a: b for a, b in forth.items() if a != b and b >= FIRST_WORD}
    return Match(length, renaming)
