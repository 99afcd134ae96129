"""Asks a model at a place and puts what it says into the cache: half of every request."""

import asyncio
import logging

from msgspec import structs

from refact_lsp.core.problems import Problem, RefactError
from refact_lsp.core.syntax import Syntax
from refact_lsp.core.text import Snapshot
from refact_lsp.core.types import Usage
from refact_lsp.features.completion.cache import Cache, Entry
from refact_lsp.features.completion.cut.context import GOES_ON, Cut, cut_context
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.cut.memory import Memory
from refact_lsp.features.completion.filters.polish import Polishing, Scene, polished
from refact_lsp.features.completion.filters.reasons import Dropped
from refact_lsp.features.completion.guard import guarded
from refact_lsp.features.completion.live import TURNS_TO_SEND, Live, turns
from refact_lsp.features.completion.ports import Ports
from refact_lsp.features.completion.prompt import Prompt, build
from refact_lsp.features.completion.session import Place, Session
from refact_lsp.features.completion.stats import Counts, add_usage
from refact_lsp.features.completion.values import Answer, Origin

log = logging.getLogger(__name__)
_MOST_PIECES = 4


class Reader:
    """Opens streams and settles them; knows nothing of requests and clients."""

    def __init__(self, ports: Ports, cache: Cache, counts: Counts) -> None:
        self._ports = ports
        self._cache = cache
        self._counts = counts
        self._syntax = Syntax()
        self._memory = Memory()

    async def open(
        self,
        session: Session,
        place: Place,
        *,
        after: tuple[Snapshot, Answer] | None = None,
    ) -> Live:
        """Start reading; the session's old stream is gone before the new one begins.

        `after` is the document without an answer that is shown but not accepted, and that: the
        answer is then prepared ahead.
        """
        session.close_live()
        await session.closed()
        live = session.live = self._start(session, place, after)
        return live

    def open_other(self, session: Session, place: Place, temperature: float) -> None:
        """Read one candidate more beside the session's stream; it is the caller's to keep."""
        session.others.append(self._start(session, place, None, temperature))

    def _start(
        self,
        session: Session,
        place: Place,
        after: tuple[Snapshot, Answer] | None,
        temperature: float | None = None,
    ) -> Live:
        prompt = self.prompt(session, place, temperature=temperature)
        scene = Scene(place.snapshot, self.polishing(session, place), self._memory)
        live = Live(
            anchor=place.snapshot,
            scope=place.scope,
            target=place.target,
            prompt=prompt,
            context=lambda: cut_context(
                place.snapshot,
                multiline=place.settings.multiline,
                cut_strings=place.target.cut_strings,
            ),
            settle=lambda live: self._settle(live, place, scene, keep=temperature is None),
            ready=lambda: scene.prepare(self._syntax),
            memory=self._memory,
            base=after[0] if after else None,
            ahead=after[1] if after else None,
        )
        live.task = self._ports.spawn(self._read(live, place))
        # Behind the first step of reading, which sends the request where a connection stands open.
        asyncio.get_running_loop().call_soon(self._prepare, live)
        return live

    def _prepare(self, live: Live) -> None:
        self._ports.spawn(guarded(live.prepare))

    def prompt(self, session: Session, place: Place, *, temperature: float | None = None) -> Prompt:
        """Build what is asked at a place, with the context as it stands."""
        gather, count = self._ports.gather, self._ports.count_tokens(place.target)
        context_tokens = count.units(place.settings.context_tokens)
        return build(
            place.snapshot,
            place.target,
            session.window,
            count.line,
            gather(place.snapshot, context_tokens) if gather else (),
            temperature=temperature,
            factor=count.factor,
        )

    def polishing(self, session: Session, place: Place) -> Polishing:
        """Say what the filters may know of a place beyond its document."""
        here = place.snapshot.line_prefix
        return Polishing(
            cut_strings=place.target.cut_strings,
            multiline=place.settings.multiline,
            rejected=[text for prefix, text in session.rejected if prefix == here],
            deleted=tuple(session.deleted),
            unit=place.unit,
        )

    def keep(self, snapshot: Snapshot, scope: int, entry: Entry) -> None:
        """Put an entry into the cache; it extends what is shown there or comes after it."""
        shown = self._cache.exact(snapshot, scope)
        if shown is not None and shown.origin == "guess" and shown.served and entry.answers:
            first = shown.answers[0]
            if not entry.answers[0].text.startswith(first.text):
                entry.answers = (first, *entry.answers)
        self._cache.put(snapshot, scope, entry)

    def shaped(
        self, text: str, place: Place, origin: Origin, polishing: Polishing, *, raw: str = ""
    ) -> Entry:
        """Polish a text for its place; an entry without answers says why nothing is shown."""
        return self._shaped(
            text, place, origin, Scene(place.snapshot, polishing, self._memory), raw
        )

    def _shaped(self, text: str, place: Place, origin: Origin, scene: Scene, raw: str) -> Entry:
        at_s, model = self._ports.clock_s(), place.target.model
        shown = polished(text, scene, self._syntax)
        if isinstance(shown, Dropped):
            return Entry((), model, origin, at_s, reason=shown.reason, raw=raw)
        answer = Answer(shown.text, shown.replace_end_column - place.snapshot.column)
        return Entry((answer,), model, origin, at_s, raw=raw)

    async def _read(self, live: Live, place: Place) -> None:
        try:
            events = self._ports.stream(live.target, live.prompt.request, files=live.prompt.files)
            await live.read(events, self._ports.clock_s)
        except RefactError as error:
            live.problem = error.problem
        except Exception:  # a fault of ours must not end the app's task group
            log.exception("Reading a completion failed")
            live.problem = Problem(kind="internal", message="Reading the completion failed.")
        finally:
            live.over.set()
            self._ports.spawn(guarded(self._afterwards, live, place))

    async def _afterwards(self, live: Live, place: Place) -> None:
        """Cut the rest and count once the answer is out: both take as long as judging it."""
        await turns(TURNS_TO_SEND)
        if live.cut is not None and live.entry is not None and live.kept:
            await self._keep_rest(place, live.entry, live.cut, live.beyond)
        self._count(live)

    def _count(self, live: Live) -> None:
        """Count a stream's tokens; one closed early told none: they are measured."""
        count = self._ports.count_tokens(live.target).tokens
        usage = live.usage
        if usage is None and live.problem is None:
            usage = Usage(
                input_tokens=count(live.prompt.text),
                output_tokens=count(live.raw + live.beyond) if live.raw else 0,
            )
        if usage is not None:
            tally = self._counts.of(self._ports.now()[:10], live.target.model, live.anchor.language)
            add_usage(tally, usage, live.target.price)

    def _settle(self, live: Live, place: Place, scene: Scene, *, keep: bool) -> None:
        """Turn a finished stream into an entry, and keep it where that is wanted."""
        cut = live.cut or Cut(text="", reason="end")
        if live.truncated and cut.reason == "end":
            scene.polishing = structs.replace(scene.polishing, truncated=True)
        origin: Origin = "prefetch" if live.base is not None else "model"
        entry = live.entry = self._shaped(cut.text, place, origin, scene, live.raw)
        entry.prompt, entry.context = live.prompt.text, live.prompt.context
        if keep:
            self.keep(place.snapshot, place.scope, entry)
            live.kept = True

    async def _keep_rest(self, place: Place, entry: Entry, cut: Cut, beyond: str) -> None:
        """Cut the whole lines beyond a shown text into pieces, by the rules that cut that text.

        Each is kept as what comes next where the one before it is accepted.
        """
        rest = cut.rest + beyond
        for _ in range(_MOST_PIECES):
            rest = rest[: rest.rfind("\n") + 1]
            goes_on = cut.reason in GOES_ON and _ends_with(entry, cut.text)
            if not goes_on or not rest.strip():
                return
            place = place.after(entry.answers[0])
            multiline, cut_strings = place.settings.multiline, place.target.cut_strings
            context = cut_context(place.snapshot, multiline=multiline, cut_strings=cut_strings)
            cutter = Cutter(context, self._memory)
            cut = cutter.feed(rest) or cutter.finish()
            polishing = Polishing(cut_strings=cut_strings, multiline=multiline, unit=place.unit)
            entry = self.shaped(cut.text, place, "prefetch", polishing, raw=rest)
            if entry.answers and self._cache.exact(place.snapshot, place.scope) is None:
                self._cache.put(place.snapshot, place.scope, entry)
            rest = cut.rest
            await asyncio.sleep(0)


def _ends_with(entry: Entry, text: str) -> bool:
    """Whether what is shown ends as the text does, so that what followed it still follows."""
    last = text.rstrip().rpartition("\n")[2].strip()
    return bool(entry.answers) and entry.answers[0].text.rstrip().endswith(last)
