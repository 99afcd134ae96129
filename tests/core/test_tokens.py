import base64
import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refact_lsp.core import tokens
from refact_lsp.core.tokens import (
    Calibration,
    Vocabularies,
    Vocabulary,
    estimate,
    learned,
    take_start,
)
from tests.characters import CHARACTERS

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


@given(st.text(CHARACTERS), st.text(CHARACTERS))
def test_more_text_is_never_fewer_tokens_than_its_longer_part(one: str, two: str):
    assert estimate(one + two) >= max(estimate(one), estimate(two)) - 3


@given(st.text(alphabet="ab \n(){}_=.é漢", max_size=4000), st.integers(-5, 400))
def test_what_is_taken_is_the_start_of_the_text(text: str, budget: int):
    assert text.startswith(take_start(text, budget))


@pytest.mark.parametrize("budget", [64, 256, 1000])
def test_what_is_taken_fills_the_budget_and_keeps_to_it(budget: int):
    assert 0.6 * budget < estimate(take_start(CODE * 3, budget)) < 1.2 * budget


def test_what_is_taken_ends_with_a_whole_line_where_it_can():
    assert take_start(CODE, 300).endswith("\n")


def test_a_text_within_the_budget_is_taken_whole():
    assert take_start("short\ntext", 100) == "short\ntext"
    assert take_start("anything", 0) == ""


def taught(calibration: Calibration, *reports: int) -> Calibration:
    for reported in reports:
        calibration = learned(calibration, estimated=1000, reported=reported)
    return calibration


def test_the_factor_moves_to_what_providers_report():
    calibration = taught(Calibration(factor=1.3), *[1480] * 30)
    assert calibration.factor == pytest.approx(1.48, abs=0.01)
    assert calibration.samples == 30


def test_a_far_factor_is_reached_step_by_step():
    assert taught(Calibration(factor=1.3), *[2400] * 40).factor == pytest.approx(2.4, abs=0.03)


def test_one_report_that_is_off_changes_little_however_early_it_comes():
    steady = taught(Calibration(factor=1.1), *[1100] * 20)
    assert taught(steady, 3900).factor == pytest.approx(1.1, rel=0.03)
    assert taught(Calibration(factor=1.1), 3900).factor == pytest.approx(1.1, rel=0.13)


@pytest.mark.parametrize(
    ("estimated", "reported"),
    [(10, 40), (1000, 0), (1000, 600), (1000, -7), (1000, 9000), (1000, 3), (1000, 10**30)],
)
def test_short_and_absurd_reports_teach_nothing(estimated: int, reported: int):
    before = Calibration(factor=1.1, samples=4)
    assert learned(before, estimated, reported) is before


def tiny(**changes: object) -> tuple[Vocabulary, bytes]:
    """A vocabulary of all bytes and the word "hello"."""
    words = [bytes([byte]) for byte in range(256)] + [b"he", b"ll", b"hell", b"hello"]
    lines = [f"{base64.b64encode(word).decode()} {rank}" for rank, word in enumerate(words)]
    content = "\n".join(lines).encode()
    given = {
        "encoding": "tiny",
        "url": "https://vocabularies.test/tiny",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "pattern": r"\w+|\W",
        **changes,
    }
    return Vocabulary(**given), content  # pyright: ignore[reportArgumentType]  # as given


def test_a_vocabulary_that_is_there_counts_exactly(tmp_path: Path):
    vocabulary, content = tiny()
    vocabularies = Vocabularies([tmp_path / "absent", tmp_path])
    assert not vocabularies.load(vocabulary)
    assert vocabularies.count("tiny", "hello") is None
    (tmp_path / vocabulary.file).write_bytes(content)
    assert vocabularies.load(vocabulary)
    assert vocabularies.count("tiny", "hello hello!") == 4
    assert vocabularies.count("tiny", "") == 0
    assert vocabularies.count(None, "text") is None


def test_a_file_with_another_content_is_never_used(tmp_path: Path):
    vocabulary, content = tiny()
    (tmp_path / vocabulary.file).write_bytes(content + b"\naGVsbG8h 999")
    assert not Vocabularies([tmp_path]).load(vocabulary)


def test_a_vocabulary_that_tiktoken_refuses_is_as_good_as_absent(tmp_path: Path):
    vocabulary, content = tiny(pattern="(")
    (tmp_path / vocabulary.file).write_bytes(content)
    assert not Vocabularies([tmp_path]).load(vocabulary)


def test_a_file_that_is_not_the_vocabulary_is_left_alone_and_not_fetched_anew(tmp_path: Path):
    vocabulary, _ = tiny(encoding="o200k_base", pattern=None)
    file = tmp_path / vocabulary.file
    file.write_bytes(b"not a vocabulary")
    assert not Vocabularies([tmp_path]).load(vocabulary)
    assert file.read_bytes() == b"not a vocabulary"
