"""The figures that need other people's code, each on a small sample of it.

The folders are checked-out git repositories. `tests.bench.holes`, `context` and `workspace`
measure the same on large samples, with rivals beside them.
"""

import statistics
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from tests.bench import context, workspace
from tests.bench.context_cases import Checkout, cases_of, workplace
from tests.bench.context_rivals import Rivals
from tests.bench.figure import Figure, at_least, at_most
from tests.bench.hole_kinds import LANGUAGES, make_holes
from tests.bench.hole_results import GOALS, decidable, share
from tests.bench.holes import measure_all
from tests.bench.replay import Repository
from tests.bench.trigram import Trigram

SEED = 7
HOLES_PER_KIND = 4
CASES, WALKS = 10, 2
COMMITS = 2
BUDGET = 1500


async def hole_figures(folders: Sequence[Path]) -> list[Figure]:
    """Cut over-long streams in holes of real code."""
    made = [
        hole
        for language in LANGUAGES
        for hole in make_holes(list(folders), language, HOLES_PER_KIND, SEED)
    ]
    measured = measure_all(("strict", "default"), made, SEED)
    strict, results = decidable(measured["strict"]), decidable(measured["default"])
    name = f"of {len(results)} streams into {len(made)} holes"
    return [
        at_least(f"cut exactly {name}", share(results, "exact"), GOALS["exact"]),
        *(
            at_most(f"{outcome} {name}", share(results, outcome), GOALS[outcome])
            for outcome in ("over", "doubled", "empty")
        ),
        at_most(f"broken {name}, strict", share(strict, "broken"), GOALS["broken"]),
    ]


async def context_figures(folders: Sequence[Path]) -> list[Figure]:
    """Look whether the definition that the next line needs is in the prompt."""
    tally = context.Tally()
    with workplace() as work:
        for folder in folders:
            checkout = Checkout(str(folder), Path(work))
            cases = cases_of(checkout, CASES, SEED)
            rivals = Rivals(checkout)
            for case in cases:
                tally.repositories[case.language].add(checkout.name)
                context.judge(checkout, rivals, case, tally, SEED)
            for case in cases[:WALKS]:
                context.walk(checkout, case, tally)
    figures = [
        at_least(
            f"{language}: needed definition in {BUDGET} tokens",
            tally.share(language, "product", BUDGET),
            goal,
        )
        for language, goal in context.GOALS.items()
        if tally.repositories[language]
    ]
    if kept := [share for shares in tally.kept.values() for share in shares]:
        figures.append(
            at_least("context kept from line to line", statistics.mean(kept), context.KEPT_GOAL)
        )
    return figures


async def workspace_figures(folders: Sequence[Path]) -> list[Figure]:
    """Type the lines of real commits with the model that knows their parents."""
    every = workspace.new_figures()
    for folder in folders:
        repository = Repository(str(folder.resolve()))
        trigram: Trigram | None = None
        for replay in islice(repository.replays(SEED, COMMITS), COMMITS):
            trigram = trigram or Trigram(replay.vocabulary)
            workspace.run(replay, trigram, every)
    figures: list[Figure] = []
    for name, tally, exact, saved, wrong in (
        ("default", every.default, 60, 55, 5),
        ("quiet", every.quiet, 70, 30, 2.5),
    ):
        sample = f"{name}, {tally.lines} lines"
        figures += [
            at_least(f"workspace model exact ({sample})", 100 * tally.precision, exact),
            at_least(
                f"workspace model saved ({sample})",
                tally.per_thousand(tally.saved),
                saved,
                "characters per 1000",
            ),
            at_most(
                f"workspace model wrong ({sample})",
                tally.per_thousand(tally.wrong),
                wrong,
                "per 1000 characters",
            ),
        ]
    if spent := sorted(every.cpu_ms):
        p95 = spent[int(len(spent) * 0.95)]
        figures.append(at_most("workspace model's processor time, p95", p95, 10, "ms"))
    return figures
