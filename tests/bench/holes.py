"""Cut accuracy: `python -m tests.bench.holes [FOLDER ...]`.

Holes are made in the real code of the folders (without any: the packages installed here), an
oracle over-generates into them, and what the cutter and the filters leave is compared with the
true text. Newline-only and indentation-only run beside it on the same streams.
"""

import argparse
import random
import sysconfig
import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.core.text import Snapshot, split_lines
from refact_lsp.features.completion.cut.brackets import width
from refact_lsp.features.completion.cut.context import CutContext
from refact_lsp.features.completion.cut.cutter import Cutter
from refact_lsp.features.completion.filters.guard import Strictness
from refact_lsp.features.completion.filters.polish import Polishing, polish
from refact_lsp.features.completion.filters.reasons import Dropped
from tests.bench.hole_kinds import KINDS, LANGUAGES, Hole, make_holes
from tests.bench.oracle import CUT_STRINGS, Stream, streams

POLICIES: tuple[str, ...] = ("strict", "relative", "auto", "newline", "indentation")
GOALS = {"exact": 95.0, "over": 1.5, "doubled": 0.2, "empty": 1.5, "broken": 0.0}
_UNDECIDABLE = "sibling"


class Result(NamedTuple):
    """What one policy made of one stream; `waste` is None where the stream ended by itself."""

    language: str
    kind: str
    hole_variant: str
    variant: str
    outcome: str
    doubled: bool
    broken: bool
    waste: int | None
    reason: str
    shown: str
    hole: Hole


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--per-kind", type=int, default=45, help="holes a language and kind")
    parser.add_argument("--language", action="append", choices=list(LANGUAGES))
    parser.add_argument("--failures", type=int, default=0, help="print this many inexact cuts")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--only", action="append", choices=POLICIES)
    options = parser.parse_args()
    folders = options.folders or [Path(sysconfig.get_path("purelib"))]
    started = time.monotonic()
    holes = [
        hole
        for language in options.language or LANGUAGES
        for hole in make_holes(folders, language, options.per_kind, options.seed)
        if not options.kind or hole.kind in options.kind
    ]
    policies = options.only or POLICIES
    measured = {policy: list(measure(policy, holes, options.seed)) for policy in policies}
    files = len({hole.source for hole in holes})
    count = sum(len(results) for results in measured.values()) // len(measured)
    print(f"{len(holes)} holes in {files} files, {count} streams, seed {options.seed}")
    _report(measured)
    broken_files = [hole for hole in map(_broken_elsewhere, holes) if hole]
    for policy in ("relative", "auto"):
        if policy in policies:
            dirty = list(measure(policy, broken_files, options.seed, clean=holes))
            line(f"{policy}, files broken elsewhere", decidable(dirty))
    print(f"{time.monotonic() - started:.0f} s")
    _print_failures(measured[policies[0]], options.failures)


def measure(
    policy: str, holes: Sequence[Hole], seed: int, clean: Sequence[Hole] | None = None
) -> Iterable[Result]:
    syntax = Syntax()
    scores = {(hole.source, hole.middle): hole for hole in clean or ()}
    for hole in holes:
        truth = scores.get((hole.source, hole.middle), hole)
        chance = random.Random(f"{seed}/{hole.source}/{len(truth.prefix)}/{hole.kind}")
        for stream in streams(truth, chance):
            yield _outcome(policy, hole, truth, stream, syntax)


def _outcome(policy: str, hole: Hole, truth: Hole, stream: Stream, syntax: Syntax) -> Result:
    shown, read, reason = _shown(policy, hole, stream, syntax)
    middle = truth.middle.rstrip()
    text = shown.rstrip()
    extra = text[len(middle) :] if text.startswith(middle) else ""
    breaks = _errors(truth, shown, syntax) > 0 and bool(text)
    match text:
        case "":
            outcome = "empty"
        case _ if text == middle:
            outcome = "exact"
        case _ if extra:
            outcome = "over"
        case _ if middle.startswith(text) and middle[len(text) :].startswith("\n") and not breaks:
            outcome = "clean"
        case _:
            outcome = "other"
    head = truth.suffix.strip()[:8]
    useful = len(truth.middle.rstrip())
    waste = None if stream.variant == "none" else _tokens_after(stream, read, useful)
    return Result(
        language=hole.language,
        kind=hole.kind,
        hole_variant=hole.variant,
        variant=stream.variant,
        outcome=outcome,
        doubled=bool(extra and head and extra.strip().startswith(head)),
        broken=breaks,
        waste=waste,
        reason=reason,
        shown=shown,
        hole=hole,
    )


def _tokens_after(stream: Stream, chunks_read: int, useful: int) -> int:
    position = tokens = 0
    for chunk, size in zip(stream.chunks[:chunks_read], stream.tokens, strict=False):
        if position >= useful:
            tokens += size
        elif position + len(chunk) > useful:
            tokens += round(size * (position + len(chunk) - useful) / len(chunk))
        position += len(chunk)
    return tokens


def _shown(policy: str, hole: Hole, stream: Stream, syntax: Syntax) -> tuple[str, int, str]:
    match policy:
        case "newline":
            return _simple(stream, lambda text: text.find("\n", len(text) - len(text.lstrip())))
        case "indentation":
            return _simple(stream, lambda text: _dedent(text, hole))
        case "strict" | "relative" | "auto":
            return _ours(policy, hole, stream, syntax)
        case _:
            raise ValueError(policy)


