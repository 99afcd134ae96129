"""What the engine needs from below, as values and functions that the app hands in.

Nothing here touches disk, database or network by itself; functions without `await` must answer
from memory, since they run between a keystroke and its answer.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from refact_lsp.core.events import Event
from refact_lsp.core.problems import Problem
from refact_lsp.core.requests import ChatRequest, CompletionRequest, ContextFile
from refact_lsp.core.text import Snapshot
from refact_lsp.core.types import Capabilities, CompletionMethod, Locality, Price
from refact_lsp.features.completion.cut.context import Multiline
from refact_lsp.features.completion.values import Guess, Snippet
from refact_lsp.features.counting.lines import LineCount
from refact_lsp.store.completion_tallies import Tally


class Render(Protocol):
    """Lay the parts out as the model's family wants them: `registry.fim.render_fim` of a family."""

    def __call__(
        self,
        prefix: str,
        suffix: str,
        *,
        path: str = "",
        language: str = "",
        files: Sequence[ContextFile] = (),
        begun: str = "",
    ) -> str: ...


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The model that serves completion now.

    `model` is its reference, `name` what its provider calls it. `revision` changes whenever
    anything that shapes an answer changes: settings, parameters, the provider's address.
    `render` is needed for the method `template`; `takes_files` says that the family, or the route,
    has a place of its own for pieces of other files. The method `chat` needs `capabilities`.
    `takes_begun` says that the prompt ends where the middle begins, so that it may go on with the
    middle's first characters. `reads_for_nothing` says that a request for no tokens makes the
    runtime read its prompt. `embedded` marks the model that needs no provider: `Ports.guess` is
    asked. `handle` is the app's own way back to the endpoint.
    """

    model: str
    name: str
    method: CompletionMethod
    locality: Locality
    context_window: int
    max_tokens: int
    revision: str
    embedded: bool = False
    temperature: float = 0.0
    render: Render | None = None
    takes_files: bool = False
    stop: Sequence[str] = ()
    cut_strings: Sequence[str] = ()
    suffix_first: bool = False
    takes_begun: bool = False
    capabilities: Capabilities | None = None
    reads_for_nothing: bool = False
    price: Price | None = None
    handle: object = None


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The user's wishes; `debounce_ms` None is automatic. `globs` switch by path, last match wins.

    `quiet` lets the embedded model speak only where it is nearly sure.
    """

    enabled: bool = True
    debounce_ms: int | None = None
    multiline: Multiline = "auto"
    languages: Mapping[str, bool] = {}
    globs: Mapping[str, bool] = {}
    suggest_while_waiting: bool = False
    quiet: bool = False
    context_tokens: int = 1024


class Stream(Protocol):
    """Ask a model; a chat request where the target's method is `chat`.

    Closing the iterator closes the socket; failures raise `RefactError`.
    """

    def __call__(
        self, target: Target, request: CompletionRequest | ChatRequest, *, files: Sequence[str]
    ) -> AsyncGenerator[Event]: ...


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Everything outside the engine.

    `target` gives the model, or why there is none. `excluded` gives the privacy rule that forbids
    sending this file to the target, None where it may go. `guess` is the embedded model.
    `count_tokens` gives what counts for the target. `gather` gives context as it stands. `idle`
    waits while a chat uses the target's machine.
    `warm` asks a local runtime to load the model and the text, which is of those files.
    `save_settings` keeps what `configure` changed. `tallies` reads stored statistics from that day
    on (ISO 8601, UTC), `keep_tallies` adds to them. `sleep`, `clock_s` (monotonic) and `now`
    (ISO 8601, UTC) are time.
    """

    target: Callable[[], Target | Problem]
    stream: Stream
    settings: Callable[[], Settings]
    spawn: Callable[[Coroutine[Any, Any, None]], asyncio.Task[None]]
    sleep: Callable[[float], Awaitable[None]]
    clock_s: Callable[[], float]
    now: Callable[[], str]
    excluded: Callable[[Snapshot, Target], str | None]
    count_tokens: Callable[[Target], LineCount]
    guess: Callable[[Snapshot, float], Guess | None] | None = None
    gather: Callable[[Snapshot, int], Sequence[Snippet]] | None = None
    idle: Callable[[Target], Awaitable[None]] | None = None
    warm: Callable[[Target, CompletionRequest, Sequence[str]], Awaitable[None]] | None = None
    save_settings: Callable[[Mapping[str, object]], None] | None = None
    tallies: Callable[[str], Awaitable[Sequence[Tally]]] | None = None
    keep_tallies: Callable[[Sequence[Tally]], Awaitable[None]] | None = None
