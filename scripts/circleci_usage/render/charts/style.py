"""How charts and the page look: colors, type, sizes, scales; shared, so that they match."""

import math
import pathlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from functools import cache
from io import StringIO
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.path import Path
from numpy.typing import ArrayLike

from circleci_usage.render.formatting import day, symbol, visible_name

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

_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""The same report gives the same bytes."""

SIZE: Final = 9
"""Points of all text but titles."""

_PNG_DPI: Final = 150
_PACKED: Final = {"compress_level": 3}
"""More takes twice as long for a few percent of the size."""
_BOX: Final = "▯"


@contextmanager
def house_style() -> Iterator[None]:
    """Draw and save inside this context."""
    with mpl.rc_context():
        # Not what a file of settings in the working folder said when Matplotlib was loaded.
        mpl.rcdefaults()
        mpl.rcParams.update(
            {
                "font.family": FONT,
                "font.size": SIZE,
                "text.hinting": "none",  # hinted letters take twice as long to draw
                "text.parse_math": False,  # a dollar sign is money, not TeX
                "svg.fonttype": "none",  # text stays text
                "svg.hashsalt": "circleci-usage",  # the same report gives the same bytes
            }
        )
        yield


def save(figure: Figure, path: pathlib.Path) -> None:
    """Write the figure as `path`.png and `path`.svg."""
    figure.savefig(
        path.with_name(f"{path.name}.png"),
        dpi=_PNG_DPI,
        metadata={"Software": None},
        pil_kwargs=_PACKED,
    )
    path.with_name(f"{path.name}.svg").write_text(svg(figure), encoding="utf-8")


def svg(figure: Figure) -> str:
    """The figure as an SVG document whose text is in the reader's own font."""
    text = StringIO()
    figure.savefig(text, format="svg", metadata=_NO_METADATA)
    return text.getvalue().replace(f"'{FONT}'", READER_FONTS)


@cache
def font_file(weight: str) -> str:
    """The file of the font, `normal` or `bold`."""
    return findfont(FontProperties(family=FONT, weight=weight))


def drawable(text: str) -> str:
    """The text with a box for every character that the font lacks, such as emoji."""
    font = get_font(font_file("normal"))
    return "".join(
        letter if font.get_char_index(ord(letter)) else _BOX for letter in visible_name(text)
    )


def drawing_area(figure: Figure, *, left: float, right: float, top: float, bottom: float) -> Axes:
    """Axes with margins in points and without a frame."""
    width, height = (72 * inches for inches in figure.get_size_inches())
    axes = figure.add_axes(
        (
            left / width,
            bottom / height,
            (width - left - right) / width,
            (height - top - bottom) / height,
        )
    )
    axes.set_frame_on(False)
    axes.tick_params(length=0, pad=5, colors=MUTED)
    axes.set_axisbelow(True)
    for axis in (axes.xaxis, axes.yaxis):
        # Axes have no labels: without a place, all marks are measured to find one.
        axis.set_label_coords(0, 0)
    return axes


def bars(bottoms: ArrayLike, tops: ArrayLike, width: float) -> Path:
    """Upright bars at 0, 1, 2 … as one outline: a single element in the SVG."""
    low, high = np.asarray(bottoms), np.asarray(tops)
    middles = np.arange(len(high))
    left, right = middles - width / 2, middles + width / 2
    corners = np.stack(
        [(left, low), (left, high), (right, high), (right, low), (left, low)]
    ).transpose(2, 0, 1)
    drawn = corners[high != low]
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(drawn.reshape(-1, 2), codes * len(drawn))


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
