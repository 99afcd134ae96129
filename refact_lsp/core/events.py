"""What a model's answer is made of, whatever wire it came over.

A well-formed stream ends with exactly one `Finished`. A stream without it was cut and is a failure;
`llm.client` raises a `RefactError` then, never a short answer.
"""

from collections.abc import Sequence
from typing import Any

from refact_lsp.core.types import FinishReason, Usage, Value


class TextDelta(Value, frozen=True, kw_only=True, tag="text"):
    """A piece of the answer."""

    delta: str


class ReasoningDelta(Value, frozen=True, kw_only=True, tag="reasoning"):
    """A piece of the thinking."""

    delta: str


class ReasoningSealed(Value, frozen=True, kw_only=True, tag="reasoningSealed"):
    """Ends the reasoning part before it.

    `opaque` is replayed to the vendor as it is; None where more parts of the same thinking follow.
    """

    opaque: Any


class ToolCalled(Value, frozen=True, kw_only=True, tag="toolCall"):
    """A complete call; `invalid` says that `arguments` is the raw text of broken JSON."""

    id: str
    name: str
    arguments: Any
    invalid: bool = False
    opaque: Any | None = None


class UsageReported(Value, frozen=True, kw_only=True, tag="usage"):
    """Totals so far; a later one replaces an earlier one."""

    usage: Usage


class Vectors(Value, frozen=True, kw_only=True, tag="vectors"):
    """Embeddings in the order of the inputs."""

    vectors: Sequence[Sequence[float]]


class Finished(Value, frozen=True, kw_only=True, tag="finished"):
    """The vendor's own end of the answer; `raw` is its word for the reason."""

    reason: FinishReason
    raw: str | None = None


Event = (
    TextDelta | ReasoningDelta | ReasoningSealed | ToolCalled | UsageReported | Vectors | Finished
)
