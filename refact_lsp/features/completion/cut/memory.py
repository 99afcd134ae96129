"""Remembers how lines of documents read, so that the next reading looks only at the new ones.

A line and the state in front of it decide its brackets and the state behind it; most lines are
the same from keystroke to keystroke. The memory changes how long a reading takes and never what
it says; it holds lines of documents and is bounded by their number.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from refact_lsp.features.completion.cut.brackets import DEEPEST, Bracket, indent_at, pop_pair
from refact_lsp.features.completion.cut.lexer import Lexer, State, Token
from refact_lsp.features.completion.cut.lexis import Reading

_MOST_LINES = 20_000


class Turn(NamedTuple):
    """A bracket that its own line does not match."""

    opens: bool
    bracket: Bracket


class _Read(NamedTuple):
    turns: Sequence[Turn]
    after: State


class Memory:
    """Shared by the readings of one owner; without one, each reading starts from nothing."""

    def __init__(self) -> None:
        self._readings: dict[str, Reading] = {}
        self._lines: dict[tuple[str, State, str], _Read] = {}

    def reading(self, language: str) -> Reading:
        """A language's table, compiled once."""
        if language not in self._readings:
            self._readings[language] = Reading(language)
        return self._readings[language]

    def openers(self, lexer: Lexer, text: str) -> list[Bracket]:
        """Read all of a text; give the brackets that are open at its end, outermost first."""
        stack: list[Bracket] = []
        state = lexer.state
        last_line = text.rfind("\n") + 1
        for line in text[: last_line - 1].split("\n") if last_line else ():
            turns, state = self._line(lexer, state, line)
            for opens, bracket in turns:
                if opens:
                    stack.append(bracket)
                else:
                    pop_pair(stack, bracket.text)
        lexer.resume(state, last_line)
        for opens, bracket in _turns(lexer.tokens(text, len(text), "words"), text, near=True):
            if opens:
                stack.append(bracket)
            else:
                pop_pair(stack, bracket.text)
        return stack

    def unmatched_closers(self, lexer: Lexer, text: str) -> list[Bracket]:
        """Give the closers whose openers are not in the text, nearest first."""
        stack: list[Bracket] = []
        found: list[Bracket] = []
        for opens, bracket in self._all_turns(lexer, text):
            if opens:
                stack.append(bracket)
            elif not pop_pair(stack, bracket.text):
                found.append(bracket)
                if len(found) == DEEPEST:
                    break
        return found

    def _all_turns(self, lexer: Lexer, text: str) -> Iterator[Turn]:
        line_end = text.find("\n") + 1
        first = text[:line_end] if line_end else text
        yield from _turns(lexer.tokens(first, len(first), "nothing"), first, near=True)
        if not line_end:
            return
        *lines, last = text[line_end:].split("\n")
        state = lexer.state
        for line in lines:
            turns, state = self._line(lexer, state, line)
            yield from turns
        lexer.resume(state, 0)
        yield from _turns(lexer.tokens(last, len(last), "nothing"), last, near=False)

    def _line(self, lexer: Lexer, state: State, line: str) -> _Read:
        key = (lexer.language, state, line)
        known = self._lines.get(key)
        if known is not None:
            return known
        text = f"\n{line}\n"  # what stands before a line tells a regular expression from a quotient
        lexer.resume(state, 1)
        turns: list[Turn] = []
        for turn in _turns(lexer.tokens(text, len(text), "nothing"), text, near=False):
            matched = not turn.opens and turns and turns[-1].opens
            if matched and pop_pair([turns[-1].bracket], turn.bracket.text):
                turns.pop()  # a pair inside a line says nothing to the lines around it
            else:
                turns.append(turn)
        if len(self._lines) >= _MOST_LINES:
            self._lines.clear()
        read = self._lines[key] = _Read(tuple(turns), lexer.state)
        return read


def _turns(tokens: Iterator[Token], text: str, *, near: bool) -> Iterator[Turn]:
    for token in tokens:
        if token.kind == "open":
            yield Turn(
                bracket=Bracket(token.text, indent_at(text, token.start)[0], near), opens=True
            )
        elif token.kind == "close":
            indent, leads = indent_at(text, token.start)
            shown = indent if leads and not near else None
            yield Turn(bracket=Bracket(token.text, shown, near), opens=False)
