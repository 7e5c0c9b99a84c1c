"""Sparklines: a row of days as one small SVG path, light enough for hundreds of projects on a page."""

from collections.abc import Sequence
from typing import Final, NamedTuple

HEIGHT: Final = 24

_MOST_BARS: Final = 93
_WEEK: Final = 7


class Spark(NamedTuple):
    """The `d` of a path of upright strokes, one a unit, in a box of `width` × `HEIGHT`."""

    path: str
    width: int


def spark(daily: Sequence[float]) -> Spark:
    """The days as strokes; more than three months of them as weeks."""
    values = (
        daily
        if len(daily) <= _MOST_BARS
        else [sum(daily[i : i + _WEEK]) for i in range(0, len(daily), _WEEK)]
    )
    highest = max(values, default=0)
    strokes = (
        f"M{position}.5 {HEIGHT}V{_short(HEIGHT * (1 - value / highest))}"
        for position, value in enumerate(values)
        if value > 0
    )
    return Spark("".join(strokes), len(values))


def _short(coordinate: float) -> str:
    # What is there at all is seen.
    return f"{min(coordinate, HEIGHT - 0.6):.1f}".removesuffix(".0")
