from refact_lsp.core.parts import TextPart
from refact_lsp.features.chat.keeping import title_of
from refact_lsp.features.chat.titles import tidy
from tests.rows import every_row


@every_row(
    ("answer", "title"),
    [
        ('"Why The Sky Is Blue"', "Why The Sky Is Blue"),
        ("\n\n**Sky** ", "Sky"),
        ("# Blue sky\nBecause of scattering.", "Blue sky"),
        ("Red\x1b[31m\tsky", "Red [31m sky"),
        ("", ""),
        ("   \n ", ""),
        ("I would be happy to write a title for this conversation, which is about skies.", ""),
    ],
)
def test_a_title_is_one_short_plain_line(answer: str, title: str):
    assert tidy(answer) == title


def test_a_thread_begins_with_its_first_words():
    assert title_of([TextPart(text=" why\n is it "), TextPart(text="blue")]) == "why is it blue"
    long = title_of([TextPart(text="word " * 40)])
    assert long.endswith("word…")
    assert len(long) <= 61
