"""The figures that need real code: cut holes, context, and the embedded model on real commits.

The folders are checked-out git repositories. Without any, holes are made in the packages that are
installed here, and the others look at this project alone: those samples are small.
"""

import statistics
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.bench import context, holes_report, workspace
from tests.bench.context_cases import Checkout, cases_of, workplace
from tests.bench.context_rivals import Rivals
from tests.bench.figure import Figure, UnmeasuredError, at_least, at_most, beside, quantile
from tests.bench.hole_kinds import LANGUAGES, make_holes
from tests.bench.hole_policies import POLICIES
from tests.bench.hole_results import CELL_GOAL, decidable, share
from tests.bench.holes import broken_elsewhere, measure_all
from tests.bench.replay import Replay, Repository
from tests.bench.trigram import Trigram
from tests.bench.workspace_fit import FITTED_ON

SEED = 7
PROJECT = Path(__file__).parents[2]
HOLES_PER_KIND, HOLES_WANTED = 45, 1500
CASES, WALKS, REPOSITORIES_WANTED = 32, 4, 15
LINES_WANTED, COMMITS, REPLAYED_WANTED = 1000, 9, 5
BUILDS = 6
BUDGET = 1500


def hole_figures(folders: Sequence[Path]) -> list[Figure]:
    """Cut over-long streams in holes of real code, in whole files and in broken ones."""
    made = [
        hole
        for language in LANGUAGES
        for hole in make_holes(
            list(folders or [Path(sysconfig.get_path("purelib"))]), language, HOLES_PER_KIND, SEED
        )
    ]
    _tell(f"{len(made)} holes")
    measured = {name: decidable(of) for name, of in measure_all(POLICIES, made, SEED).items()}
    _tell("the same in files that are broken elsewhere")
    broken = [hole for hole in map(broken_elsewhere, made) if hole]
    elsewhere = decidable(measure_all(("default",), broken, SEED, clean=made)["default"])
    strict, default = measured["strict"], measured["default"]
    waste = [result.waste for result in default if result.waste is not None]
    found = [
        _enough("holes", len(made), HOLES_WANTED),
        _enough("languages with holes", len({hole.language for hole in made}), len(LANGUAGES)),
        *holes_report.figures(strict, default, elsewhere),
        at_most(
            f"tokens read after the end of {len(waste)} middles, median", _median(waste), 3, ""
        ),
        at_most("tokens read after the end of the middles, p90", quantile(waste, 0.9), 20, ""),
    ]
    found += [
        beside(f"exact, {policy} only", share(measured[policy], "exact"))
        for policy in ("newline", "indentation")
    ]
    for language in LANGUAGES:
        rows = [result for result in default if result.language == language]
        if rows:
            found.append(
                at_least(f"exact, {language}, {len(rows)} streams", share(rows, "exact"), CELL_GOAL)
            )
    return found


