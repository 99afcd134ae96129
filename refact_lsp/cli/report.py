"""Shows the test of a provider, step by step."""

from refact_lsp.cli.output import echo
from refact_lsp.core.nouns import TestReport
from refact_lsp.core.problems import Problem


def print_report(report: TestReport, *, err: bool = False) -> None:
    """Show a provider's test step by step; `err` where the output is of something else."""
    for step in report.steps:
        word = "skipped" if step.skipped else "ok" if step.ok else "failed"
        took = f" {step.latency_ms} ms" if step.latency_ms is not None else ""
        detail = f"  {step.detail}" if step.detail else ""
        echo(f"  {step.step:<12} {word}{took}{detail}", err=err)
        if step.error:
            _print_problem(step.error, err=err)
    if report.error and not any(step.error for step in report.steps):
        _print_problem(report.error, err=err)


def _print_problem(problem: Problem, *, err: bool) -> None:
    echo(f"    {problem.message}", err=err)
    if problem.hint:
        echo(f"    {problem.hint}", err=err)
