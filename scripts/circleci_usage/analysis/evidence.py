"""How much is enough to say something: said here for everything that the report says.

A number from less is left out: `None` here, null in summary.json, an empty cell in tables, a dash on the page; the
number of runs stands beside it. Where a verdict rests on a number, the number is shown with the runs that it is from.
"""

from typing import Final

ENOUGH_RUNS: Final = 5
"""Fewer runs than that say nothing about a job."""

ENOUGH_FOR_P95: Final = 20
"""With fewer runs, the run that only one of twenty exceeds is simply the longest one."""

ENOUGH_FOR_MEAN: Final = 2
"""Days. The mean of one is that day."""


def p95(value: float, runs: int) -> float | None:
    """The 95th percentile of so many runs, where they are enough."""
    return value if runs >= ENOUGH_FOR_P95 else None
