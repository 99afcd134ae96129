"""Count tokens: exactly where a vocabulary is at hand, else by an estimate that learns.

    estimate(text)                  tokens of a large modern vocabulary, about 5 % off on code
    take_start(text, budget)        the start that fits a budget, in whole lines where it can
    learned(calibration, sent, told)  the calibration after a provider told its own count
    Vocabularies(folders).load(v)   read a vocabulary; blocking, so never on the event loop
    Vocabularies(folders).count(…)  exact count, or None where it is not loaded

A factor turns an estimate into the tokens of another tokenizer; the registry has a safe one for
each (`Catalog.tokenizer`), and a `Calibration` replaces it once providers reported real usage.
Nothing is ever fetched.
"""

import base64
import hashlib
import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    import tiktoken

log = logging.getLogger(__name__)

# Fitted by least squares on half of 1,650 files in nine languages against o200k_base; on the other
# half the mean error is 4 to 6 % for code and prose, 8 % for headers full of constants.
_PIECE = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d{1,3}|\n\s*|[^\w\s]+|  +")
_TOKENS_PER_PIECE = 0.9
_TOKENS_PER_CHAR = 0.03
_TOKENS_PER_EXTRA_BYTE = 0.35  # raised from 0.27: rare scripts cost more
# However dull a text is, a token rarely holds more characters than this.
_MOST_CHARS_PER_TOKEN = 9

# Density is measured on this many samples of this length: enough for 5 %, cheap on the hot path.
_SAMPLES = 4
_SAMPLE_CHARS = 320
_DENSE_CHARS_PER_TOKEN = 6

_MIN_LEARNT_TOKENS = 64  # a short request is mostly chat template
_SLOWEST_LEARNING = 0.1
_MOST_STEP = 1.25  # what one report may say of the factor that it meets, before it is weighed
# Fewer than this is what a server says that cut the prompt, or counts only what was not cached.
_LEAST_RATIO, _MOST_RATIO = 0.7, 4.0

_SLICE_CHARS = 32_768  # tiktoken takes quadratic time on very long runs without a space


class Calibration(msgspec.Struct, frozen=True, kw_only=True):
    """What a tokenizer's real counts were of the estimate, and how often that was seen."""

    factor: float
    samples: int = 0


def estimate(text: str) -> int:
    """Estimate the tokens of a text in a vocabulary of about 200,000 entries; linear time."""
    if not text:
        return 0
    extra_bytes = len(text.encode("utf-8", "surrogatepass")) - len(text)
    tokens = (
        _TOKENS_PER_PIECE * len(_PIECE.findall(text))
        + _TOKENS_PER_CHAR * len(text)
        + _TOKENS_PER_EXTRA_BYTE * extra_bytes
    )
    return max(1, round(max(tokens, len(text) / _MOST_CHARS_PER_TOKEN)))


