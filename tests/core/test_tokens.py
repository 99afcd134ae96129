import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core import tokens
from refact_lsp.core.tokens import (
    Calibration,
    Vocabularies,
    estimate,
    learned,
    take_end,
    take_start,
)

CODE = Path(tokens.__file__).read_text("utf-8")


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("", 0, 0),
        ("x", 1, 1),
        ("def add(a, b):\n    return a + b\n", 10, 16),
        ("a" * 9000, 1000, 4000),
        ("日本語のコメント", 4, 12),
        ("\ud800", 1, 3),
    ],
)
def test_an_estimate_is_near_what_vocabularies_count(text: str, least: int, most: int):
    assert least <= estimate(text) <= most


@given(st.text(), st.text())
def test_more_text_is_never_fewer_tokens_than_its_longer_part(one: str, two: str):
    assert estimate(one + two) >= max(estimate(one), estimate(two)) - 3


@given(st.text(alphabet="ab \n(){}_=.é漢", max_size=4000), st.integers(-5, 400))
def test_what_is_taken_is_an_edge_of_the_text(text: str, budget: int):
    assert text.endswith(take_end(text, budget))
    assert text.startswith(take_start(text, budget))


@pytest.mark.parametrize("budget", [64, 256, 1000])
@pytest.mark.parametrize("factor", [1.0, 1.5])
def test_what_is_taken_fills_the_budget_and_keeps_to_it(budget: int, factor: float):
    text = CODE * 3
    for taken in (take_end(text, budget, factor=factor), take_start(text, budget, factor=factor)):
        assert 0.6 * budget < estimate(taken) * factor < 1.2 * budget


def test_what_is_taken_begins_and_ends_with_whole_lines_where_it_can():
    end, start = take_end(CODE, 300), take_start(CODE, 300)
    assert CODE[len(CODE) - len(end) - 1] == "\n"
    assert start.endswith("\n")


def test_a_text_within_the_budget_is_taken_whole():
    assert take_end("short\ntext", 100) == "short\ntext"
    assert take_start("short\ntext", 100) == "short\ntext"
    assert take_end("anything", 0) == ""


def test_the_factor_moves_to_what_providers_report():
    calibration = Calibration(factor=1.3)
    for _ in range(30):
        calibration = learned(calibration, estimated=1000, reported=1480)
    assert calibration.factor == pytest.approx(1.48, abs=0.01)
    assert calibration.samples == 30


@pytest.mark.parametrize(("estimated", "reported"), [(10, 40), (1000, 0), (1000, 9000), (1000, 3)])
def test_short_and_absurd_reports_teach_nothing(estimated: int, reported: int):
    before = Calibration(factor=1.1, samples=4)
    assert learned(before, estimated, reported) is before


def test_without_a_folder_nothing_is_loaded_or_fetched():
    vocabularies = Vocabularies(None)
    assert vocabularies.available() == ()
    assert not vocabularies.load("o200k_base")
    assert vocabularies.count("o200k_base", "text") is None
    assert vocabularies.count(None, "text") is None


def test_a_file_that_is_not_the_vocabulary_is_left_alone_and_not_fetched_anew(tmp_path: Path):
    file = (
        tmp_path
        / hashlib.sha1(  # noqa: S324  — how tiktoken names its files
            b"https://openaipublic.blob.core.windows.net/encodings/o200k_base.tiktoken"
        ).hexdigest()
    )
    file.write_bytes(b"not a vocabulary")
    vocabularies = Vocabularies(tmp_path)
    assert "o200k_base" in vocabularies.available()
    assert not vocabularies.load("o200k_base")
    assert not vocabularies.load("unheard-of")
    assert file.read_bytes() == b"not a vocabulary"
