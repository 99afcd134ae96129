"""The cutter and the filters together, on holes in the project's own code."""

from pathlib import Path

import refact_lsp
from tests.bench.hole_kinds import KINDS, make_holes
from tests.bench.hole_results import decidable, share
from tests.bench.holes import measure

OWN_CODE = Path(refact_lsp.__file__).parent / "core"


def test_streams_into_our_own_code_are_cut_exactly():
    holes = make_holes([OWN_CODE], "python", 5, seed=3)
    results = decidable(measure("strict", holes, seed=3))
    assert {result.kind for result in results} == set(KINDS)
    assert share(results, "exact") >= 90
    assert share(results, "doubled") == 0
    assert share(results, "broken") == 0
