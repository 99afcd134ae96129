"""One measured figure and its goal."""

from typing import NamedTuple


class Figure(NamedTuple):
    """`holds` says whether the goal is reached."""

    name: str
    value: str
    goal: str
    holds: bool


def at_least(name: str, value: float, goal: float, unit: str = "%") -> Figure:
    """Make the figure of a value that should be high."""
    return Figure(name, f"{value:.1f} {unit}", f"at least {goal:g} {unit}", value >= goal)


def at_most(name: str, value: float, goal: float, unit: str = "%") -> Figure:
    """Make the figure of a value that should be low."""
    return Figure(name, f"{value:.2f} {unit}", f"at most {goal:g} {unit}", value <= goal)
