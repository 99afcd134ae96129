"""Inline completion's figures, all in one run: `python -m tests.bench.completion [PART ...]`.

    python -m tests.bench.completion --folders REPOSITORY ... --peer "COMMAND" [--json]
    python -m tests.bench.completion --endpoint URL --model NAME [--provider TEMPLATE]

A real server over stdio and a scripted provider on loopback; one line a figure, with its goal and
whether it is met, and a table of all at the end. The parts that need real code take checked-out
git repositories; without any, what is installed and this project serve as small samples. With an
endpoint the same scripts talk to a real model, and what needs an answer that is known beforehand
is left out. `--peer` times another language server beside this one.
"""

import argparse
import asyncio
import json
import os
import sys
import time
import traceback
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

from tests.bench import folders, over_stdio, peer, typing_figures
from tests.bench.figure import Figure, UnmeasuredError, exactly
from tests.bench.relay import endpoint_at
from tests.bench.stdio import SCRIPTED, Endpoint
from tests.features.completion import scripts

SCRIPTS, SCRIPTS_BOX_S = 100_000, 200.0  # of processor time

OVER_STDIO: dict[str, Callable[[Endpoint], Awaitable[list[Figure]]]] = {
    "typed-through": over_stdio.typed_through,
    "streams": over_stdio.streams,
    "cached": over_stdio.cached,
    "overhead": over_stdio.overhead,
    "indexing": over_stdio.overhead_while_indexing,
    "sessions": typing_figures.typing_sessions,
    "second-accept": over_stdio.second_accept,
    "tokens": typing_figures.tokens_after_end,
}
WITH_CODE: dict[str, Callable[[Sequence[Path]], list[Figure]]] = {
    "holes": folders.hole_figures,
    "context": folders.context_figures,
    "workspace": folders.workspace_figures,
}
PARTS = (*OVER_STDIO, "peer", "edit-scripts", *WITH_CODE)


class Outcome(NamedTuple):
    """What came of one part: figures, or why there are none."""

    part: str
    figures: list[Figure]
    left_out: str = ""


def edit_scripts() -> list[Figure]:
    """Run random edit scripts against the cache, in this process, as many as the time allows."""
    wrong = served = count = 0
    began_s = time.process_time()
    while count < SCRIPTS and time.process_time() - began_s < SCRIPTS_BOX_S:
        script = scripts.run(count)
        count += 1
        wrong += len(script.wrong)
        served += script.served.total() - script.served["model"]
    return [
        exactly("random edit scripts run", count, SCRIPTS),
        exactly(f"answers for another suffix, version or range, of {served:,}", wrong, 0),
    ]


def main() -> None:
    """Measure and print."""
    options = _parser().parse_args()
    if options.list:
        print("\n".join(PARTS))
        return
    if options.endpoint and not options.model:
        sys.exit("--endpoint needs --model")
    began_s, load = time.monotonic(), os.getloadavg()
    outcomes: list[Outcome] = []
    for outcome in _outcomes(options):
        outcomes.append(outcome)
        if not options.json:
            _show(outcome)
    took_s = time.monotonic() - began_s
    machine = (
        f"{took_s:.0f} s on {os.cpu_count()} processors, load {load[0]:.1f} at the beginning and "
        f"{os.getloadavg()[0]:.1f} at the end"
    )
    if options.json:
        print(json.dumps(_document(outcomes, machine), indent=1))
    else:
        _sum_up(outcomes, machine)
    sys.exit(any(figure.holds is False for each in outcomes for figure in each.figures))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.completion",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], metavar="PART")
    parser.add_argument("--list", action="store_true", help="name the parts")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument("--folders", nargs="+", type=Path, default=[], help="git repositories")
    parser.add_argument("--endpoint", metavar="URL", help="the base URL of a real provider")
    parser.add_argument("--model", metavar="NAME", help="the endpoint's model")
    parser.add_argument("--provider", default="custom", metavar="TEMPLATE")
    parser.add_argument("--key-env", metavar="VARIABLE", help="where the endpoint's key stands")
    parser.add_argument("--peer", metavar="COMMAND", help="a Tabby agent as a language server")
    parser.add_argument("--jobs", type=int, default=2, help="processes for what needs no server")
    return parser


