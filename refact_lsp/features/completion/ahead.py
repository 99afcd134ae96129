"""What comes next: the request after acceptance, prepared while the suggestion is shown.

A suggestion that was looked at for a moment may be accepted; the answer to the document with it
is then read ahead, once, where acceptance is likely enough or costs nothing. Local runtimes are
warmed with the prompt of the place where the user is.
"""

from refact_lsp.core.requests import CompletionRequest
from refact_lsp.features.completion.cache import Cache, Entry
from refact_lsp.features.completion.failures import Failures
from refact_lsp.features.completion.guard import guarded
from refact_lsp.features.completion.ports import Ports
from refact_lsp.features.completion.reader import Reader
from refact_lsp.features.completion.session import Place, Session
from refact_lsp.features.completion.timing import Smoothed
from refact_lsp.features.completion.values import Answer

LOOKED_AT_S = 0.2
LEAST_ODDS = 0.15
IDLE_S = 3.0
WARM_AGAIN_S = 120.0


class Ahead:
    """Plans at most one thing for a document; a new request drops the plan."""

    def __init__(
        self, ports: Ports, cache: Cache, reader: Reader, failures: Failures, odds: Smoothed
    ) -> None:
        self._ports = ports
        self._cache = cache
        self._reader = reader
        self._failures = failures
        self._odds = odds
        self._warmed: dict[str, float] = {}

    def shown(self, session: Session, place: Place, answer: Answer, entry: Entry) -> None:
        """Prepare what follows an answer, unless the user goes on at once."""
        target = place.target
        likely = self._odds.value >= LEAST_ODDS or target.locality == "machine"
        if target.embedded or not likely or entry.followed:
            return

        async def later() -> None:
            await self._ports.sleep(LOOKED_AT_S)
            entry.followed = True
            await self._read(session, place, answer)

        session.drop_plan()
        session.plan = self._ports.spawn(guarded(later))

    def accepted(self, session: Session, place: Place, answer: Answer) -> None:
        """Ask for what follows at once: the client will ask for it in a moment."""
        if place.target.embedded:
            return
        session.drop_plan()
        session.plan = self._ports.spawn(guarded(self._read, session, place, answer))

    def warm(self, session: Session, place: Place) -> None:
        """Let a local runtime read the prompt of this place, where it was not warmed lately."""
        target = place.target
        if self._ports.warm is None or target.embedded or not target.reads_for_nothing:
            return
        now_s = self._ports.clock_s()
        key = f"{session.uri}\n{target.model}\n{target.revision}"
        if now_s - self._warmed.get(key, -WARM_AGAIN_S) < WARM_AGAIN_S:
            return
        if session.live is not None and not session.live.over.is_set():
            return
        self._warmed = {k: at_s for k, at_s in self._warmed.items() if now_s - at_s < WARM_AGAIN_S}
        self._warmed[key] = now_s
        prompt = self._reader.prompt(session, place)
        if isinstance(prompt.request, CompletionRequest):
            self._ports.spawn(guarded(self._ports.warm, target, prompt.request, prompt.files))

    def typed(self, session: Session) -> None:
        """Warm when the typing pauses; one task waits, however many keys are pressed."""
        if self._ports.warm is None or (session.idle is not None and not session.idle.done()):
            return

        async def watch() -> None:
            seen = -1
            while seen != session.changes:
                seen = session.changes
                await self._ports.sleep(IDLE_S)
            if session.place is not None:
                self.warm(session, session.place)

        session.idle = self._ports.spawn(guarded(watch))

    async def _read(self, session: Session, place: Place, answer: Answer) -> None:
        after = place.after(answer)
        live, now_s = session.live, self._ports.clock_s()
        if live is not None and not live.over.is_set():
            return
        if self._failures.failing_until_s(place.target) > now_s:
            return
        if self._cache.find(after.snapshot, place.scope, not_before_s=0.0) is None:
            await self._reader.open(session, after, after=(place.snapshot, answer))
