"""Shows the test of a provider, step by step."""

import click

from refact_lsp.core.nouns import TestReport
from refact_lsp.core.problems import Problem


def print_report(report: TestReport) -> None:
    """Show a provider's test step by step."""
    for step in report.steps:
        word = "skipped" if step.skipped else "ok" if step.ok else "failed"
        took = f" {step.latency_ms} ms" if step.latency_ms is not None else ""
        detail = f"  {step.detail}" if step.detail else ""
        click.echo(f"  {step.step:<12} {word}{took}{detail}")
        if step.error:
            print_problem(step.error)
    if report.error and not any(step.error for step in report.steps):
        print_problem(report.error)


def print_problem(problem: Problem) -> None:
    """Show what went wrong and what to do."""
    click.echo(f"    {problem.message}")
    if problem.hint:
        click.echo(f"    {problem.hint}")
