"""One inline completion: gate, cache, join, rules, wait, prompt, stream, cut, polish, items.

The engine owns what lives longer than a request: a session for each document, the cache, the last
traces and the counters. It does no I/O of its own; see `ports`. A request never raises for a
failing model: it comes back empty, and its trace says why.
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from msgspec.structs import replace

from refact_lsp.core.problems import Problem
from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion import choices, gate
from refact_lsp.features.completion.ahead import Ahead
from refact_lsp.features.completion.asking import Ask, Asking
from refact_lsp.features.completion.cache import Cache, Hit
from refact_lsp.features.completion.clients import client_named
from refact_lsp.features.completion.failures import Failures
from refact_lsp.features.completion.outcomes import Watch
from refact_lsp.features.completion.ports import Ports, Settings, Target
from refact_lsp.features.completion.preferences import Changes, Configured, Preferences
from refact_lsp.features.completion.reader import Reader
from refact_lsp.features.completion.session import Place, Session, Waiting
from refact_lsp.features.completion.stats import By, Counts, Row, add_latency, rows
from refact_lsp.features.completion.trace import (
    Decision,
    Explained,
    Outcome,
    Trace,
    Traces,
    explained,
)
from refact_lsp.features.completion.tracker import Tracker
from refact_lsp.features.completion.values import Answer, Lines, Request, Suggestion
from refact_lsp.store.completion_tallies import Tally

# What the cache or the embedded model say at once, or what a model has yet to say.
Served = list[Suggestion] | Coroutine[Any, Any, list[Suggestion]]

log = logging.getLogger(__name__)


class Engine:
    """What the language server and the protocol's methods call."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._cache = Cache()
        self._traces = Traces()
        self._counts = Counts()
        self._failures = Failures()
        self._sessions: dict[str, Session] = {}
        self._ids = itertools.count(1)
        self._preferences = Preferences(ports.settings, ports.save_settings)
        self._reader = Reader(ports, self._cache, self._counts)
        self._asking = Asking(ports, self._cache, self._reader, self._failures)
        self._tracker = Tracker(ports, self._counts, self._traces)
        self._ahead = Ahead(ports, self._cache, self._reader, self._failures, self._tracker.odds)

    @property
    def problem(self) -> Problem | None:
        """What the completion model last failed with, until it answers again."""
        return self._failures.problem

    def complete(self, snapshot: Snapshot, request: Request) -> Served:
        """Serve one request, at once where no model is to be asked.

        Cancelling it closes the model's socket. A newer request for the document makes an older
        one that still waits come back empty.
        """
        trace = self._begin(snapshot, request)
        try:
            return self._found(snapshot, request, trace)
        except Exception:
            log.exception("A completion failed")
            return self._nothing(trace, "failed")

    def changed(self, uri: str, lines: Lines) -> None:
        """Take in the document after a change; `lines` is not mutated afterwards."""
        session = self._session(uri)
        session.changed(lines, self._ports.clock_s() * 1000)
        watch = self._tracker.changed(session)
        if watch is not None:
            self._follow(session, watch)
        self._ahead.typed(session)

    def closed(self, uri: str) -> None:
        """Forget a document; what was answered for it is kept for when it is opened again."""
        session = self._sessions.pop(uri, None)
        if session is not None:
            session.supersede()
            session.drop_plan()
            session.close_live()
            self._tracker.closed(session)

    def focused(self, snapshot: Snapshot) -> None:
        """Warm a local runtime for the place where the user now is."""
        trace = self._trace(snapshot, Request())
        place = self._admitted(snapshot, Request(), trace)
        if place is not None:
            self._ahead.warm(self._session(snapshot.uri), place)

    def shown(self, item_id: str) -> None:
        """Take a client's report that an item is on the screen."""
        self._on(item_id, self._tracker.shown)

    def accepted(self, item_id: str) -> None:
        """Take a client's report, the item's command, that all of an item was accepted."""
        session = self._watching(item_id)
        watch = self._tracker.accepted(session) if session else None
        if session and watch:
            self._follow(session, watch)

    def partly_accepted(self, item_id: str, utf16_length: int) -> None:
        """Take a client's report; the length is cumulative, in UTF-16 units of the item's text."""
        self._on(item_id, lambda session: self._tracker.accepted_partly(session, utf16_length))

    def rejected(self, item_id: str) -> None:
        """Take a client's report that an item was dismissed."""
        self._on(item_id, self._tracker.rejected)

    def explain(self, trace_id: str | None = None) -> Explained | None:
        """Show one request whole, or the last one; an item's id is as good as its request's."""
        found = self._traces.find(trace_id.partition(".")[0] if trace_id else None)
        return explained(found) if found else None

    def recent(self, limit: int = 50) -> list[Decision]:
        """Give what was decided on the last requests, the newest first."""
        return self._traces.recent(limit)

    def configure(self, changes: Changes, at: Callable[[float], str]) -> Configured:
        """Switch completion; `at` gives the wall time so many seconds from now."""
        return self._preferences.change(changes, self._ports.clock_s(), at)

    async def stats(self, day: str = "", by: By = "model") -> list[Row]:
        """Sum up, from that day on (UTC, ISO 8601), what is stored and what is not stored yet."""
        stored: Sequence[Tally] = ()
        if self._ports.tallies is not None:
            stored = await self._ports.tallies(day)
        counted = (tally for tally in self._counts.current() if tally.day >= day)
        return rows([*stored, *counted], by)

    async def flush(self) -> None:
        """Hand the counters to the store; called now and then, and at the end."""
        if self._ports.keep_tallies is not None and self._counts.current():
            await self._ports.keep_tallies(self._counts.take())

    def _session(self, uri: str) -> Session:
        session = self._sessions.get(uri)
        if session is None:
            session = self._sessions[uri] = Session(uri)
        return session

    def _trace(self, snapshot: Snapshot, request: Request) -> Trace:
        return Trace(
            id=f"c{next(self._ids)}",
            at=self._ports.now(),
            uri=snapshot.uri,
            line=snapshot.line,
            trigger=request.trigger,
            began_s=self._ports.clock_s(),
        )

    def _begin(self, snapshot: Snapshot, request: Request) -> Trace:
        trace = self._trace(snapshot, request)
        self._traces.add(trace)
        return trace

    def _admitted(self, snapshot: Snapshot, request: Request, trace: Trace) -> Place | None:
        """Pass the gate, or name the reason in the trace."""
        settings = self._preferences.current()
        snoozed = self._preferences.snoozed(self._ports.clock_s())
        trace.reason = gate.closed(snapshot, request, settings, snoozed=snoozed)
        if trace.reason is not None:
            return None
        target = self._ports.target()
        if isinstance(target, Problem):
            trace.reason, trace.problem = "noModel", target
            return None
        trace.model = target.model
        if self._ports.excluded(snapshot, target) is not None:
            trace.reason = "excluded"
            return None
        asked = choices.asked_place(snapshot, request.selected)
        if asked is None:
            trace.reason = "selection"
            return None
        scope = _scope(target, request, settings)
        return Place(asked, scope, target, settings, _unit(request))

    def _found(self, snapshot: Snapshot, request: Request, trace: Trace) -> Served:
        """Go through what answers at once, and through the gate before it."""
        session = self._session(snapshot.uri)
        session.supersede()
        session.drop_plan()
        place = self._admitted(snapshot, request, trace)
        if place is None:
            session.close_live()
            return self._nothing(trace, trace.reason)
        self._tally(trace, snapshot).requests += 1
        session.place = place
        session.keep_only(place.snapshot, place.scope)
        ask = Ask(session, snapshot, request, place, trace, session.changes)
        hit = self._asking.find(place)
        trace.stage("cache", self._ports.clock_s() - trace.began_s)
        if hit is not None and request.trigger == "automatic":
            trace.cache = hit.use
            return self._serve(ask, hit)
        if place.target.embedded:
            silent = "quiet" if place.settings.quiet else "notConfident"
            return self._serve(ask, self._asking.guessed(session, place) or silent)
        session.asking = Waiting()
        return self._ask(ask, session.asking)

    async def _ask(self, ask: Ask, waiting: Waiting) -> list[Suggestion]:
        """Wait for the answer, unless a newer request ends that."""
        session = ask.session
        hit: Hit | str = "failed"
        try:
            waiting.begin()
            hit = await self._asking.answer(ask)
        except asyncio.CancelledError:
            if waiting.was_superseded():
                self._end(ask.trace, "superseded", "superseded")
                return []
            if session.asking is waiting:
                session.close_live()
            self._end(ask.trace, "cancelled", "cancelled")
            raise
        except Exception:
            log.exception("A completion failed")
        finally:
            if session.asking is waiting:
                session.asking = None
        if ask.stale:
            return self._nothing(ask.trace, "stale")
        return self._serve(ask, hit)

    def _serve(self, ask: Ask, hit: Hit | str) -> list[Suggestion]:
        """Make the items, watch them, and think of what comes next."""
        trace = ask.trace
        if isinstance(hit, str):
            return self._nothing(trace, hit)
        if not trace.prompt:
            trace.prompt, trace.context, trace.raw = (
                hit.entry.prompt,
                hit.entry.context,
                hit.entry.raw,
            )
        tally = self._tally(trace, ask.snapshot)
        tally.cache_hits += trace.cache != "miss"
        answers = hit.answers
        if ask.place.settings.multiline == "never":  # kept for when the line break is typed
            answers = tuple(each for each in answers if each.text[:1] not in "\r\n")
        if not answers:
            return self._nothing(trace, hit.entry.reason or "nextLine")
        if ask.request.trigger != "explicit":
            answers = answers[: client_named(ask.request.client).automatic_items]
        first = answers[0]
        trace.shown = first.text
        self._end(trace, "shown", None)
        add_latency(tally, trace.timing["totalMs"])
        items = choices.suggestions(
            answers, ask.snapshot, ask.request, trace_id=trace.id, model=hit.entry.model
        )
        self._watch(ask, hit, first)
        return items

    def _watch(self, ask: Ask, hit: Hit, first: Answer) -> None:
        watch = Watch([ask.trace.id], ask.place.snapshot, first, hit.entry.model)
        ask.session.watching = ask.place
        self._tracker.served(ask.session, watch, hit.entry)
        hit.entry.served = True
        self._ahead.shown(ask.session, ask.place, first, hit.entry)

    def _follow(self, session: Session, watch: Watch) -> None:
        """Ask for what comes after an accepted text before the client does."""
        place = session.watching
        if place is not None and self._preferences.current().enabled:
            self._ahead.accepted(session, replace(place, snapshot=watch.snapshot), watch.answer)

    def _watching(self, item_id: str) -> Session | None:
        trace_id = item_id.partition(".")[0]
        for session in self._sessions.values():
            if session.watch is not None and trace_id in session.watch.ids:
                return session
        return None

    def _on(self, item_id: str, report: Callable[[Session], None]) -> None:
        session = self._watching(item_id)
        if session is not None:
            report(session)

    def _tally(self, trace: Trace, snapshot: Snapshot) -> Tally:
        return self._counts.of(trace.at[:10], trace.model, snapshot.language)

    def _nothing(self, trace: Trace, reason: str | None) -> list[Suggestion]:
        self._end(trace, "failed" if reason == "failed" else "nothing", reason)
        return []

    def _end(self, trace: Trace, outcome: Outcome, reason: str | None) -> None:
        trace.outcome, trace.reason = outcome, reason
        trace.stage("total", self._ports.clock_s() - trace.began_s)


def _unit(request: Request) -> str | None:
    """Give one step of indentation where the client told."""
    if request.insert_spaces is False:
        return "\t"
    return " " * request.tab_size if request.insert_spaces and request.tab_size else None


def _scope(target: Target, request: Request, settings: Settings) -> int:
    """Stand for everything but the text that shapes an answer."""
    formatting = (request.tab_size, request.insert_spaces)
    return hash((target.model, target.revision, settings.multiline, settings.quiet, formatting))
