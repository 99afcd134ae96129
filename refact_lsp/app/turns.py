"""Which providers on this machine are busy with a chat, so that completion waits its turn."""

import asyncio
from collections import Counter
from collections.abc import Generator
from contextlib import contextmanager


class ChatTurns:
    """Counts the chats under way by provider."""

    def __init__(self) -> None:
        self._running: Counter[str] = Counter()
        self._ended = asyncio.Event()

    @contextmanager
    def chatting(self, provider: str) -> Generator[None]:
        """Hold while a chat of a provider runs."""
        self._running[provider] += 1
        try:
            yield
        finally:
            self._running[provider] -= 1
            self._ended.set()
            self._ended = asyncio.Event()

    async def quiet(self, provider: str) -> None:
        """Wait until no chat of a provider runs."""
        while self._running[provider]:
            await self._ended.wait()
