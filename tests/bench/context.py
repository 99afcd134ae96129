"""Is the definition that the next line needs in the prompt? Cross-file uses of real repositories.

    python -m tests.bench.context REPOSITORY ... [--cases N] [--walks N] [--seed N]

Repositories are git folders (bare or not) or plain folders. A share is of cases in whose context
all lines of the needed definition's signature stand, at 500, 1,500 and 3,000 tokens as the product
estimates them; the path of each file is charged. Walks move the cursor down nine lines that are
being typed, and measure how much of the context's beginning stays. "Not imported yet" are first
uses in a file as it was before anything in it named or imported what the line needs. No model is
run.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from refact_lsp.core.tokens import estimate
from refact_lsp.features.context.ranking import Item, fused, ranked_items
from refact_lsp.features.context.scene import Scene
from refact_lsp.features.context.shelf import Shelf
from refact_lsp.features.context.sources import SOURCES as PRODUCT
from refact_lsp.features.context.sources import imported_names
from tests.bench.context_cases import STRATA, Case, Checkout, cases_of, workplace
from tests.bench.context_rivals import Rivals, Window

BUDGETS = (500, 1500, 3000)
SOURCES = ("random", "jaccard", "bm25", "imports", "no index", "product")
GOALS = {"Python": 85, "TypeScript": 78, "Go": 80, "Rust": 76}
JACCARD_GOAL = 5.0
KEPT_GOAL = 90
WALK_LINES = 9

Rows = dict[str, set[int]]


def holds(case: Case, rows: Rows) -> bool:
    return any(gold <= rows.get(path, set()) for path, gold in case.gold)


def fill_windows(checkout: Checkout, windows: Iterable[Window], budget: int) -> Rows:
    """Take windows in their order, the last one cut where the budget ends."""
    placed: Rows = {}
    for path, rows in windows:
        have = placed.get(path)
        if have is None:
            budget -= estimate(checkout.label(path)) + 2
            have = placed[path] = set()
        for row in rows:
            if row in have:
                continue
            budget -= estimate(checkout.texts[path][row] + "\n")
            if budget < 0:
                return placed
            have.add(row)
    return placed


def fill_items(checkout: Checkout, items: Sequence[Item], budget: int) -> Rows:
    shelf = Shelf(budget)
    shelf.update(items, checkout.lines_of, checkout.label)
    return rows_on(shelf)


def rows_on(shelf: Shelf) -> Rows:
    rows: Rows = defaultdict(set)
    for block in shelf.blocks:
        rows[block.path].update(block.rows)
    return rows


class Tally:
    """Hits by language, source, budget and stratum."""

    def __init__(self) -> None:
        self.cases: dict[tuple[str, str], int] = defaultdict(int)
        self.hits: dict[tuple[str, str, int, str], int] = defaultdict(int)
        self.unmentioned: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
        self.kept: dict[str, list[float]] = defaultdict(list)
        self.ends: list[bool] = []
        self.rank_ms: list[float] = []
        self.fill_ms: list[float] = []
        self.repositories: dict[str, set[str]] = defaultdict(set)

    def add(self, case: Case, found: dict[tuple[str, int], bool]) -> None:
        self.cases[case.language, case.stratum] += 1
        for (source, budget), hit in found.items():
            self.hits[case.language, source, budget, case.stratum] += hit

    def share(
        self, language: str, source: str, budget: int, strata: Sequence[str] = STRATA
    ) -> float:
        cases = sum(self.cases[language, stratum] for stratum in strata)
        hits = sum(self.hits[language, source, budget, stratum] for stratum in strata)
        return 100 * hits / max(1, cases)


def judge(checkout: Checkout, rivals: Rivals, case: Case, tally: Tally, seed: int) -> None:
    lines = checkout.blanked(case.path, case.line, case.line + 1)
    facts = checkout.know(case.path, lines)
    found: dict[tuple[str, int], bool] = {}
    began = time.process_time_ns()
    scene = Scene(checkout.graph, facts, lines, case.line)
    items = ranked_items(scene)
    tally.rank_ms.append((time.process_time_ns() - began) / 1e6)
    signatures = fused(checkout.graph, [("imports", 1.0, imported_names(scene))])
    unindexed = without_index(scene)
    windows = {
        "random": list(rivals.random(case.path, seed + case.line)),
        "jaccard": rivals.jaccard(case.path, lines, case.line),
        "bm25": rivals.bm25(case.path, lines, case.line),
    }
    for budget in BUDGETS:
        for name, ranked in windows.items():
            found[name, budget] = holds(case, fill_windows(checkout, ranked, budget))
        found["imports", budget] = holds(case, fill_items(checkout, signatures, budget))
        found["no index", budget] = holds(case, fill_items(checkout, unindexed, budget))
        began = time.process_time_ns()
        rows = fill_items(checkout, items, budget)
        tally.fill_ms.append((time.process_time_ns() - began) / 1e6)
        found["product", budget] = holds(case, rows)
    tally.add(case, found)
    checkout.restore(case.path)


def judge_unmentioned(checkout: Checkout, case: Case, tally: Tally) -> None:
    """Ask for a definition that nothing in the file leads to, with the index of words and without.

    Where the file still reaches the definition's home by another import, there is no such case.
    """
    lines = checkout.unmentioned(case)
    scene = Scene(checkout.graph, checkout.know(case.path, lines), lines, case.line)
    if not scene.imported.intersection(path for path, _ in case.gold):
        ranked = ranked_items(scene), without_index(scene)
        with_it, without = (holds(case, fill_items(checkout, items, 1500)) for items in ranked)
        tally.unmentioned[case.language].append((with_it, without))
    checkout.restore(case.path)


def without_index(scene: Scene) -> list[Item]:
    lists = [(name, weight, give(scene)) for name, weight, give in PRODUCT if name != "index"]
    return fused(scene.graph, lists)


def walk(checkout: Checkout, case: Case, tally: Tally) -> None:
    """Type up to the case's line, one line after the other, with one shelf."""
    shelf, before = Shelf(1500), ""
    first = max(0, case.line - WALK_LINES + 1)
    for line in range(first, case.line + 1):
        lines = checkout.blanked(case.path, line, case.line + 1)
        facts = checkout.know(case.path, lines)
        scene = Scene(checkout.graph, facts, lines, line)
        shelf.update(ranked_items(scene), checkout.lines_of, checkout.label)
        text = "\n".join(f"{block.path}\n{block.text}" for block in shelf.blocks)
        if before:
            same = common(before, text)
            tally.kept[case.language].append(100 * same / len(before))
        before = text
    tally.ends.append(holds(case, rows_on(shelf)))
    checkout.restore(case.path)


