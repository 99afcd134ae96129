"""A lexer that sees only what cutting needs: brackets, lines, and where code is not code.

It reads a growing text in any pieces and never looks back. It cannot fail: what it does not know
is code.
"""

from collections.abc import Iterator
from typing import Literal, NamedTuple

from refact_lsp.features.completion.cut.lexis import Reading, Region

TokenKind = Literal["open", "close", "newline", "begin", "finish"]
Hold = Literal["nothing", "words", "all"]
_OPENERS = "([{"
# A token may still grow while it stands within this many characters of the end of what is read.
_GROWING = 8


class Token(NamedTuple):
    """A bracket, a line's end, or the beginning or end of a string or comment."""

    kind: TokenKind
    start: int
    end: int
    text: str


class State(NamedTuple):
    """What is open between two lines: a string or comment, templates left for `${`."""

    region: Region | None
    templates: tuple[tuple[Region, int], ...]


class Lexer:
    """The state of one reading; positions are those of the text that is passed in."""

    def __init__(self, reading: Reading) -> None:
        self.region: Region | None = None
        self._reading = reading
        self._at = 0
        # Templates that were left for `${`, each with the depth of braces inside.
        self._templates: list[tuple[Region, int]] = []

    @property
    def language(self) -> str:
        return self._reading.language

    @property
    def state(self) -> State:
        """What is open where reading stands."""
        return State(self.region, tuple(self._templates))

    def resume(self, state: State, at: int) -> None:
        """Read on at a position of a text, in that state."""
        self.region = state.region
        self._templates = list(state.templates)
        self._at = at

    def twin(self) -> "Lexer":
        """Make a lexer in the same state for another text, to be read from its beginning."""
        other = Lexer(self._reading)
        other.region = self.region
        other._templates = list(self._templates)
        return other

    def leave(self) -> None:
        """Take what follows as code, whatever string or comment was open."""
        self.region = None

    def tokens(self, text: str, end: int, hold: Hold) -> Iterator[Token]:
        """Read on to `end`; `hold` says what to leave unread because it may still grow."""
        while True:
            pattern = self._reading.inside(self.region) if self.region else self._reading.code
            found = pattern.search(text, self._at, end)
            if found is None:
                self._at = max(self._at, end - _GROWING if hold != "nothing" else end)
                return
            if self.region:
                token = self._in_region(self.region, found.start(), found.group())
            elif self._may_grow(found.lastgroup or "", found.start(), found.end(), end, hold):
                return
            else:
                token = self._in_code(found.lastgroup or "", found.start(), found.group())
            self._at = found.end()
            if token:
                yield token

    def _may_grow(self, group: str, start: int, stop: int, end: int, hold: Hold) -> bool:
        if hold == "nothing" or (hold == "words" and group != "word"):
            return False
        if group == "word":
            return stop == end
        if group == "region":
            return end - start < self._reading.longest_opener
        return group == "bracket" and bool(self._reading.lexis.long) and stop == end

    def _in_region(self, region: Region, start: int, text: str) -> Token | None:
        if text == "\n":
            if not region.multiline:
                self.region = None
            return Token("newline", start, start + 1, text)
        if text == region.close:
            self.region = None
            return Token("finish", start, start + len(text), text)
        if text == "${":
            self._templates.append((region, 0))
            self.region = None
        return None

    def _in_code(self, group: str, start: int, text: str) -> Token | None:
        end = start + len(text)
        match group:
            case "newline":
                return Token("newline", start, end, text)
            case "bracket":
                return self._bracket(start, text)
            case "word":
                opens = text in self._reading.openers
                return Token("open" if opens else "close", start, end, text)
            case "region":
                self.region = self._reading.regions[text]
                return Token("begin", start, end, text)
            case "long":
                self.region = self._reading.long_region(text)
                return Token("begin", start, end, text)
            case _:
                return None

    def _bracket(self, start: int, text: str) -> Token | None:
        if self._templates and text in "{}":
            region, depth = self._templates.pop()
            if text == "}" and depth == 0:
                self.region = region
                return None
            self._templates.append((region, depth + (1 if text == "{" else -1)))
        return Token("open" if text in _OPENERS else "close", start, start + 1, text)