def _outcomes(options: argparse.Namespace) -> Iterator[Outcome]:
    """Measure what is timed one after the other; then what only counts, side by side."""
    parts = [part for part in PARTS if part in options.parts or not options.parts]
    try:
        endpoint = _endpoint(options)
    except UnmeasuredError as error:
        sys.exit(str(error))
    for part in parts:
        if part in OVER_STDIO:
            yield _measured(part, endpoint, partial(_run, OVER_STDIO[part], endpoint))
        elif part == "peer":
            yield _measured(part, endpoint, partial(_peer, options.peer))
    counted: dict[str, Callable[[], list[Figure]]] = {
        part: partial(WITH_CODE[part], options.folders) for part in parts if part in WITH_CODE
    }
    if "edit-scripts" in parts:
        counted["edit-scripts"] = edit_scripts
    if not endpoint.scripted:
        yield from (Outcome(part, [], "no provider takes part in it") for part in counted)
        return
    pool = ProcessPoolExecutor(options.jobs, get_context("spawn"))
    running: dict[str, Future[Outcome]] = {
        part: pool.submit(_measured, part, endpoint, work) for part, work in counted.items()
    }
    yield from (future.result() for future in running.values())
    pool.shutdown()


def _endpoint(options: argparse.Namespace) -> Endpoint:
    if not options.endpoint:
        return SCRIPTED
    return endpoint_at(options.endpoint, options.model, options.provider, options.key_env)


def _measured(part: str, endpoint: Endpoint, work: Callable[[], list[Figure]]) -> Outcome:
    """Measure one part; what fails is missed, and so is silence where the answer is scripted."""
    print(f"  … {part}", file=sys.stderr, flush=True)
    try:
        return Outcome(part, work())
    except UnmeasuredError as error:
        if not (endpoint.scripted and part in OVER_STDIO):
            return Outcome(part, [], str(error))
        return Outcome(part, [Figure(part, str(error), "an answer", holds=False)])
    except Exception as error:  # noqa: BLE001  — the other parts are worth their minutes
        traceback.print_exc()
        return Outcome(part, [Figure(part, f"failed: {type(error).__name__}", "", holds=False)])


def _run(
    measure: Callable[[Endpoint], Awaitable[list[Figure]]], endpoint: Endpoint
) -> list[Figure]:
    async def run() -> list[Figure]:
        return await measure(endpoint)

    try:
        return asyncio.run(run())
    except ExceptionGroup as group:  # from the tasks around the server
        for error in group.exceptions:
            if isinstance(error, UnmeasuredError):
                raise error from None
        raise


def _peer(command: str | None) -> list[Figure]:
    if command is None:
        raise UnmeasuredError("no --peer is given")
    return asyncio.run(peer.figures(command))


def _show(outcome: Outcome) -> None:
    for figure in outcome.figures:
        print(figure, flush=True)
    if outcome.left_out:
        print(f"{outcome.part}: left out, {outcome.left_out}", flush=True)


def _sum_up(outcomes: Sequence[Outcome], machine: str) -> None:
    """Print all figures as one table, and what was missed."""
    print(f"\n{machine}\n")
    for outcome in outcomes:
        for figure in outcome.figures:
            print(f"{outcome.part:<14} {figure}")
        if outcome.left_out:
            print(f"{outcome.part:<14} left out: {outcome.left_out}")
    verdicts = [figure.holds for outcome in outcomes for figure in outcome.figures]
    print(f"\n{verdicts.count(True)} met, {verdicts.count(False)} missed")


def _document(outcomes: Sequence[Outcome], machine: str) -> dict[str, Any]:
    return {
        "machine": machine,
        "figures": [
            {"part": outcome.part, **figure._asdict(), "verdict": figure.verdict}
            for outcome in outcomes
            for figure in outcome.figures
        ],
        "leftOut": {each.part: each.left_out for each in outcomes if each.left_out},
    }


if __name__ == "__main__":
    main()
