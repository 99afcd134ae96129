"""Which roles a model can serve at all. Pure."""

from collections.abc import Mapping

from refact_lsp.core.types import Capabilities, Role

_CHATTING: tuple[Role, ...] = ("chat", "light", "thinking", "buddy")
_NOT_CHATTING: Mapping[str, str] = {
    "embedding": "it makes vectors, not text.",
    "completion": "it completes code and does not chat.",
    "next-edit": "it predicts edits and does not chat.",
}


def ineligible(capabilities: Capabilities, kind: str) -> dict[Role, str]:
    """Give the roles that a model cannot serve, each with the reason."""
    found: dict[Role, str] = {}
    if (reason := _NOT_CHATTING.get(kind)) is not None:
        found.update(dict.fromkeys(_CHATTING, reason))
    if capabilities.completion.method == "none":
        found["completion"] = "no way to fill in the middle is known for it."
    if capabilities.embedding is None:
        found["embedding"] = "it makes no vectors."
    return found
