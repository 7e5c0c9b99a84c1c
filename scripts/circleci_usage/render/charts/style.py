"""How charts and the page look: colors, type, sizes, scales; shared, so that they match.

Nothing here imports Matplotlib: `figures` has what it draws with.
"""

import math
from collections.abc import Sequence
from datetime import date
from typing import Final

from circleci_usage.render.formatting import day, symbol

SERIES: Final = ("#0448ae", "#30abfa", "#d89f00", "#c15515", "#068556", "#5d2d69")
"""One color per series, in the order of their cost.

After Okabe and Ito (Color Universal Design, 2008), shifted until any two, `REST` included, stay
apart by 24 in CIE76 color difference as people with protanopia, deuteranopia and tritanopia see
them (Machado and others, 2009).
"""
REST: Final = "#a5a9b2"
"""Everything else together."""

INK: Final = "#1b1f24"
MUTED: Final = "#5b6470"
LINE: Final = "#e3e6ea"
SURFACE: Final = "#ffffff"

PAGE_COLORS: Final = {
    "ink": INK,
    "muted": MUTED,
    "line": LINE,
    "page": SURFACE,
    "rest": REST,
    **{f"series-{number}": color for number, color in enumerate(SERIES, start=1)},
}
"""The page's variables, which have other colors in dark mode."""

FONT: Final = "DejaVu Sans"
"""Comes with Matplotlib, so charts look the same everywhere."""
READER_FONTS: Final = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
"""Of an SVG."""

SIZE: Final = 9
"""Points of all text but titles."""


def bar_width(days: int) -> float:
    """Bars touch when there are too many for gaps to be seen."""
    return 0.74 if days <= 62 else 1.0  # noqa: PLR2004 - two months


def ticks(highest: float) -> list[float]:
    """At most six round numbers from 0 to at least `highest`."""
    if highest <= 0:
        return [0.0, 1.0]
    rough = highest / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(nice * power for nice in (1, 2, 2.5, 5, 10) if nice * power >= rough * (1 - 1e-9))
    return [step * count for count in range(math.ceil(highest / step - 1e-9) + 1)]


def amounts(values: Sequence[float], currency: str) -> list[str]:
    """The ticks of an axis of money as text, all with the same number of decimals."""
    step = values[1] - values[0]
    places = 0 if step == int(step) else max(2, 1 - math.floor(math.log10(step)))
    return [f"{symbol(currency)}{value:,.{places}f}" for value in values]


def day_marks(days: Sequence[date], room: int) -> list[tuple[int, str]]:
    """Which days of an axis are named: index and name of about `room` days at most.

    All days, every other day, Mondays, or first days of months: the first that fit.
    """
    for stride in (1, 2):
        if len(days) <= room * stride:
            return [(index, day(days[index])) for index in range(0, len(days), stride)]
    mondays = [(index, day(moment)) for index, moment in enumerate(days) if not moment.weekday()]
    if len(mondays) <= room:
        return mondays
    firsts = [(index, f"{moment:%b %Y}") for index, moment in enumerate(days) if moment.day == 1]
    marks = firsts or mondays
    return marks[:: -(-len(marks) // room)]
