"""The moment from which a client asks for what was."""

from datetime import UTC, datetime

from refact_lsp.core.problems import refuse


def moment(text: str | None) -> datetime | None:
    """Read a day or a time (ISO 8601); one without a zone is UTC.

    Raises:
        RefactError: `invalidRequest`, naming the field `since`.
    """
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise refuse(
            "invalidRequest",
            f"{text!r} is no day or time.",
            "Write it as 2026-11-01 or 2026-11-01T08:00:00Z.",
            field="since",
        ) from None