def common(before: str, after: str) -> int:
    """Count the characters that two texts begin with alike."""
    pairs = enumerate(zip(before, after, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(before), len(after)))


def report(tally: Tally) -> None:
    for language in [each for each in GOALS if tally.repositories[each]]:
        cases = sum(tally.cases[language, stratum] for stratum in STRATA)
        print(f"\n{language}: {cases} cases of {len(tally.repositories[language])} repositories")
        for source in SOURCES:
            shares = " / ".join(f"{tally.share(language, source, b):3.0f}" for b in BUDGETS)
            print(f"  {source:<9} {shares} % at {' / '.join(map(str, BUDGETS))} tokens")
        parts = [(s, tally.share(language, "product", 1500, (s,))) for s in STRATA]
        print("  product at 1500: " + "; ".join(f"{s} {share:.0f} %" for s, share in parts))
        rows = ("product", "no index", "jaccard")
        ours, unindexed, jaccard = (tally.share(language, row, 1500) for row in rows)
        print(
            f"  {language} at 1500: {ours:.1f} % (goal {GOALS[language]} %), "
            f"without the index {unindexed:.1f} %"
        )
        ratio = f"{ours / jaccard:.1f}" if jaccard else "all"
        print(f"  {language} times Jaccard's share: {ratio} (goal {JACCARD_GOAL:.0f})")
        if fresh := tally.unmentioned[language]:
            shares = (100 * sum(hits) / len(fresh) for hits in zip(*fresh, strict=True))
            print(
                f"  {language} not imported yet, at 1500: {next(shares):.1f} %, without the index "
                f"{next(shares):.1f} % ({len(fresh)} cases)"
            )
        if kept := tally.kept[language]:
            print(f"  {language} prefix kept: {sum(kept) / len(kept):.1f} % (goal {KEPT_GOAL} %)")
    kept = [each for some in tally.kept.values() for each in some]
    if kept:
        print(
            f"\nprompt's prefix kept from line to line: {sum(kept) / len(kept):.1f} % "
            f"(goal {KEPT_GOAL} %), the definition still there at the walk's end "
            f"{100 * sum(tally.ends) / len(tally.ends):.0f} % of {len(tally.ends)} walks"
        )
    for name, spent in (("ranking", tally.rank_ms), ("fill", tally.fill_ms)):
        spent.sort()
        p50, p95 = spent[len(spent) // 2], spent[int(len(spent) * 0.95)]
        print(f"{name}: {p50:.1f} / {p95:.1f} ms of processor time, p50 / p95")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.context")
    parser.add_argument("repositories", nargs="+")
    parser.add_argument("--cases", type=int, default=60, help="at most, a repository")
    parser.add_argument("--walks", type=int, default=4, help="at most, a repository")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    tally = Tally()
    with workplace() as folder:
        for repository in options.repositories:
            began = time.process_time()
            checkout = Checkout(repository, Path(folder))
            prepared = time.process_time() - began
            cases = cases_of(checkout, options.cases, options.seed)
            rivals = Rivals(checkout)
            for case in cases:
                tally.repositories[case.language].add(checkout.name)
                judge(checkout, rivals, case, tally, options.seed)
                if case.stratum.endswith("first"):
                    judge_unmentioned(checkout, case, tally)
            for case in cases[:: max(1, len(cases) // max(1, options.walks))][: options.walks]:
                walk(checkout, case, tally)
            print(
                f"{checkout.name} {checkout.commit.strip()}: {len(checkout.texts)} files, "
                f"{len(cases)} cases; read in {prepared:.1f} s, "
                f"all in {time.process_time() - began:.1f} s of processor time",
                flush=True,
            )
    report(tally)


if __name__ == "__main__":
    main()
