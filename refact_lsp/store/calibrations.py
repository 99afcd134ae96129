"""How many tokens a model's provider counts for one that is estimated here, as it was learned."""

import msgspec

from refact_lsp.core.tokens import Calibration, is_plausible
from refact_lsp.store.rows import Connection, fetch


class _Row(msgspec.Struct, frozen=True, kw_only=True):
    provider: str
    model: str
    factor: float
    samples: int


def all_calibrations(connection: Connection) -> dict[tuple[str, str], Calibration]:
    """Read them by provider and model; one that cannot be true is left out."""
    rows = fetch(connection, "SELECT * FROM calibrations", (), _Row)
    return {
        (row.provider, row.model): Calibration(factor=row.factor, samples=row.samples)
        for row in rows
        if is_plausible(row.factor)
    }


def keep_calibration(
    connection: Connection, provider: str, model: str, calibration: Calibration
) -> None:
    """Keep one, in the place of what was known before."""
    connection.execute(
        "INSERT OR REPLACE INTO calibrations VALUES (?, ?, ?, ?)",
        (provider, model, calibration.factor, calibration.samples),
    )
