"""A secret value that does not show itself, and the mask that front ends see."""

from typing import Any, Literal, NoReturn

SecretSource = Literal["keyring", "file", "env", "command", "oauth"]

# Only a longer secret shows its last characters: of a short one they would be most of it.
_HINT_ABOVE = 12
_HINT_CHARS = 4


class Secret:
    """A value and where it came from. Only `reveal` gives the value; printing never does."""

    __slots__ = ("_value", "source")

    def __init__(self, value: str, source: SecretSource) -> None:
        self._value = value
        self.source: SecretSource = source

    def reveal(self) -> str:
        """Give the value, to be sent to the provider's own host and nowhere else."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret(source={self.source!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    __hash__ = None  # pyright: ignore[reportAssignmentType]  # a set of secrets is never wanted

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not written down")


def mask(value: str | None) -> dict[str, Any]:
    """Show a stored secret as the protocol does; a reference is not resolved and has no hint."""
    shown: dict[str, Any] = {"secret": True, "set": value is not None}
    if value is not None and not is_reference(value) and len(value) > _HINT_ABOVE:
        shown["hint"] = value[-_HINT_CHARS:]
    return shown


def is_reference(value: str) -> bool:
    """Whether the value names a place (`env:`, `cmd:`, `file:`) where the secret is."""
    return value.startswith(("env:", "cmd:", "file:"))
