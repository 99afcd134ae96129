"""What the client's tests share: endpoints, a plain parser, a collected stream."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any, Self

from refact_lsp.core.events import Event, Finished, TextDelta
from refact_lsp.core.ledger import LedgerEntry, Purpose
from refact_lsp.core.problems import Problem, RefactError, refuse
from refact_lsp.llm.client import Client
from refact_lsp.llm.endpoint import Endpoint
from refact_lsp.llm.exchange import Limits, Timeouts
from refact_lsp.llm.failures import classify
from refact_lsp.llm.retry import NONE
from refact_lsp.llm.wire.base import HttpRequest

PURPOSE = Purpose(role="chat", model="m")
SHORT = Timeouts(connect_ms=2_000, first_byte_ms=150, idle_ms=150)


class LineParser:
    """The OpenAI manner, just enough: `data:` lines, an error object, `[DONE]`."""

    def __init__(self) -> None:
        self.rest: list[bytes] = []
        self.done = False

    def feed(self, data: bytes) -> Sequence[Event]:
        first, *others = data.split(b"\n")
        self.rest.append(first)
        if not others:
            return []
        lines = [b"".join(self.rest), *others[:-1]]
        self.rest = [others[-1]]
        return [event for line in lines for event in self._event(line.strip())]

    def close(self) -> Sequence[Event]:
        if not self.done:
            raise refuse("badResponse", "The answer was cut.", "Try again.")
        return []

    def _event(self, line: bytes) -> Sequence[Event]:
        if not line.startswith(b"data:"):
            return []
        text = line.removeprefix(b"data:").strip().decode(errors="replace")
        if text == "[DONE]":
            self.done = True
            return [Finished(reason="stop")]
        value = json.loads(text)
        if "error" in value:
            raise RefactError(classify(200, {}, text.encode()))
        pieces = [choice["delta"].get("content") for choice in value["choices"]]
        return [TextDelta(delta=piece) for piece in pieces if piece]


def endpoint(url: str, **more: Any) -> Endpoint:
    """Make an endpoint whose chat route is `url`/v1/chat and whose key is always the same."""

    async def authorize(_: bool) -> Mapping[str, str]:
        return {"authorization": "Bearer sk-usual-key"}

    given: dict[str, Any] = {
        "provider": "p",
        "wire": "openai-chat",
        "locality": "machine",
        "addresses": {"chat": f"{url}/v1/chat", "base": url},
        "authorize": authorize,
    }
    return Endpoint(**(given | more))


def request(body: bytes = b'{"model":"m"}') -> HttpRequest:
    return HttpRequest(route="chat", path="", body=body)


@dataclass
class Asker:
    """A client with its ledger, and the ways the tests ask it."""

    options: dict[str, Any] = field(default_factory=dict[str, Any])
    ledger: list[LedgerEntry] = field(default_factory=list[LedgerEntry])

    def __post_init__(self) -> None:
        self.client = Client(record=self.ledger.append, chance=lambda: 0.0, **self.options)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.client.close()

    async def text(self, to: Endpoint, asked: HttpRequest | None = None, **options: Any) -> str:
        """Collect the text of one answer."""
        given: dict[str, Any] = {"patience": NONE} | options
        stream = self.client.stream(to, asked or request(), LineParser, PURPOSE, **given)
        async with aclosing(stream) as events:
            return "".join([e.delta async for e in events if isinstance(e, TextDelta)])

    async def problem(self, to: Endpoint, **options: Any) -> Problem:
        """Ask for what must fail."""
        return await problem_of(lambda: self.text(to, **options))


async def problem_of(ask: Callable[[], Awaitable[object]]) -> Problem:
    try:
        answer = await ask()
    except RefactError as error:
        failure = error
    else:
        raise AssertionError(f"no failure, but {answer!r}")
    assert failure.__context__ is None, "an inner exception could show a secret"
    return failure.problem


def asker(**options: Any) -> Asker:
    return Asker({"timeouts": SHORT} | options)


__all__ = ["PURPOSE", "Asker", "Limits", "LineParser", "asker", "endpoint", "problem_of", "request"]
