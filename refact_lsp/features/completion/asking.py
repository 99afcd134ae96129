"""The part of a request that waits: rules, delay, the chat's turn, the stream, more candidates."""

import asyncio
from collections.abc import Sequence

import msgspec

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion import choices, rules, timing
from refact_lsp.features.completion.cache import Cache, Entry, Hit
from refact_lsp.features.completion.clients import client_named
from refact_lsp.features.completion.failures import Failures
from refact_lsp.features.completion.guard import guarded
from refact_lsp.features.completion.live import Live
from refact_lsp.features.completion.ports import Ports
from refact_lsp.features.completion.reader import Reader
from refact_lsp.features.completion.session import Place, Session
from refact_lsp.features.completion.trace import Trace
from refact_lsp.features.completion.values import Origin, Request
from refact_lsp.features.completion.workspace.confidence import DEFAULT_THRESHOLD, QUIET_THRESHOLD

EXPLICIT_ITEMS = 3  # more at each repetition
EXPLICIT_TRIES = 2  # requests more than the first, for other candidates
EXPLICIT_BOX_S = 3.0
OTHER_TEMPERATURES = (0.7, 0.9, 1.0)  # at the first request, and where it is repeated
PATIENCE_S = 0.25  # of a user who may be given a guess meanwhile
FRESH_S = 600.0
NOTHING_FRESH_S = 30.0
FIRST_LATENCY_MS = 300.0
READINGS = 3  # streams that one request may need where the user types something else


class Ask(msgspec.Struct, frozen=True):
    """One request on its way: `snapshot` is the document, `place` where the model is asked.

    `changes` is how often the session's document had changed when the request came.
    """

    session: Session
    snapshot: Snapshot
    request: Request
    place: Place
    trace: Trace
    changes: int

    @property
    def stale(self) -> bool:
        """Whether the document has changed since: what is found now is for the cache alone."""
        return self.session.changes != self.changes


