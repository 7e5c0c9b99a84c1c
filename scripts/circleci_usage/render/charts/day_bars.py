"""Days as upright bars: the one way to draw them as SVG, on the page and in projects' charts."""

from collections.abc import Sequence
from math import isnan
from typing import Final, NamedTuple

SPARK_HEIGHT: Final = 24

_MOST_BARS: Final = 93
_WEEK: Final = 7
_LEAST_HEIGHT: Final = 0.6
"""Of a sparkline's bar, so that what cost anything is seen."""


def day_bars(
    bottoms: Sequence[float], tops: Sequence[float], *, left: float = 0, width: float = 1
) -> str:
    """The `d` of an SVG path: an upright stroke for each day whose bar has a height.

    Args:
        bottoms: where each bar begins; SVG counts from the top down.
        tops: where it ends.
        left: where the first day begins.
        width: of a day; the stroke's own width is up to whoever draws the path.

    >>> day_bars([24, 24, 24], [12, 24, 0])
    'M0.5 24V12M2.5 24V0'
    """
    strokes = []
    for day, (bottom, top) in enumerate(zip(bottoms, tops, strict=True)):
        low, high = coordinate(bottom), coordinate(top)
        if low != high:
            strokes.append(f"M{coordinate(left + (day + 0.5) * width)} {low}V{high}")
    return "".join(strokes)


def day_steps(heights: Sequence[float]) -> str:
    """The `d` of a line with a step per day, interrupted where a day is unknown (NaN).

    >>> day_steps([50, 0, float("nan"), 100])
    'M0 50H1V0H2M3 100H4'
    """
    steps = []
    command = "M"
    for day, height in enumerate(heights):
        if isnan(height):
            command = "M"
            continue
        start = f"M{day} " if command == "M" else "V"
        steps.append(f"{start}{coordinate(height)}H{day + 1}")
        command = "V"
    return "".join(steps)


def coordinate(value: float) -> str:
    """A coordinate in as few characters as do.

    >>> coordinate(11.96), coordinate(0.25)
    ('12', '0.2')
    """
    return f"{value:.1f}".removesuffix(".0")


class Spark(NamedTuple):
    """A sparkline: the `d` of its path in a box of `width` × `SPARK_HEIGHT`."""

    path: str
    width: int


def spark(daily: Sequence[float]) -> Spark:
    """The days as a sparkline; more than three months of them as weeks.

    >>> spark([1.0, 0.0, 2.0])
    Spark(path='M0.5 24V12M2.5 24V0', width=3)
    """
    values = daily if len(daily) <= _MOST_BARS else _weeks(daily)
    highest = max(values, default=0)
    tops = []
    for value in values:
        height = max(SPARK_HEIGHT * value / highest, _LEAST_HEIGHT) if value > 0 else 0
        tops.append(SPARK_HEIGHT - height)
    return Spark(day_bars([SPARK_HEIGHT] * len(tops), tops), len(tops))


def _weeks(daily: Sequence[float]) -> Sequence[float]:
    return [sum(daily[first : first + _WEEK]) for first in range(0, len(daily), _WEEK)]
