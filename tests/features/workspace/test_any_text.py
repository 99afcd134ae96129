"""Whatever stands in files and documents: an answer is one line that fits, or there is none."""

import hypothesis.strategies as st
from hypothesis import given

from refact_lsp.core.text import Snapshot
from refact_lsp.features.completion.workspace.model import WorkspaceModel
from tests.features.workspace.texts import index_texts

PIECE = st.sampled_from(
    [
        "a",
        "bc",
        "naïve_名",
        "(",
        ")",
        " ",
        "  ",
        "\t",
        "\u2028",
        "\x00",
        "\x1c",
        "\ud800",
        '"',
        "::",
        "9",
    ]
)
LINE = st.lists(PIECE, max_size=12).map("".join)
ENDING = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.lists(LINE, max_size=12), st.lists(st.tuples(LINE, ENDING), max_size=12), st.data())
def test_an_answer_is_one_line_that_fits(
    known: list[str], document: list[tuple[str, str]], data: st.DataObject
):
    model = WorkspaceModel()
    model.use(index_texts([("/p/a", known), ("/p/b", known)]))
    lines = [text + ending for text, ending in document] + [data.draw(LINE)]
    for _ in range(4):
        line = data.draw(st.integers(0, len(lines) - 1))
        bare = lines[line].rstrip("\r\n")
        column = data.draw(st.integers(0, len(bare)))
        snapshot = Snapshot(
            uri="file:///p/a",
            path="/p/a",
            language="",
            version=None,
            lines=list(lines),
            line=line,
            column=column,
        )
        guess = model.complete(snapshot, 0.0)
        if guess:
            assert len(guess.text.strip()) >= 3
            assert not set(guess.text) & set("\r\n\u2028\x1c")
            assert set(bare[column:].rstrip()) <= set(')": ')
            assert 0 < guess.probability < 1
            lines[line] = bare[:column] + guess.text + lines[line][column:]
        else:
            lines[line] = data.draw(LINE) + lines[line]
