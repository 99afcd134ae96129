"""Why a place got no completion, in words."""

from collections.abc import Mapping
from typing import Any

_WORDS = {
    "disabled": "completion is off; refact-lsp settings set completion.enabled true",
    "excluded": "a privacy rule keeps this file back; refact-lsp privacy check says which",
    "glob": "the settings switch completion off for this path; refact-lsp settings show",
    "language": "the settings switch completion off for this language; refact-lsp settings show",
    "noModel": "no model serves completion; refact-lsp status says why",
    "notConfident": "the model is not sure enough of what comes here",
    "quiet": "the model is not nearly sure, and completion.quiet is set",
    "tooLarge": "the file or the line is too large",
}


def why(trace: Mapping[str, Any]) -> str:
    """Say it in words; a reason that is about one answer alone stays the protocol's word."""
    if problem := trace.get("problem"):
        return " ".join(filter(None, (problem["message"], problem.get("hint")))).rstrip(".")
    dropped = trace.get("dropped") or "noModel"
    return _WORDS.get(dropped, f"the answer was dropped: {dropped}")