class Asking:
    """Answers a request that the cache could not; at most one stream a document at any time."""

    def __init__(self, ports: Ports, cache: Cache, reader: Reader, failures: Failures) -> None:
        self._ports = ports
        self._cache = cache
        self._reader = reader
        self._failures = failures
        self._latency_ms = timing.Smoothed(FIRST_LATENCY_MS)

    def find(self, place: Place) -> Hit | None:
        """Look into the cache; that there is nothing is believed for a shorter time."""
        now_s = self._ports.clock_s()
        hit = self._cache.find(place.snapshot, place.scope, not_before_s=now_s - FRESH_S)
        if hit is not None and not hit.answers and hit.entry.at_s < now_s - NOTHING_FRESH_S:
            return None
        return hit

    def guessed(self, session: Session, place: Place, *, provisional: bool = False) -> Hit | None:
        """Ask the embedded model, and keep what it says where a client will see it."""
        entry = self._guess(session, place, "guess" if provisional else "model")
        if entry is None:
            return None
        if entry.answers:
            self._cache.put(place.snapshot, place.scope, entry)
        return Hit("miss", entry, entry.answers)

    async def answer(self, ask: Ask) -> Hit | str:
        """Give what the model says, or the name of the reason for nothing."""
        explicit = ask.request.trigger == "explicit"
        if not explicit and not self._joinable(ask):
            now_s = self._ports.clock_s()
            reason = rules.suppressed(ask.place.snapshot, ask.request, self._situation(ask, now_s))
            if reason is not None:
                return reason
            await self._wait(ask)
        if explicit:
            return await self._several(ask)
        return await self._first(ask)

    async def _wait(self, ask: Ask) -> None:
        """Let the user type on, then let a chat finish that uses the same machine."""
        began_s = self._ports.clock_s()
        delay = timing.delay_ms(
            ask.place.snapshot,
            interval_ms=ask.session.rhythm.interval_ms,
            latency_ms=self._latency_ms.value,
            rejections=ask.session.rejections,
            client_ms=client_named(ask.request.client).delay_ms,
            fixed_ms=ask.place.settings.debounce_ms,
        )
        if delay > 0:
            await self._ports.sleep(delay / 1000)
        waited_s = self._ports.clock_s()
        ask.trace.stage("debounce", waited_s - began_s)
        if self._ports.idle is not None:
            await self._ports.idle(ask.place.target)
            ask.trace.stage("turn", self._ports.clock_s() - waited_s)

    async def _first(self, ask: Ask) -> Hit | str:
        """Read or join streams until one says something for this place."""
        for _ in range(READINGS):
            if ask.stale:
                return "stale"
            asked_s = self._ports.clock_s()
            live = self._joined(ask) or await self._reader.open(ask.session, ask.place)
            if ask.request.trigger == "explicit":
                self._open_others(ask)
            meanwhile = await self._meanwhile(ask, live)
            if meanwhile is not None:
                return meanwhile
            await live.over.wait()
            self._note(ask, live, asked_s)
            if live.problem is not None:
                return "failed"
            hit = self._said(live, ask.place) or self.find(ask.place)
            if hit is not None:
                return Hit("miss", hit.entry, hit.answers)
        return "outrun"

    def _said(self, live: Live, place: Place) -> Hit | None:
        """Give what a stream said for the very place that it was opened for."""
        entry = live.entry
        if entry is None or not entry.answers or live.anchor is not place.snapshot:
            return None
        return Hit("exact", entry, entry.answers)

    async def _meanwhile(self, ask: Ask, live: Live) -> Hit | None:
        """Give a guess where the user wants one and the model takes its time."""
        if not ask.place.settings.suggest_while_waiting or ask.request.trigger == "explicit":
            return None
        timer = self._ports.spawn(guarded(self._ports.sleep, PATIENCE_S))
        reading = self._ports.spawn(guarded(_until, live.over))
        try:
            await asyncio.wait({timer, reading}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()
            reading.cancel()
        if live.over.is_set():
            return None
        hit = self.guessed(ask.session, ask.place, provisional=True)
        return hit if hit and hit.answers else None

    async def _several(self, ask: Ask) -> Hit | str:
        """Ask for several candidates at once; answer soon after the first with those that came.

        Asked again at the same place, the list keeps its order and gains further candidates, until
        the model has no more of them.
        """
        place, began_s = ask.place, self._ports.clock_s()
        try:
            hit: Hit | str | None = self.find(place)
            if isinstance(hit, Hit) and hit.answers:
                ask.trace.cache = hit.use
                if hit.entry.rounds >= len(OTHER_TEMPERATURES):
                    return hit
                self._open_others(ask, hit.entry.rounds)
            else:
                hit = await self._first(ask)
            if hit == "stale":
                return hit
            took_s = max(self._ports.clock_s() - began_s, self._latency_ms.value / 1000)
            others = list(ask.session.others)
            await self._come(others, min(took_s, EXPLICIT_BOX_S))
        finally:
            ask.session.close_others()
        return self._together(ask, hit, [live.entry for live in others if live.entry])

    def _open_others(self, ask: Ask, rounds: int = 0) -> None:
        if not ask.session.others:
            for _ in range(EXPLICIT_TRIES):
                self._reader.open_other(ask.session, ask.place, OTHER_TEMPERATURES[rounds])

    async def _come(self, others: Sequence[Live], patience_s: float) -> None:
        """Wait for streams to end, but not for ever."""
        timer = self._ports.spawn(guarded(self._ports.sleep, patience_s))
        reading = {live.task for live in others if live.task is not None}
        try:
            while not timer.done() and (left := {task for task in reading if not task.done()}):
                await asyncio.wait({timer, *left}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            timer.cancel()

    def _together(self, ask: Ask, hit: Hit | str, others: Sequence[Entry]) -> Hit | str:
        """Make one entry of all candidates; a failure among them takes nothing from the rest."""
        place = ask.place
        entries = [*([hit.entry] if isinstance(hit, Hit) else ()), *others]
        first = hit.answers if isinstance(hit, Hit) else ()
        new = [answer for entry in others for answer in entry.answers]
        if not first and not new:
            return hit
        guess = None if place.target.embedded else self._guess(ask.session, place, "guess")
        new += guess.answers if guess is not None else ()
        rounds = entries[0].rounds
        seen = first if entries[0].served else ()
        answers = [*seen, *choices.ranked([*first[len(seen) :], *new], place.snapshot)]
        found = choices.distinct(answers, EXPLICIT_ITEMS * (rounds + 1))
        entry = Entry(found, entries[0].model, "model", self._ports.clock_s(), raw=entries[0].raw)
        entry.prompt, entry.context = entries[0].prompt, entries[0].context
        exhausted = rounds and others and len(found) == len(first)
        entry.rounds = len(OTHER_TEMPERATURES) if exhausted else rounds + 1
        self._cache.put(place.snapshot, place.scope, entry)
        return Hit(hit.use if isinstance(hit, Hit) else "miss", entry, found)

    def _guess(self, session: Session, place: Place, origin: Origin) -> Entry | None:
        threshold = QUIET_THRESHOLD if place.settings.quiet else DEFAULT_THRESHOLD
        guess = self._ports.guess and self._ports.guess(place.snapshot, threshold)
        if not guess:
            return None
        polishing = self._reader.polishing(session, place)
        return self._reader.shaped(guess.text, place, origin, polishing, raw=guess.text)

    def _joinable(self, ask: Ask) -> bool:
        live = ask.session.live
        return (
            live is not None
            and not live.over.is_set()
            and live.continued_by(ask.place.snapshot, ask.place.scope) is not None
        )

    def _joined(self, ask: Ask) -> Live | None:
        live = ask.session.live
        if live is None or not self._joinable(ask):
            return None
        live.expected = live.continued_by(ask.place.snapshot, ask.place.scope) or ""
        ask.trace.joined = True
        return live

    def _note(self, ask: Ask, live: Live, asked_s: float) -> None:
        """Write a stream's texts and times into the trace; learn from its speed."""
        now_s, trace = self._ports.clock_s(), ask.trace
        trace.prompt, trace.raw = live.prompt.text, live.raw
        trace.context = live.prompt.context
        if live.first_text_s is not None:
            trace.stage("firstToken", max(0.0, live.first_text_s - asked_s))
        trace.stage("stream", now_s - asked_s)
        if live.problem is not None:
            trace.problem = live.problem
            self._failures.note(ask.place.target, live.problem, now_s)
        elif live.cut is not None:
            self._failures.clear()
            if not trace.joined:
                self._latency_ms.add((now_s - asked_s) * 1000)

    def _situation(self, ask: Ask, now_s: float) -> rules.Situation:
        return rules.Situation(
            now_s=now_s,
            failing_until_s=self._failures.failing_until_s(ask.place.target),
            rejected_at_s=ask.session.rejected_here(ask.place.snapshot),
        )


async def _until(event: asyncio.Event) -> None:
    await event.wait()
