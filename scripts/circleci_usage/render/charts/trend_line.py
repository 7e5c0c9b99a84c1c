"""A few values over time as a line: the one way to draw it as SVG, for KPIs."""

from collections.abc import Sequence
from itertools import groupby
from typing import Final, NamedTuple

from circleci_usage.render.charts.day_bars import SPARK_HEIGHT, coordinate

_MARGIN: Final = 2
"""So that the stroke is whole at the top and at the bottom."""

_LEAST_RANGE: Final = 0.1
"""Of the highest value: smaller ups and downs are drawn small."""


class TrendLine(NamedTuple):
    """A line: the `d` of its path in a box of `width` × `SPARK_HEIGHT`."""

    path: str
    width: int


def trend_line(values: Sequence[float | None]) -> TrendLine:
    """The values from left to right; the line has a gap where one is not known.

    >>> trend_line([1.0, 3.0, 2.0])
    TrendLine(path='M0 22L1 2L2 12', width=2)
    """
    known = [value for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    missing = max(abs(high) * _LEAST_RANGE - (high - low), 0)
    bottom, extent = low - missing / 2, (high - low + missing) or 1
    points = []
    for position, value in enumerate(values):
        share = None if value is None else (value - bottom) / extent
        points.append((position, share))
    runs = groupby(points, key=lambda point: point[1] is not None)
    path = "".join(_stroke([*run]) for is_known, run in runs if is_known)
    return TrendLine(path, max(len(values) - 1, 1))


def _stroke(points: Sequence[tuple[int, float | None]]) -> str:
    """Points that are joined; one alone is a dot."""
    places = [f"{position} {_height(share or 0)}" for position, share in points]
    return f"M{'L'.join(places)}" if len(places) > 1 else f"M{places[0]}h0"


def _height(share: float) -> str:
    """SVG counts from the top down."""
    return coordinate(SPARK_HEIGHT - _MARGIN - share * (SPARK_HEIGHT - 2 * _MARGIN))
