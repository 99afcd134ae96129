"""Load and compile times of the registry: `python -m tests.bench.registry`.

Each figure is a median; "first use" figures come from fresh processes, imports excluded. They are
processor time beside the wall clock, which a busy machine stretches.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from refact_lsp.registry.compiled import open_catalog
from refact_lsp.registry.load import bundled_folder, check_everything

NAMES = (
    "qwen2.5-coder:7b-base-q4_K_M",
    "hf.co/bartowski/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M",
    "starcoder2:3b",
    "nomic-embed-text:latest",
    "a-model-of-my-own",
)
FRESH = """
import sys, time
from pathlib import Path
from refact_lsp.registry.compiled import open_catalog
def now():
    return time.perf_counter(), time.process_time()
start = now()
catalog = open_catalog(cache_folder=Path(sys.argv[1]))
loaded = now()
catalog.resolve("ollama", "qwen2.5-coder:7b")
family = now()
catalog.resolve("openai", "gpt-6-luna")
hosted = now()
catalog.resolve("openrouter", "openai/gpt-6-luna")
lazy = now()
marks = (start, loaded, family, hosted, lazy)
for clock in (0, 1):
    print(*(b[clock] - a[clock] for a, b in zip(marks, marks[1:])))
"""


FIRST_USES = ("load, first use", "a family, first use", "a hosted model", "an OpenRouter model")


def median_ms(action: Callable[[], object], times: int) -> float:
    elapsed: list[float] = []
    for _ in range(times):
        start = time.perf_counter()
        action()
        elapsed.append((time.perf_counter() - start) * 1000)
    return statistics.median(elapsed)


def first_use_ms(cache: Path, runs: int = 9) -> list[float]:
    """Give wall times of load, family, hosted model and OpenRouter model, then processor times."""
    rows: list[list[float]] = []
    for _ in range(runs):
        done = subprocess.run(
            [sys.executable, "-c", FRESH, str(cache)], check=True, capture_output=True, text=True
        )
        rows.append([float(figure) * 1000 for figure in done.stdout.split()])
    return [statistics.median(column) for column in zip(*rows, strict=True)]


def main() -> None:
    bundled = bundled_folder()
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        every = median_ms(lambda: check_everything([bundled]), 3)
        print(f"read every file         {every:8.1f} ms")
        start = time.perf_counter()
        catalog = open_catalog(cache_folder=cache)
        print(f"compile, first start    {(time.perf_counter() - start) * 1000:8.1f} ms")
        start = time.perf_counter()
        catalog.models("openai")
        print(f"compile models, openai  {(time.perf_counter() - start) * 1000:8.1f} ms")
        catalog.models("openrouter")
        size = sum(path.stat().st_size for path in cache.iterdir())
        print(f"compiled files          {size / 1024:8.0f} kB")
        warm = median_ms(lambda: open_catalog(cache_folder=cache), 50)
        print(f"load, warm              {warm:8.2f} ms   (goal 5)")
        figures = first_use_ms(cache)
        for label, wall, cpu in zip(FIRST_USES, figures[:4], figures[4:], strict=True):
            print(f"{label:24}{wall:8.2f} ms   {cpu:.2f} ms of processor")
        catalog = open_catalog(cache_folder=cache)
        for name in NAMES:
            catalog.resolve("ollama", name)
            micros = median_ms(lambda name=name: catalog.resolve("ollama", name), 200) * 1000
            print(f"resolve, warm           {micros:8.0f} us   {name}")


if __name__ == "__main__":
    main()