def take_start(text: str, budget_tokens: int) -> str:
    """Take the start of a text that fits the budget, up to a line's end where one is near."""
    chars = _fitting_chars(text, budget_tokens)
    if chars >= len(text):
        return text
    line = text.rfind("\n", 0, chars) + 1
    return text[: line if line >= chars - chars // 4 and line else chars]


def is_plausible(factor: float) -> bool:
    """Say whether any tokenizer may count so many tokens for one that is estimated."""
    return _LEAST_RATIO <= factor <= _MOST_RATIO


def learned(calibration: Calibration, estimated: int, reported: int) -> Calibration:
    """Move the factor towards what a provider counted for a text that was estimated (factor 1).

    Early reports weigh more, none moves it by more than a little, short requests and absurd
    ratios are left aside: a server that counts wrong now and then changes next to nothing.
    """
    if estimated < _MIN_LEARNT_TOKENS or reported <= 0:
        return calibration
    ratio = reported / estimated
    if not is_plausible(ratio):
        return calibration
    factor = calibration.factor
    nearest = min(max(ratio, factor / _MOST_STEP), factor * _MOST_STEP)
    # The factor that the registry gave counts as the first report.
    weight = max(_SLOWEST_LEARNING, 1 / (calibration.samples + 2))
    return Calibration(factor=factor + weight * (nearest - factor), samples=calibration.samples + 1)


class Vocabulary(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Where a tiktoken vocabulary can be had, and how to know that it is the right one.

    `pattern` cuts a text into the words that are encoded one by one; without it tiktoken itself
    knows the encoding.
    """

    encoding: str
    url: str
    sha256: str
    size_bytes: int
    pattern: str | None = None

    @property
    def file(self) -> str:
        """Its name in a folder that tiktoken itself could have filled (TIKTOKEN_CACHE_DIR)."""
        return hashlib.sha1(self.url.encode(), usedforsecurity=False).hexdigest()

    def is_intact(self, content: bytes) -> bool:
        """Say whether this is the file, as it was published."""
        return hashlib.sha256(content).hexdigest() == self.sha256


class Vocabularies:
    """The vocabularies in some folders, loaded on demand and kept."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = folders
        self._loaded: dict[str, tiktoken.Encoding] = {}

    def path(self, vocabulary: Vocabulary) -> Path | None:
        """Find its file; asks the disk."""
        places = (folder / vocabulary.file for folder in self._folders)
        return next((place for place in places if place.is_file()), None)

    def has(self, vocabulary: Vocabulary) -> bool:
        """Say whether its file is there and what it should be; reads it."""
        path = self.path(vocabulary)
        try:
            return path is not None and vocabulary.is_intact(path.read_bytes())
        except OSError:
            return False

    def is_loaded(self, encoding: str | None) -> bool:
        """Say whether `count` would count."""
        return encoding in self._loaded

    def load(self, vocabulary: Vocabulary) -> bool:
        """Load one; False where its file is absent or not what it should be.

        Takes up to half a second and reads a file: call it in a thread. The content is checked
        here first, since tiktoken would fetch a file whose hash is wrong.
        """
        if vocabulary.encoding in self._loaded:
            return True
        path = self.path(vocabulary)
        try:
            content = path.read_bytes() if path else b""
        except OSError:
            return False
        if path is None or not vocabulary.is_intact(content):
            return False
        try:
            encoding = _load(vocabulary, path.parent, content)
        except Exception:
            log.warning("The vocabulary %s cannot be used.", vocabulary.encoding, exc_info=True)
            return False
        self._loaded[vocabulary.encoding] = encoding
        return True

    def count(self, encoding: str | None, text: str) -> int | None:
        """Count exactly with a loaded encoding; control tokens in the text are plain text."""
        found = self._loaded.get(encoding) if encoding else None
        if found is None:
            return None
        pieces = (text[at : at + _SLICE_CHARS] for at in range(0, len(text), _SLICE_CHARS))
        return sum(len(found.encode_ordinary(piece)) for piece in pieces)


def _fitting_chars(text: str, budget_tokens: int) -> int:
    """Find how many characters at the start of the text make the budget, from a few samples."""
    if budget_tokens < 1:
        return 0
    if len(text) <= budget_tokens and text.isascii():  # every token has a character at least
        return len(text)
    edge = text[: budget_tokens * _DENSE_CHARS_PER_TOKEN + 1]
    return min(len(edge), int(budget_tokens / _density(edge)))


def _density(text: str) -> float:
    """Measure tokens a character on evenly spread samples."""
    if len(text) <= _SAMPLES * _SAMPLE_CHARS:
        return max(estimate(text) / len(text), 1 / _MOST_CHARS_PER_TOKEN)
    step = (len(text) - _SAMPLE_CHARS) // (_SAMPLES - 1)
    sample = "".join(
        text[at : at + _SAMPLE_CHARS] for at in range(0, step * (_SAMPLES - 1) + 1, step)
    )
    return max(estimate(sample) / len(sample), 1 / _MOST_CHARS_PER_TOKEN)


def _load(vocabulary: Vocabulary, folder: Path, content: bytes) -> "tiktoken.Encoding":
    import tiktoken

    if vocabulary.pattern is not None:
        entries = (line.split() for line in content.splitlines() if line)
        ranks = {base64.b64decode(token): int(rank) for token, rank in entries}
        return tiktoken.Encoding(
            vocabulary.encoding,
            pat_str=vocabulary.pattern,
            mergeable_ranks=ranks,
            special_tokens={},
        )
    # The only way to name tiktoken's folder; given back at once.
    before = os.environ.get("TIKTOKEN_CACHE_DIR")
    os.environ["TIKTOKEN_CACHE_DIR"] = str(folder)
    try:
        return tiktoken.get_encoding(vocabulary.encoding)
    finally:
        if before is None:
            del os.environ["TIKTOKEN_CACHE_DIR"]
        else:
            os.environ["TIKTOKEN_CACHE_DIR"] = before
