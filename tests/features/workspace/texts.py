"""A workspace's index made of texts, without files."""

from collections.abc import Iterable, Sequence

from refact_lsp.features.completion.workspace.build import FileTokens, assemble
from refact_lsp.features.completion.workspace.index import WorkspaceIndex
from refact_lsp.features.completion.workspace.tokens import Vocabulary, text_tokens


def index_texts(texts: Iterable[tuple[str, Sequence[str]]]) -> WorkspaceIndex:
    """Index (path, lines)."""
    vocabulary = Vocabulary()
    read = [FileTokens(path, 0, 0, *text_tokens(vocabulary, lines)) for path, lines in texts]
    return assemble(vocabulary, read)