def _ours(
    strictness: Strictness, hole: Hole, stream: Stream, syntax: Syntax
) -> tuple[str, int, str]:
    cutter = Cutter(
        CutContext(
            language=hole.language,
            prefix=hole.prefix,
            suffix=hole.suffix,
            cut_strings=CUT_STRINGS,
        )
    )
    cuts = ((read, cutter.feed(chunk)) for read, chunk in enumerate(stream.chunks, 1))
    read, cut = next(((read, cut) for read, cut in cuts if cut), (len(stream.chunks), None))
    cut = cut or cutter.finish()
    shown = polish(cut.text, _snapshot(hole), Polishing(strictness=strictness), syntax=syntax)
    if isinstance(shown, Dropped):
        return "", read, f"{cut.reason}, dropped: {shown.reason}"
    replaced = shown.replace_end_column - _snapshot(hole).column
    text = shown.text
    if replaced and text.endswith(hole.suffix[:replaced]):
        text = text[:-replaced]  # the same document, written as an insertion
    return text, read, f"{cut.reason}, {', '.join(shown.changes)}"


@lru_cache(64)
def _snapshot(hole: Hole) -> Snapshot:
    return Snapshot(
        uri=f"file://{hole.source}",
        path=hole.source,
        language=hole.language,
        version=1,
        lines=split_lines(hole.prefix + hole.suffix),
        line=hole.prefix.count("\n"),
        column=len(hole.prefix) - hole.prefix.rfind("\n") - 1,
    )


def _simple(stream: Stream, rule: Callable[[str], int]) -> tuple[str, int, str]:
    text = ""
    for read, chunk in enumerate(stream.chunks, 1):
        text += chunk
        at = min((text.find(stop) for stop in CUT_STRINGS if stop in text), default=-1)
        at = at if at >= 0 else rule(text)
        if at >= 0:
            return text[:at], read, "rule"
    return text, len(stream.chunks), "end"


def _dedent(text: str, hole: Hole) -> int:
    """Where the first line begins that is indented less than the cursor's."""
    line = hole.prefix[hole.prefix.rfind("\n") + 1 :]
    floor = width(line[: len(line) - len(line.lstrip())])
    at = text.find("\n")
    while at >= 0:
        end = text.find("\n", at + 1)
        following = text[at + 1 : end if end >= 0 else len(text)]
        if following.strip() and width(following[: -len(following.lstrip())]) < floor:
            return at
        at = end
    return -1


def _errors(hole: Hole, shown: str, syntax: Syntax) -> int:
    grammar = grammar_of(hole.language)
    assert grammar
    tree = syntax.tree(
        f"score/{hole.source}", grammar, (hole.prefix + shown + hole.suffix).encode()
    )
    return int(tree.root_node.has_error)


def _broken_elsewhere(hole: Hole) -> Hole | None:
    """Delete one bracket far from the cursor."""
    chance = random.Random(f"{hole.source}/{len(hole.prefix)}")
    far = 150
    places = [at for at in range(len(hole.prefix) - far) if hole.prefix[at] in "()[]{}"]
    after = [at for at in range(far, len(hole.suffix)) if hole.suffix[at] in "()[]{}"]
    if not places and not after:
        return None
    at = chance.randrange(len(places) + len(after))
    if at < len(places):
        cut = places[at]
        return hole._replace(prefix=hole.prefix[:cut] + hole.prefix[cut + 1 :])
    cut = after[at - len(places)]
    return hole._replace(suffix=hole.suffix[:cut] + hole.suffix[cut + 1 :])


def decidable(results: Iterable[Result]) -> list[Result]:
    return [result for result in results if result.variant != _UNDECIDABLE]


def share(results: Sequence[Result], outcome: str) -> float:
    if outcome in {"doubled", "broken"}:
        hits = sum(getattr(result, outcome) for result in results)
    else:
        hits = sum(result.outcome == outcome for result in results)
    return 100 * hits / max(1, len(results))


def line(name: str, results: Sequence[Result]) -> None:
    wastes = sorted(result.waste for result in results if result.waste is not None)
    shares = "  ".join(
        f"{outcome} {share(results, outcome):5.2f}"
        for outcome in ("exact", "clean", "empty", "over", "doubled", "broken")
    )
    waste = f"{wastes[len(wastes) // 2]}/{wastes[len(wastes) * 9 // 10]}" if wastes else "-"
    print(f"{name:34} {shares}  waste p50/p90 {waste}  n {len(results)}")


def _report(measured: dict[str, list[Result]]) -> None:
    for policy, results in measured.items():
        line(policy, decidable(results))
    ours = measured.get("strict") or next(iter(measured.values()))
    line("sibling apart", [result for result in ours if result.variant == _UNDECIDABLE])
    stopped = [result for result in ours if result.variant == "none"]
    print(f"streams that stop by themselves, not exact: {100 - share(stopped, 'exact'):.2f} %")
    print(f"{'':12}" + "".join(f"{kind:>9}" for kind in KINDS) + f"{'all':>9}")
    judged = decidable(ours)
    for language in LANGUAGES:
        rows = [result for result in judged if result.language == language]
        cells = [[result for result in rows if result.kind == kind] for kind in KINDS]
        print(f"{language:12}" + "".join(f"{share(cell, 'exact'):9.1f}" for cell in (*cells, rows)))
    for variant in sorted({result.variant for result in ours}):
        line(f"  {variant}", [result for result in ours if result.variant == variant])


def _print_failures(results: Sequence[Result], count: int) -> None:
    """Show holes that were not cut exactly, one stream of each."""
    bad = {
        (result.hole.source, len(result.hole.prefix), result.outcome): result
        for result in decidable(results)
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


if __name__ == "__main__":
    main()
