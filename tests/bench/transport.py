"""The transport beside stock pygls and a bare asyncio + msgspec loop, in one run.

`python -m tests.bench.transport [edits of the fuzz]`. Runs of the three servers are interleaved, so
that a busy machine weighs on all of them; figures are medians. Round trips are made on one
processor: where the system puts which process would be most of what is measured otherwise.
"""

import contextlib
import os
import random
import statistics
import sys
import time
from collections.abc import Generator
from typing import Any

from refact_lsp.core.text import Encoding
from tests.core.slow_text import slow_edit
from tests.lsp.raw_client import AUTOMATIC, BARE, NEOVIM, RawClient, inline

SERVERS = {
    "refact-lsp": "tests.lsp.constant_server",
    "stock pygls": "tests.bench.stock_pygls",
    "bare loop": "tests.bench.bare_loop",
}
ALPHABET = "ab é€😀\t\n\r\x0b\x0c\x85\u2028\u2029"


@contextlib.contextmanager
def one_processor() -> Generator[None]:
    """Keep this process, and what it starts, on one processor, where the system can."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    all_of_them = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(all_of_them)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, all_of_them)


def started(name: str) -> RawClient:
    client = RawClient(module=SERVERS[name])
    client.send("initialize", NEOVIM, 0)
    client.reply(0)
    client.send("initialized", {})
    return client


def round_trips(client: RawClient, count: int) -> list[float]:
    times: list[float] = []
    for _ in range(count):
        began = time.perf_counter()
        client.ask("textDocument/inlineCompletion", inline(10, 4, **AUTOMATIC))
        times.append((time.perf_counter() - began) * 1e6)
    return times


def measure_round_trips(rounds: int = 12, count: int = 250) -> None:
    clients = {name: started(name) for name in SERVERS}
    for client in clients.values():
        client.open("x = some_call(argument)\n" * 1000)
        round_trips(client, 100)
    time.sleep(1)  # start-up's background work is not what is measured
    times: dict[str, list[float]] = {name: [] for name in SERVERS}
    ratios: dict[str, list[float]] = {name: [] for name in SERVERS}
    for _ in range(rounds):
        medians = {}
        for name, client in clients.items():
            now = round_trips(client, count)
            times[name] += now
            medians[name] = statistics.median(now)
        for name, median in medians.items():
            ratios[name].append(median / medians["bare loop"])
    for name, all_times in times.items():
        p50, p99 = statistics.median(all_times), statistics.quantiles(all_times, n=100)[98]
        ratio = statistics.median(ratios[name])
        print(f"round trip {name:12} p50 {p50:6.0f} us  p99 {p99:6.0f} us  {ratio:.2f} x bare loop")
    print("  goal: refact-lsp at most 1.30 x bare loop")
    for client in clients.values():
        client.end()


def edits_a_second(name: str, lines: int, count: int) -> float:
    """Send edits and ask for a completion behind them, which waits for all of them."""
    client = started(name)
    client.open("x = some_call(argument, other)  # note\n" * lines)
    round_trips(client, 1)
    random_ = random.Random(5)
    began = time.perf_counter()
    for number in range(count):
        line, character = random_.randrange(lines), random_.randrange(30)
        client.change((line, character, line, character, "y"), version=number + 2)
    round_trips(client, 1)
    rate = count / (time.perf_counter() - began)
    client.end()
    return rate


def measure_edits() -> None:
    for lines in (5_000, 50_000):
        rates = [edits_a_second("refact-lsp", lines, 10_000) for _ in range(3)]
        beside = edits_a_second("stock pygls", lines, 150 if lines > 5_000 else 500)
        print(
            f"edits a second, {lines:6} lines: refact-lsp {statistics.median(rates):7.0f}"
            f"  stock pygls {beside:5.0f}  goal: at least 4000"
        )


def measure_sync(edits: int) -> None:
    random_ = random.Random(11)
    differences = done = 0
    only_utf32 = {"capabilities": {"general": {"positionEncodings": ["utf-32"]}}}
    encodings: dict[Encoding, Any] = {"utf-8": NEOVIM, "utf-16": BARE, "utf-32": only_utf32}
    clients: dict[Encoding, RawClient] = {}
    for encoding, params in encodings.items():
        clients[encoding] = RawClient()
        assert clients[encoding].start(params)["capabilities"]["positionEncoding"] == encoding
    while done < edits:
        for encoding, client in clients.items():
            uri = f"file:///fuzz/{done}"
            text = "".join(random_.choices(ALPHABET, k=random_.randrange(80)))
            client.open(text, uri)
            for version in range(2, 42):
                places = [random_.choice((0, 1, 2, 3, 4, 6, 9, 17, 80)) for _ in range(4)]
                new = "".join(random_.choices(ALPHABET, k=random_.randrange(6)))
                client.change((*places, new), uri=uri, version=version)
                text = slow_edit(text, places, new, encoding)
                done += 1
                if version % 10 == 1 and client.text(uri) != text:
                    differences += 1
                    break
            client.send("textDocument/didClose", {"textDocument": {"uri": uri}})
    for client in clients.values():
        client.end()
    print(f"sync fuzz: {differences} differences in {done} edits, three encodings  goal: 0")


if __name__ == "__main__":
    with one_processor():
        measure_round_trips()
    measure_edits()
    measure_sync(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
