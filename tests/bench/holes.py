"""Cut accuracy: `python -m tests.bench.holes [FOLDER ...]`.

Holes are made in the real code of the folders (without any: the packages installed here), an
oracle over-generates into them, and what the cutter and the filters leave is compared with the
true text: with the strict guard and with the default one, in whole files and in files that are
broken elsewhere. Newline-only and indentation-only run beside it on the same streams.
"""

import argparse
import random
import sysconfig
import time
from collections.abc import Sequence
from pathlib import Path

from refact_lsp.core.syntax import Syntax, grammar_of
from refact_lsp.features.completion.cut.memory import Memory
from tests.bench import holes_report
from tests.bench.hole_kinds import APART, KINDS, LANGUAGES, Hole, make_holes
from tests.bench.hole_policies import GUARDS, POLICIES, Judge, Left
from tests.bench.hole_results import Result, decidable, undecidable
from tests.bench.oracle import Stream, streams

_FAR_CHARS = 150


Measured = dict[str, list[Result]]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--per-kind", type=int, default=45, help="holes a language and kind")
    parser.add_argument("--language", action="append", choices=list(LANGUAGES))
    parser.add_argument("--failures", type=int, default=0, help="print this many inexact cuts")
    parser.add_argument("--kind", action="append", choices=KINDS)
    options = parser.parse_args()
    folders = options.folders or [Path(sysconfig.get_path("purelib"))]
    began_s = time.monotonic()
    holes = [
        hole
        for language in options.language or LANGUAGES
        for hole in make_holes(folders, language, options.per_kind, options.seed)
        if not options.kind or hole.kind in options.kind
    ]
    chains = [
        hole
        for language in options.language or LANGUAGES
        for hole in make_holes(folders, language, options.per_kind, options.seed, (APART,))
    ]
    over_lines = measure_all(POLICIES, chains, options.seed)
    measured = measure_all(POLICIES, holes, options.seed)
    broken_files = [hole for hole in map(broken_elsewhere, holes) if hole]
    elsewhere = measure_all(("strict", "default"), broken_files, options.seed, clean=holes)
    count = len(measured["default"])
    files = len({hole.source for hole in holes})
    print(
        f"{len(holes)} holes in {files} files of {len(folders)} folders, {count} streams,"
        f" seed {options.seed}, {time.monotonic() - began_s:.0f} s"
    )
    holes_report.show(
        {policy: decidable(results) for policy, results in measured.items()},
        decidable(elsewhere["default"]),
        {
            **{f"{name}, sibling lines (apart)": undecidable(measured[name]) for name in GUARDS},
            **{
                f"{name}, long statements (apart)": decidable(results)
                for name, results in over_lines.items()
            },
        },
    )
    holes_report.show_failures(decidable(measured["default"]), options.failures)


def measure(policy: str, holes: Sequence[Hole], seed: int) -> list[Result]:
    """Give what one policy makes of all streams into the holes."""
    return measure_all((policy,), holes, seed)[policy]


def measure_all(
    policies: Sequence[str],
    holes: Sequence[Hole],
    seed: int,
    clean: Sequence[Hole] | None = None,
) -> Measured:
    """Apply policies to the same streams; `clean` are the holes as they were before a file broke.

    The streams are made, and what is shown is judged, in the file that is whole.
    """
    syntax, memory = Syntax(), Memory()
    whole = {(hole.source, hole.kind, hole.middle): hole for hole in clean or ()}
    measured: Measured = {policy: [] for policy in policies}
    for hole in holes:
        truth = whole.get((hole.source, hole.kind, hole.middle), hole)
        chance = random.Random(f"{seed}/{hole.source}/{len(truth.prefix)}/{hole.kind}")
        judge = Judge(hole, syntax, memory)
        for stream in streams(truth, chance):
            for policy, left in judge.left(stream, policies).items():
                measured[policy].append(_result(left, hole, truth, stream, syntax))
    return measured


def _result(left: Left, hole: Hole, truth: Hole, stream: Stream, syntax: Syntax) -> Result:
    middle, text = truth.middle.rstrip(), left.text.rstrip()
    extra = text[len(middle) :] if text.startswith(middle) else ""
    breaks = bool(text) and left.text != truth.middle and _errors(truth, left.text, syntax)
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
    waste = None if stream.variant == "none" else _tokens_after(stream, left.read, len(middle))
    return Result(
        language=hole.language,
        kind=hole.kind,
        hole_variant=hole.variant,
        variant=stream.variant,
        outcome=outcome,
        doubled=bool(extra and head and extra.strip().startswith(head)),
        broken=breaks,
        waste=waste,
        reason=left.reason,
        shown=left.text,
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


def _errors(hole: Hole, shown: str, syntax: Syntax) -> bool:
    grammar = grammar_of(hole.language)
    assert grammar
    source = (hole.prefix + shown + hole.suffix).encode()
    return syntax.tree(f"score/{hole.source}", grammar, source).root_node.has_error


def broken_elsewhere(hole: Hole) -> Hole | None:
    """Delete one bracket far from the cursor."""
    chance = random.Random(f"{hole.source}/{len(hole.prefix)}")
    text = hole.prefix + hole.suffix
    cursor = len(hole.prefix)
    places = [
        at
        for at, char in enumerate(text)
        if char in "()[]{}" and not cursor - _FAR_CHARS <= at < cursor + _FAR_CHARS
    ]
    if not places:
        return None
    at = chance.choice(places)
    text = text[:at] + text[at + 1 :]
    cursor -= at < cursor
    return hole._replace(prefix=text[:cursor], suffix=text[cursor:])


if __name__ == "__main__":
    main()
