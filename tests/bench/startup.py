"""Start-up beside stock pygls, in one run: `python -m tests.bench.startup [runs]`.

Measured by a client on two pipes: from the start of the process to `initialize` answered, and to
the first inlineCompletion answered; then the memory once pygls is loaded as well and all is quiet.
Runs are interleaved; figures are medians.
"""

import os
import statistics
import sys
import time
from pathlib import Path

from tests.lsp.raw_client import VSCODE, RawClient, inline

VARIANTS = {
    "refact-lsp": ("tests.lsp.constant_server", "early,lazy"),
    "refact-lsp, plain": ("tests.lsp.constant_server", "plain"),
    "stock pygls": ("tests.bench.stock_pygls", ""),
}
GOALS = {"initialize_ms": 0.2, "completion_ms": 0.5, "memory_mb": 1.0}
# Asked in a burst, as an editor does that opens with a file.
PARAMS = VSCODE | {
    "capabilities": VSCODE["capabilities"] | {"workspace": {"workspaceFolders": True}}
}


def once(module: str, startup: str) -> dict[str, float]:
    began = time.perf_counter()
    client = RawClient(startup, module)
    client.send("initialize", PARAMS, 1)
    client.reply(1)
    initialize_ms = (time.perf_counter() - began) * 1000
    client.send("initialized", {})
    client.open("x = some_call(argument)\n" * 100)
    client.send("textDocument/inlineCompletion", inline(10, 4, context={"triggerKind": 2}), 2)
    client.reply(2)
    completion_ms = (time.perf_counter() - began) * 1000
    client.send("$/setTrace", {"value": "off"})  # served by pygls: it is loaded from here on
    for _ in range(20):
        client.ask("textDocument/inlineCompletion", inline(10, 4, context={"triggerKind": 2}))
    pages = int(Path(f"/proc/{client.process.pid}/statm").read_text().split()[1])
    memory_mb = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
    client.end()
    return {
        "initialize_ms": initialize_ms,
        "completion_ms": completion_ms,
        "memory_mb": memory_mb,
    }


def main(runs: int) -> None:
    for variant in VARIANTS.values():
        once(*variant)
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    for _ in range(runs):
        for name, variant in VARIANTS.items():
            taken[name].append(once(*variant))
    stock = taken["stock pygls"]
    for name, samples in taken.items():
        for figure, goal in GOALS.items():
            median = statistics.median(sample[figure] for sample in samples)
            beside = statistics.median(sample[figure] for sample in stock)
            note = f"  goal: at most {goal:.2f}" if name == "refact-lsp" else ""
            print(f"{name:18} {figure:14} {median:7.1f}  {median / beside:.2f} x stock{note}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 9)
