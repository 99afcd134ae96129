"""One measured figure and its goal, and how a figure is written on a line."""

from collections.abc import Sequence
from statistics import median
from typing import NamedTuple


class Figure(NamedTuple):
    """`holds` says whether the goal is reached; None where the value only stands beside others."""

    name: str
    value: str
    goal: str
    holds: bool | None

    @property
    def verdict(self) -> str:
        return {True: "met", False: "missed", None: "beside"}[self.holds]

    def __str__(self) -> str:
        return f"{self.name:<64}  {self.value:>22}  {self.goal:>24}  {self.verdict}"


class UnmeasuredError(Exception):
    """Why a figure could not be taken here."""


def at_least(name: str, value: float, goal: float, unit: str = "%") -> Figure:
    """Make the figure of a value that should be high."""
    return Figure(name, f"{value:.1f} {unit}", f"at least {goal:g} {unit}", value >= goal)


def at_most(name: str, value: float, goal: float, unit: str = "%") -> Figure:
    """Make the figure of a value that should be low."""
    return Figure(name, f"{value:.2f} {unit}", f"at most {goal:g} {unit}", value <= goal)


def exactly(name: str, value: int, goal: int) -> Figure:
    """Make the figure of a count that must be this one."""
    return Figure(name, str(value), str(goal), value == goal)


def beside(name: str, value: float, unit: str = "%") -> Figure:
    """Make the figure of something else on the same data, for comparison."""
    return Figure(name, f"{value:.1f} {unit}", "", None)


def latency(name: str, took_ms: Sequence[float], goal: tuple[float, float] | None = None) -> Figure:
    """Make the figure of times, p50 and p95; without a goal they stand beside others."""
    middle, high = median(took_ms), quantile(took_ms, 0.95)
    return Figure(
        f"{name}, p50 / p95 of {len(took_ms)}",
        f"{middle:.2f} / {high:.2f} ms",
        f"at most {goal[0]:g} / {goal[1]:g} ms" if goal else "",
        middle <= goal[0] and high <= goal[1] if goal else None,
    )


def quantile(values: Sequence[float], share: float) -> float:
    """Give the value that a share of them lies below."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]
