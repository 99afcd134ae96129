"""Tool calls out of pieces, whatever index and id a server gives them; arguments never lost."""

import hashlib
from typing import Any, cast

import msgspec

from refact_lsp.core.events import ToolCalled


class _Call:
    __slots__ = ("arguments", "id", "index", "name", "opaque", "whole")

    def __init__(self, index: int | None, call_id: str, name: str) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.arguments: list[str] = []
        self.whole: Any = None
        self.opaque: Any = None


class CallPieces:
    """Gathers the calls of one answer.

    Servers number calls, or always say 0, or say nothing; they send the id once, always, or never.
    So a piece belongs to the call of its index (else of its id, else the last one), unless it
    brings a name and an id that differs, or a name after arguments that are already complete. Some
    give every call the id 0.
    """

    def __init__(self) -> None:
        self._calls: list[_Call] = []

    def __bool__(self) -> bool:
        return bool(self._calls)

    def add(
        self, index: int | None, call_id: str | None, name: str | None, arguments: object
    ) -> None:
        """Take one piece; `arguments` is a piece of JSON text, the decoded object, or nothing."""
        call = self._find(index, call_id or "", name or "", arguments)
        if isinstance(arguments, str):
            call.arguments.append(arguments)
        elif arguments is not None:
            call.whole = arguments

    def mark(self, opaque: object) -> None:
        """Keep what the vendor wants back with the call that came last."""
        self._calls[-1].opaque = opaque

    def finish(self, seed: str, *, cut: bool) -> list[ToolCalled]:
        """Give the calls in their order; `seed` makes ids for calls that came without."""
        calls, self._calls = self._calls, []
        ids = [call.id for call in calls]
        return [
            tool_called(
                # An id that an earlier call has too would give both the same result.
                made_id(seed, number) if not call.id or call.id in ids[:number] else call.id,
                call.name,
                "".join(call.arguments) if call.whole is None else call.whole,
                opaque=call.opaque,
                cut=cut,
            )
            for number, call in enumerate(calls)
        ]

    def _find(self, index: int | None, call_id: str, name: str, arguments: object) -> _Call:
        call = self._known(index, call_id)
        if call is None or (name and self._begins(call, call_id, arguments)):
            call = _Call(index, call_id, name)
            self._calls.append(call)
        call.name = call.name or name
        call.id = call.id or call_id
        return call

    def _known(self, index: int | None, call_id: str) -> _Call | None:
        if not self._calls:
            return None
        latest_first = reversed(self._calls)
        if index is not None:
            return next((call for call in latest_first if call.index == index), None)
        if call_id:
            return next((call for call in latest_first if call.id == call_id), self._calls[-1])
        return self._calls[-1]

    @staticmethod
    def _begins(call: _Call, call_id: str, arguments: object) -> bool:
        if call_id and call.id and call_id != call.id:
            return True
        if call_id and call_id == call.id and not isinstance(arguments, str):
            return False
        begins = arguments if isinstance(arguments, str) else "{"
        return begins.lstrip().startswith("{") and _is_complete(call)


def tool_called(
    call_id: str, name: str, arguments: object, *, opaque: object = None, cut: bool = False
) -> ToolCalled:
    """Decode a call's arguments; what is no JSON object is kept as it came and marked invalid.

    `cut` says that the answer ended at its length limit: then nothing is not "no arguments".
    """
    decoded = arguments
    if isinstance(arguments, str):
        decoded = _object(arguments)
        if decoded is None and not arguments.strip() and not cut:
            decoded = {}
    invalid = not isinstance(decoded, dict)
    return ToolCalled(
        id=call_id,
        name=name,
        arguments=arguments if invalid else decoded,
        invalid=invalid,
        opaque=opaque,
    )


def arguments_text(arguments: object) -> str:
    """Give a call's arguments as the JSON text that history carries."""
    return arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode()


def made_id(seed: str, number: int) -> str:
    """Make an id for a call that came without, the same for the same answer."""
    digest = hashlib.blake2b(f"{seed}/{number}".encode(), digest_size=8).hexdigest()
    return f"call_{digest}"


def _object(text: str) -> dict[str, Any] | None:
    """Decode a JSON object; also one that was encoded twice."""
    try:
        decoded = msgspec.json.decode(text)
        if isinstance(decoded, str):
            decoded = msgspec.json.decode(decoded)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    return cast("dict[str, Any]", decoded) if isinstance(decoded, dict) else None


def _is_complete(call: _Call) -> bool:
    return call.whole is not None or _object("".join(call.arguments)) is not None
