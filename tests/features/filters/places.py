"""The filters as the tests ask them: the cursor is the one `‸` of a text."""

from refact_lsp.core.syntax import Syntax
from refact_lsp.features.completion.filters.polish import Polishing, Scene, polished
from refact_lsp.features.completion.filters.reasons import Dropped, Shown
from tests.features.snapshots import at_cursor

PLAIN = Polishing()


def judged(
    answer: str, document: str, language: str = "python", polishing: Polishing = PLAIN
) -> Shown | Dropped:
    """What comes of an answer at a document's cursor."""
    return polished(answer, Scene(at_cursor(document, language), polishing), Syntax())


def shown(
    answer: str, document: str, language: str = "python", polishing: Polishing = PLAIN
) -> Shown:
    """What is shown of an answer that is not dropped."""
    found = judged(answer, document, language, polishing)
    assert isinstance(found, Shown)
    return found