def context_figures(folders: Sequence[Path]) -> list[Figure]:
    """Look whether the definition that the next line needs is in the prompt."""
    tally = context.Tally()
    used: set[str] = set()
    with workplace() as work:
        for folder in folders or [PROJECT]:
            checkout = Checkout(str(folder), Path(work))
            cases = cases_of(checkout, CASES, SEED)
            if not cases:
                continue
            _tell(f"{checkout.name}: {len(cases)} cases")
            used.add(checkout.name)
            rivals = Rivals(checkout)
            for case in cases:
                tally.repositories[case.language].add(checkout.name)
                context.judge(checkout, rivals, case, tally, SEED)
            for case in cases[:: max(1, len(cases) // WALKS)][:WALKS]:
                context.walk(checkout, case, tally)
    if not used:
        raise UnmeasuredError("no folder has a line that uses a definition of another file")
    found = [_enough("repositories with cross-file uses", len(used), REPOSITORIES_WANTED)]
    for language, goal in context.GOALS.items():
        if tally.repositories[language]:
            found += _language_figures(tally, language, goal)
    kept = [share for shares in tally.kept.values() for share in shares]
    found.append(at_least("context kept from line to line", statistics.mean(kept), 90))
    ends = 100 * statistics.mean(tally.ends)
    found.append(beside(f"definition there at the end of {len(tally.ends)} walks", ends))
    return found


def _language_figures(tally: context.Tally, language: str, goal: float) -> Iterator[Figure]:
    count = sum(tally.cases[language, stratum] for stratum in context.STRATA)
    shares = {source: tally.share(language, source, BUDGET) for source in context.SOURCES}
    ours, jaccard = shares["product"], shares["jaccard"]
    name = f"{language}: needed definition in {BUDGET} tokens, {count} uses"
    yield at_least(name, ours, goal)
    times = ours / max(jaccard, 100 / max(1, count))  # where Jaccard finds none, one of all
    yield at_least(f"{language}: times Jaccard's share", times, context.JACCARD_GOAL, "")
    for rival in context.SOURCES:
        if rival != "product":
            yield beside(f"{language}: {rival}", shares[rival])


def workspace_figures(folders: Sequence[Path]) -> list[Figure]:
    """Type the lines of real commits with the model that knows their parents."""
    every = workspace.new_figures()
    repositories = [
        Repository(str(folder.resolve()))
        for folder in folders or [PROJECT]
        if folder.name not in FITTED_ON and (folder / ".git").exists()
    ]
    used = _replayed(repositories, every)
    if not used:
        raise UnmeasuredError("no folder has a history that the model was not fitted on")
    found = [
        _enough("repositories replayed, none of them fitted on", len(used), REPLAYED_WANTED),
        _enough("lines typed", every.default.lines, LINES_WANTED),
    ]
    for name, tally in (("default", every.default), ("quiet", every.quiet)):
        exact, saved, wrong = workspace.GOALS[name]
        found += [
            at_least(f"{name}: shown lines exact", 100 * tally.precision, exact),
            at_least(f"{name}: saved a 1000 typed", tally.per_thousand(tally.saved), saved, ""),
            at_most(f"{name}: wrong a 1000 typed", tally.per_thousand(tally.wrong), wrong, ""),
        ]
    threshold, trigram = workspace.best_trigram(every)
    found += [
        beside(f"3-gram at {threshold}: shown lines exact", 100 * trigram.precision),
        beside("3-gram: saved a 1000 typed", trigram.per_thousand(trigram.saved), ""),
        beside("3-gram: wrong a 1000 typed", trigram.per_thousand(trigram.wrong), ""),
        at_most(
            f"processor time of {len(every.cpu_ms)} questions, p95",
            quantile(every.cpu_ms, 0.95),
            workspace.CPU_GOAL_MS,
            "ms",
        ),
    ]
    return [*found, *_build_figures(used)]


def _replayed(repositories: Sequence[Repository], figures: workspace.Figures) -> list[Repository]:
    """Replay one commit of each in turn, until there are lines enough and each had its turn."""
    sources = [(each, each.replays(SEED, COMMITS)) for each in repositories]
    trigrams: dict[str, Trigram] = {}
    used: dict[str, Repository] = {}
    for _ in range(COMMITS):
        for repository, replays in sources:
            replay: Replay | None = next(replays, None)
            if replay is None:
                continue
            trigram = trigrams.setdefault(repository.name, Trigram(replay.vocabulary))
            workspace.run(replay, trigram, figures)
            used[repository.name] = repository
        _tell(f"{figures.default.lines} lines of {len(used)} repositories typed")
        if figures.default.lines >= LINES_WANTED:
            break
    return list(used.values())


def _build_figures(repositories: Sequence[Repository]) -> Iterator[Figure]:
    _tell("building indexes")
    built = [workspace.measure_build(each) for each in repositories[:BUILDS]]
    millions = sum(each.tokens for each in built) / 1e6
    memory = sum(each.resident_bytes for each in built) / 1e6 / millions
    build_s = sum(each.build_s for each in built) / millions
    name = f"a million tokens, of {millions:.1f} in {len(built)} indexes"
    yield at_most(f"{name}: memory", memory, workspace.MEMORY_GOAL_MB, "MB")
    yield at_most(f"{name}: processor time to build", build_s, workspace.BUILD_GOAL_S, "s")


def _enough(name: str, count: int, wanted: int) -> Figure:
    return Figure(name, f"{count:,}", f"at least {wanted:,}", count >= wanted)


def _median(values: Sequence[int]) -> float:
    return statistics.median(values) if values else 0.0


def _tell(what: str) -> None:
    print(f"  … {what}", file=sys.stderr, flush=True)
