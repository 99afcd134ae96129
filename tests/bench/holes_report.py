"""Prints what came of streams into holes: one run says everything that the goals ask for."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from tests.bench.figure import Figure, at_least, at_most
from tests.bench.hole_kinds import KINDS, LANGUAGES
from tests.bench.hole_results import CELL_GOAL, ELSEWHERE_GOAL, GOALS, OUTCOMES, Result, share

Results = Sequence[Result]
_REASONS = 8


def show(measured: Mapping[str, Results], elsewhere: Results, apart: Mapping[str, Results]) -> None:
    """Print every policy whole and in parts, then the figures with their goals."""
    print("\nAll kinds and languages")
    for policy, results in measured.items():
        _line(policy, results)
    _line("default, file broken elsewhere", elsewhere)
    for name, results in apart.items():
        _line(name, results)
    for policy in ("strict", "default"):
        print(f"\n{policy} guard by language, kind and what was written too much")
        for part in ("language", "kind", "variant"):
            for name, results in _parts(measured[policy], part):
                _line(f"  {name}", results)
    for policy, results in measured.items():
        print(f"\nExact by language and kind: {policy}")
        _table(results)
    print("\nExact by language and kind: default, file broken elsewhere")
    _table(elsewhere)
    print("\nSuppressed, default guard, by reason")
    reasons = Counter(one.reason for one in measured["default"] if one.outcome == "empty")
    for reason, count in reasons.most_common(_REASONS):
        print(f"  {count:6}  {reason}")
    print("\nGoals")
    for figure in figures(measured["strict"], measured["default"], elsewhere):
        mark = "ok  " if figure.holds else "MISS"
        print(f"  {mark} {figure.name:44} {figure.value:>10}   {figure.goal}")


def figures(strict: Results, default: Results, elsewhere: Results) -> list[Figure]:
    """Hold the shares against their goals."""
    cells = {
        f"{language} {kind}": share(cell, "exact")
        for language, rows in _parts(default, "language")
        for kind, cell in _parts(rows, "kind")
    }
    worst = min(cells, key=lambda name: cells[name], default="none")
    found: list[Figure] = []
    for name, results in (("strict", strict), ("default", default)):
        found.append(at_least(f"exact, {name}", share(results, "exact"), GOALS["exact"]))
        found += [
            at_most(f"{outcome}, {name}", share(results, outcome), GOALS[outcome])
            for outcome in ("over", "doubled", "empty")
        ]
    found.append(at_most("broken, strict", share(strict, "broken"), GOALS["broken"]))
    found.append(at_least(f"worst cell ({worst}), default", cells.get(worst, 0.0), CELL_GOAL))
    found.append(
        at_least("exact, file broken elsewhere", share(elsewhere, "exact"), ELSEWHERE_GOAL)
    )
    return found


def show_failures(results: Results, count: int) -> None:
    """Show holes that were not cut exactly, one stream of each."""
    bad = {
        (result.hole.source, len(result.hole.prefix), result.outcome): result
        for result in results
        if result.outcome != "exact"
    }
    for result in list(bad.values())[:count]:
        hole = result.hole
        print("=" * 100)
        print(result.language, result.kind, result.hole_variant, result.variant, result.outcome)
        print(hole.source, "cut by", result.reason)
        print("prefix ", repr(hole.prefix[-160:]))
        print("middle ", repr(hole.middle))
        print("shown  ", repr(result.shown))
        print("suffix ", repr(hole.suffix[:160]))


def _parts(results: Results, part: str) -> Iterator[tuple[str, list[Result]]]:
    found: dict[str, list[Result]] = {}
    for result in results:
        found.setdefault(getattr(result, part), []).append(result)
    yield from found.items()


def _line(name: str, results: Results) -> None:
    wastes = sorted(result.waste for result in results if result.waste is not None)
    shares = "  ".join(f"{outcome} {share(results, outcome):5.2f}" for outcome in OUTCOMES)
    waste = f"{wastes[len(wastes) // 2]}/{wastes[len(wastes) * 9 // 10]}" if wastes else "-"
    print(f"{name:34} {shares}  waste p50/p90 {waste}  n {len(results)}")


def _table(results: Results) -> None:
    print(f"{'':12}" + "".join(f"{kind:>9}" for kind in (*KINDS, "all")))
    for language in LANGUAGES:
        rows = [result for result in results if result.language == language]
        if rows:
            _row(language, rows)
    _row("all", results)


def _row(name: str, rows: Results) -> None:
    cells = [[result for result in rows if result.kind == kind] for kind in KINDS]
    print(f"{name:12}" + "".join(f"{share(cell, 'exact'):9.1f}" for cell in (*cells, rows)))
