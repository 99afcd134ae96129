"""Follows what is shown until it is accepted, typed, partly accepted or left, and counts it."""

from refact_lsp.features.completion.cache import Entry
from refact_lsp.features.completion.guard import guarded
from refact_lsp.features.completion.outcomes import (
    Watch,
    judged_chars,
    kept_chars,
    step,
    utf16_prefix,
)
from refact_lsp.features.completion.ports import Ports
from refact_lsp.features.completion.session import Session
from refact_lsp.features.completion.stats import Counts
from refact_lsp.features.completion.timing import Smoothed
from refact_lsp.features.completion.trace import Outcome, Traces
from refact_lsp.store.completion_tallies import Tally

JUDGED_SOON_S = 30.0
JUDGED_S = 300.0
FIRST_ODDS = 0.3  # that a suggestion is accepted, before anything is known


class Tracker:
    """One for the engine; the watches themselves hang on the sessions."""

    def __init__(self, ports: Ports, counts: Counts, traces: Traces) -> None:
        self._ports = ports
        self._counts = counts
        self._traces = traces
        self.odds = Smoothed(FIRST_ODDS)
        self._client_reports_shown = False

    def served(self, session: Session, watch: Watch, entry: Entry) -> None:
        """Watch an answer that goes to the client; the same entry served again is the same one."""
        old = session.watch
        if old is not None and session.watched is entry:
            old.ids.append(watch.ids[-1])
            return
        if old is not None:
            self._end(session, old, "rejected" if old.progress else None)
        session.watch, session.watched = watch, entry
        if not self._client_reports_shown:
            self._show(watch)

    def shown(self, session: Session) -> None:
        """Take the client's word that the suggestion is on the screen."""
        self._client_reports_shown = True
        if session.watch is not None:
            self._show(session.watch)

    def changed(self, session: Session) -> Watch | None:
        """Read a change of the document; gives the watch where all of its text was accepted."""
        watch = session.watch
        if watch is None or session.lines is None:
            return None
        before = watch.progress
        match step(watch, session.lines):
            case "accepted":
                self._end(session, watch, "accepted")
                return watch
            case "typedAll":
                self._end(session, watch, "typedThrough")
                return watch
            case "acceptedPartly":
                self._partly(watch, watch.progress - before)
            case "elsewhere":
                self._end(session, watch, None)
            case "left":
                self._end(session, watch, "rejected")
            case _:
                pass
        return None

    def accepted(self, session: Session) -> Watch | None:
        """Take the client's word that the whole suggestion was accepted."""
        watch = session.watch
        if watch is not None:
            self._end(session, watch, "accepted")
        return watch

    def accepted_partly(self, session: Session, utf16_length: int) -> None:
        """Take the client's word; the length counts from the beginning of the text."""
        watch = session.watch
        if watch is None:
            return
        length = utf16_prefix(watch.answer.text, utf16_length)
        self._partly(watch, length - watch.progress)
        watch.progress = max(watch.progress, length)

    def rejected(self, session: Session) -> None:
        """Take the client's word that the suggestion was dismissed."""
        if session.watch is not None:
            self._end(session, session.watch, "rejected")

    def closed(self, session: Session) -> None:
        """End what is watched in a document that goes away."""
        session.watch = session.watched = None

    def _show(self, watch: Watch) -> None:
        if not watch.shown:
            watch.shown = True
            self._tally(watch).shown += 1

    def _partly(self, watch: Watch, gained: int) -> None:
        if gained <= 0:
            return
        tally = self._tally(watch)
        tally.accepted_chars += gained
        watch.counted += gained
        if not watch.partly:
            tally.accepted_partly += 1
        watch.partly = True
        self._mark(watch, "acceptedPartly")

    def _end(self, session: Session, watch: Watch, outcome: Outcome | None) -> None:
        session.watch = session.watched = None
        if outcome is None or (watch.partly and outcome == "rejected"):
            return
        self._show(watch)
        self._mark(watch, outcome)
        tally = self._tally(watch)
        if outcome == "rejected":
            tally.rejected += 1
            self.odds.add(0.0)
            session.reject(watch.snapshot, watch.answer.text, self._ports.clock_s())
            return
        self.odds.add(1.0)
        session.rejections = 0
        if outcome == "typedThrough":
            tally.typed_through += 1
            return
        tally.accepted += 1
        tally.accepted_chars += len(watch.answer.text) - watch.counted
        self._ports.spawn(guarded(self._judge, session, watch))

    async def _judge(self, session: Session, watch: Watch) -> None:
        """Look after 30 s and after 5 min how much of an accepted text is still there."""
        text, line = watch.answer.text, watch.snapshot.line
        await self._ports.sleep(JUDGED_SOON_S)
        if session.lines is not None:
            tally = self._tally(watch)
            tally.judged_soon_chars += judged_chars(text)
            tally.kept_soon_chars += kept_chars(text, line, session.lines)
        await self._ports.sleep(JUDGED_S - JUDGED_SOON_S)
        if session.lines is not None:
            tally = self._tally(watch)
            tally.judged_chars += judged_chars(text)
            tally.kept_chars += kept_chars(text, line, session.lines)

    def _tally(self, watch: Watch) -> Tally:
        return self._counts.of(self._ports.now()[:10], watch.model, watch.snapshot.language)

    def _mark(self, watch: Watch, outcome: Outcome) -> None:
        trace = self._traces.find(watch.ids[-1])
        if trace is not None:
            trace.outcome = outcome
