"""What all charts by Matplotlib have in common: the house style, areas, how they are saved."""

import pathlib
from collections.abc import Iterator
from contextlib import contextmanager
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

from circleci_usage.render.charts.style import FONT, MUTED, READER_FONTS, SIZE
from circleci_usage.render.formatting import visible_name

_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
"""The same report gives the same bytes."""

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
