"""From places to one rest of line and the features that its confidence is fitted on.

Every place votes for its own rest of line with a weight that doubles per agreeing token; the vote
is walked token by token, and only the places that agree with the winner vote on.
"""

import math
from typing import NamedTuple

from refact_lsp.features.completion.workspace.places import Place
from refact_lsp.features.completion.workspace.tokens import (
    BLANK_BITS,
    BLANKS,
    EDGE,
    FIRST_WORD,
    HOLE,
    OTHER_BLANK,
    Vocabulary,
    is_name,
)

MAX_TOKENS = 40
MAX_MATCH = 24
MAX_BELOW = 4
_PER_TOKEN = 2.0
_PER_TOKEN_BELOW = 3.0
_SAME_FOLDER = 1.5
_SILENCE = 4.0
"""Weight of saying nothing: a single short match stays unsure."""
_LINE_END = -1
_BELOW_TOKENS = 12


class Situation(NamedTuple):
    """What the document knows beside the context: its folder, names above, tokens below.

    `joins_text` where the rest follows text on its line, `after_blank` where a blank is typed last.
    """

    folder: str
    joins_text: bool
    after_blank: bool
    recent: set[int]
    below: list[int]


class Features(NamedTuple):
    """What tells how far a rest of line can be trusted; see `confidence`."""

    log_share: float
    lowest_share: float
    log_match: float
    log_places: float
    log_tokens: float
    recent_names: float
    renamed: float
    below: float


class Rest(NamedTuple):
    """The rest of the line without the part of its first word that is already typed."""

    text: str
    features: Features


class _Voter(NamedTuple):
    weight: float
    place: Place
    below: int


def vote(
    vocabulary: Vocabulary, places: list[Place], part: str, situation: Situation
) -> Rest | None:
    """Return the rest of the line that the places agree on; None where they reach no end."""
    voters = [_voter(place, situation) for place in places]
    log_share, lowest, step = 0.0, 1.0, 0
    pieces: list[str] = []
    tokens: list[int] = []
    if part:
        voters, word, share = _elect_word(voters)
        log_share, lowest = math.log(share), share
        pieces.append(vocabulary.words[word][len(part) :] if word != HOLE else "")
    elif situation.after_blank and situation.joins_text:
        voters = [voter for voter in voters if _has_blank(voter.place)]
        if not voters:
            return None
    while step < MAX_TOKENS:
        voters, key, share = _elect_token(voters, step)
        log_share += math.log(share)
        lowest = min(lowest, share)
        if key == _LINE_END:
            break
        token, blank = key >> BLANK_BITS, key & OTHER_BLANK
        if blank == OTHER_BLANK:
            return None
        if pieces or (situation.joins_text and not situation.after_blank):
            pieces.append(BLANKS[blank])
        pieces.append(vocabulary.words[token])
        tokens.append(token)
        step += 1
    else:
        return None
    lead = max(voters, key=lambda voter: voter.weight)
    names = [token for token in tokens if is_name(vocabulary.words[token])]
    recent = sum(token in situation.recent for token in names)
    features = Features(
        log_share=log_share,
        lowest_share=lowest,
        log_match=math.log1p(max(voter.place.match.length for voter in voters)),
        log_places=math.log1p(len(voters)),
        log_tokens=math.log1p(len(tokens)),
        recent_names=recent / len(names) if names else 1.0,
        renamed=float(bool(lead.place.match.renaming)),
        below=lead.below / MAX_BELOW,
    )
    return Rest("".join(pieces), features)


def _voter(place: Place, situation: Situation) -> _Voter:
    source, match = place.source, place.match
    weight = source.weight * _PER_TOKEN ** min(match.length, MAX_MATCH)
    if source.folder and source.folder(place.position) == situation.folder:
        weight *= _SAME_FOLDER
    below = 0
    if situation.below:
        below = _agreement_below(place, situation.below)
        weight *= _PER_TOKEN_BELOW**below
    return _Voter(weight, place, below)


def _has_blank(place: Place) -> bool:
    stream, position = place.source.stream, place.position
    return (
        position >= len(stream.ids)
        or bool(stream.blanks[position])
        or (stream.ids[position] < FIRST_WORD)
    )


def _agreement_below(place: Place, below: list[int]) -> int:
    """How many tokens of the lines after a place are those of the lines after the cursor."""
    ids, position = place.source.stream.ids, place.position
    line = ids[position : position + MAX_TOKENS]
    length = next((at for at, token in enumerate(line) if token < FIRST_WORD), MAX_TOKENS)
    after = ids[position + length : position + length + _BELOW_TOKENS]
    agreeing = 0
    for token in after:
        if token == EDGE or agreeing == min(MAX_BELOW, len(below)):
            break
        if token < FIRST_WORD:
            continue
        if token != below[agreeing]:
            break
        agreeing += 1
    return agreeing


def _elect_word(voters: list[_Voter]) -> tuple[list[_Voter], int, float]:
    return _elect(voters, [voter.place.word for voter in voters])


def _elect_token(voters: list[_Voter], step: int) -> tuple[list[_Voter], int, float]:
    keys: list[int] = []
    for voter in voters:
        stream, position = voter.place.source.stream, voter.place.position + step
        token = stream.ids[position] if position < len(stream.ids) else EDGE
        if token < FIRST_WORD:
            keys.append(_LINE_END)
        else:
            token = voter.place.match.renaming.get(token, token)
            keys.append(token << BLANK_BITS | stream.blanks[position])
    return _elect(voters, keys)


def _elect(voters: list[_Voter], keys: list[int]) -> tuple[list[_Voter], int, float]:
    """Return the voters of the heaviest key, that key, and its share of all weight."""
    tally: dict[int, float] = {}
    for voter, key in zip(voters, keys, strict=True):
        tally[key] = tally.get(key, 0.0) + voter.weight
    best = max(tally, key=tally.__getitem__)
    share = tally[best] / (sum(tally.values()) + _SILENCE)
    return [voter for voter, key in zip(voters, keys, strict=True) if key == best], best, share
