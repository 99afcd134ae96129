"""What counting tokens costs: `python -m tests.bench.counting`.

On the project's own code. A folder with tiktoken's files in TIKTOKEN_CACHE_DIR adds how far the
estimate is off, before and after it has learned, and what a vocabulary costs. Figures are processor
time, which a busy machine does not stretch.
"""

import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from refact_lsp.app.application import open_app
from refact_lsp.core.text import Snapshot
from refact_lsp.core.tokens import Calibration, Vocabularies, estimate, learned
from refact_lsp.core.types import parse_model_ref
from refact_lsp.features.completion.ports import Target
from refact_lsp.features.completion.prompt import Window, build
from refact_lsp.features.counting.lines import LineCount, LineCounter
from refact_lsp.features.setup.discovery import found, save_custom
from refact_lsp.features.setup.providers import save_provider
from refact_lsp.registry.compiled import open_catalog

CODE = Path(__file__).resolve().parents[2] / "refact_lsp"
TARGET = Target(
    model="p/m", name="m", method="suffix", locality="machine",
    context_window=32_768, max_tokens=256, revision="",
)  # fmt: skip
IMPORTS = (
    "import refact_lsp.lsp.main, refact_lsp.lsp.session, sys; print('tiktoken' in sys.modules)"
)


def cpu_us(action: Callable[[], object], times: int = 1) -> float:
    start = time.process_time()
    for _ in range(times):
        action()
    return (time.process_time() - start) / times * 1e6


async def line_count() -> tuple[LineCount, float]:
    """Give what a completion counts with, and what finding it costs in microseconds."""
    with tempfile.TemporaryDirectory() as home:
        async with open_app({"REFACT_HOME": home}) as app:
            await save_provider(app, template="llamacpp", settings={})
            ref = parse_model_ref("llamacpp/m")
            await save_custom(app, ref, display_name=None, capabilities={})
            lines, model = LineCounter(app), found(app, ref)
            lines.of(model)
            return lines.of(model), cpu_us(lambda: lines.of(model), 1000)


def prompts(count: LineCount, text: str) -> tuple[float, float]:
    """Build the prompt of a long document for the first time, and again after a keystroke."""
    lines = text.splitlines(keepends=True)
    middle = len(lines) // 2

    def at(column: int) -> Snapshot:
        return Snapshot(
            uri="file:///a.py",
            path="/a.py", version=1, language="python", lines=lines, line=middle,
            column=column,
        )  # fmt: skip

    window = Window()

    def make(column: int) -> None:
        build(at(column), TARGET, window, count.line, factor=count.factor)

    return cpu_us(lambda: make(0)), cpu_us(lambda: make(1), 50)


def against(vocabularies: Vocabularies, encoding: str, texts: list[str]) -> None:
    """Say how far the estimate is off against a vocabulary, and after it has learned."""
    vocabulary = open_catalog().vocabulary(encoding)
    if vocabulary is None or vocabularies.path(vocabulary) is None:
        print(f"{encoding}: no file in TIKTOKEN_CACHE_DIR; not measured")
        return
    loaded_ms = cpu_us(lambda: vocabularies.load(vocabulary)) / 1000
    kilobytes = sum(map(len, texts)) / 1000
    real: list[int] = []
    cost = cpu_us(lambda: real.extend(vocabularies.count(encoding, text) or 1 for text in texts))
    calibration = Calibration(factor=1.3)
    errors: list[float] = []
    for text, tokens in zip(texts, real, strict=True):
        errors.append(abs(estimate(text) * calibration.factor / tokens - 1) * 100)
        calibration = learned(calibration, estimate(text), tokens)
    half = len(errors) // 2
    print(
        f"{encoding}: loaded in {loaded_ms:.0f} ms, {cost / kilobytes:.0f} us/KB; an estimate that "
        f"began 30 % too high is {statistics.mean(errors[:10]):.1f} % off over ten files, "
        f"{statistics.mean(errors[half:]):.1f} % over the last half"
    )


def main() -> None:
    texts = [path.read_text("utf-8") for path in sorted(CODE.rglob("*.py"))]
    texts = [text for text in texts if len(text) > 500]
    kilobytes = sum(map(len, texts)) / 1000
    lines = [line for text in texts for line in text.splitlines(keepends=True)]
    print(f"{kilobytes:.0f} KB in {len(lines)} lines")
    print(
        f"estimate, whole texts: {cpu_us(lambda: list(map(estimate, texts))) / kilobytes:.0f} us/KB"
    )
    count, finding = asyncio.run(line_count())
    first = cpu_us(lambda: list(map(count.line, lines[:15_000])))
    again = cpu_us(lambda: list(map(count.line, lines[:15_000])))
    size = sum(map(len, lines[:15_000])) / 1000
    print(f"estimate, by line: {first / size:.0f} us/KB, again {again / size:.1f} us/KB")
    print(f"finding the count of a model: {finding:.1f} us")
    cold, warm = prompts(asyncio.run(line_count())[0], "".join(texts[:40]))
    print(f"a prompt of 3,072 tokens: {cold / 1000:.2f} ms first, {warm / 1000:.2f} ms again")
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS], check=True, capture_output=True, text=True
    )
    print(f"tiktoken imported on the way of starting: {done.stdout.strip()}")
    vocabularies = Vocabularies((Path(os.environ.get("TIKTOKEN_CACHE_DIR", "/nowhere")),))
    for encoding in ("o200k_base", "cl100k_base"):
        against(vocabularies, encoding, texts)


if __name__ == "__main__":
    main()
