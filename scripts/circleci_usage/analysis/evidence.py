"""How much evidence is enough: the one place for everything that the report says.

A number with less evidence is left out: `None` here, null in summary.json, an empty cell in tables,
a dash on the page; the number of runs is shown beside it. A verdict is shown with the number it is
based on, and its runs.
"""

from typing import Final

ENOUGH_RUNS: Final = 5
"""Fewer runs say nothing about a job."""

ENOUGH_FOR_P95: Final = 20
"""With fewer runs, the run that only one of twenty exceeds is simply the longest one."""

ENOUGH_FOR_MEAN: Final = 2
"""Days. The mean of one is that day."""


def p95(value: float, runs: int) -> float | None:
    """The 95th percentile, where there are enough runs for one."""
    return value if runs >= ENOUGH_FOR_P95 else None
