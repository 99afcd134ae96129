"""What requests may still cost: asked before each, settled after it, across all windows."""

import secrets
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from refact_lsp.core.types import Usage
from refact_lsp.store.budgets import Budget, BudgetGuard, budgets
from refact_lsp.store.database import Database
from refact_lsp.store.holds import hold, let_go
from refact_lsp.store.rows import Connection
from refact_lsp.store.usage import record_usage

_NUMBER_BITS = 62  # what SQLite takes for a row's number


class Spending:
    """Guards the caps. `write_down` runs book-keeping behind."""

    def __init__(
        self, database: Database, write_down: Callable[[Coroutine[Any, Any, None]], None]
    ) -> None:
        self._database = database
        self._write_down = write_down
        self._guard = BudgetGuard()
        self._owner = secrets.token_hex(8)
        self._holds: dict[int, int] = {}  # by ticket

    def read(self, connection: Connection) -> list[Budget]:
        """Read the caps as they stand, with what other windows have under way."""
        return budgets(connection, at=datetime.now(UTC), owner=self._owner)

    def refresh(self, found: list[Budget]) -> None:
        """Take over what `read` gave."""
        self._guard.refresh(found)

    def reserve_now(self, provider: str, micros: int | None) -> int:
        """Let a request through by what is known in memory; raises `budget`."""
        return self._guard.reserve(provider, micros, at=datetime.now(UTC))

    async def reserve(self, provider: str, micros: int | None) -> int:
        """Let a request through and tell the other windows of it; raises `budget`.

        None is a request of unknown price. Without a cap for the provider nothing is written.
        """
        if not self._guard.is_capped(provider):
            return self.reserve_now(provider, micros)
        number, now = secrets.randbits(_NUMBER_BITS), datetime.now(UTC)

        def ask(connection: Connection) -> list[Budget]:
            hold(connection, number, self._owner, provider, micros or 0, at=now)
            return self.read(connection)

        try:
            self.refresh(await self._database.write(ask))
            ticket = self.reserve_now(provider, micros)
        except BaseException:  # a cancelled write is written all the same
            self._free(number)
            raise
        self._holds[ticket] = number
        return ticket

    def release(self, ticket: int) -> None:
        """Free what a request held that cost nothing."""
        self._guard.release(ticket)
        number = self._holds.pop(ticket, None)
        if number is not None:
            self._free(number)

    async def settle(
        self, ticket: int, provider: str, model: str, role: str, usage: Usage, cost: int | None
    ) -> None:
        """Write down what a request cost, in the place of what it held."""
        number = self._holds.pop(ticket, None)

        def write(connection: Connection) -> list[Budget]:
            record_usage(
                connection,
                at=datetime.now(UTC),
                provider=provider,
                model=model,
                role=role,
                usage=usage,
                cost_micros=cost,
            )
            if number is not None:
                let_go(connection, number)
            return self.read(connection)

        try:
            self.refresh(await self._database.write(write))
        finally:
            self._guard.release(ticket)

    def _free(self, number: int) -> None:
        self._write_down(self._database.write(lambda connection: let_go(connection, number)))
