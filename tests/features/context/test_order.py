"""The same state gives the same context, in whatever process: prompts then begin alike."""

import os
import subprocess
import sys

from tests.features.context import one_ranking
from tests.features.context.graphs import read


def ranked_with(seed: int) -> str:
    """Rank in a process of its own, with a seed for the order of sets."""
    return subprocess.run(
        [sys.executable, "-m", one_ranking.__name__],
        env={**os.environ, "PYTHONHASHSEED": str(seed)},
        check=True,
        capture_output=True,
        text=True,
    ).stdout


def test_no_order_depends_on_the_process():
    first = ranked_with(0)
    assert first.count("source='siblings'") > 10
    assert [ranked_with(seed) for seed in (1, 2)] == [first, first]


def test_imports_come_in_the_order_in_which_they_are_written():
    text = "".join(f"from lock_{n} import turn\n" for n in range(60))
    assert [taken.start for taken in read("/w/a.py", text).imports] == list(range(60))
