"""charts/projects/*: a chart of each project's days, as PNG and SVG.

There may be thousands of them. What all have in common is laid out once, and a project adds its
bars and two texts; a PNG's pixels are shades of a few colors (see `palette_png`), quick to draw and
to pack. 200 projects take 0.7 s, with Matplotlib they took 21 s, or 13 s with a figure reused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import numpy as np

from circleci_usage.render.charts import figures, style
from circleci_usage.render.charts.chart_data import Days, ProjectChart
from circleci_usage.render.charts.day_bars import day_bars
from circleci_usage.render.charts.palette_png import FULL, Pixels, Shades, write_png
from circleci_usage.render.formatting import shortened

_WIDTH: Final = 720
_HEIGHT: Final = 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 706, 70, 210
"""The area of the bars."""

_SIZE: Final = 12.5
_GAP: Final = 6
_DROP: Final = 4.75
"""From a line to the baseline of the text beside it."""
_NAMED_DAYS: Final = 9
_NAME_LENGTH: Final = 64
_SAMPLES: Final = 8
"""Places in a column of pixels that are looked up to tell how much of it a bar covers."""

_INK, _MUTED, _BLUE = (
    Shades(number, color) for number, color in enumerate((style.INK, style.MUTED, style.SERIES[0]))
)
_PALETTE: Final = (_INK, _MUTED, _BLUE)
_LINE: Final = _MUTED.nearest(style.LINE)


def draw_project_charts(charts: Sequence[ProjectChart], days: Days, folder: Path) -> None:
    """Write a PNG and an SVG file for each project into an existing folder."""
    frame = _Frame(days)
    for chart in charts:
        frame.save(chart, folder / chart.file_name)


@dataclass(frozen=True)
class _Text:
    x: float
    y: float
    text: str
    anchor: str = "start"
    is_title: bool = False

    @property
    def svg(self) -> str:
        look = f' style="font-weight: 700; fill: {style.INK}"' if self.is_title else ""
        place = f'x="{self.x:.2f}" y="{self.y}" text-anchor="{self.anchor}"'
        return f"<text {place}{look}>{escape(self.text)}</text>\n"

    def draw(self, pixels: Pixels) -> None:
        font = figures.font_file("bold" if self.is_title else "normal")
        (_INK if self.is_title else _MUTED).write(
            pixels, self.text, (self.x, self.y), self.anchor, font, _SIZE
        )


class _Frame:
    """What all charts share, as pixels and as an SVG's text, and where the days are."""

    def __init__(self, days: Days) -> None:
        self._currency = days.currency
        self._width = (_RIGHT - _LEFT) / len(days.days)
        self._bar = style.bar_width(len(days.days))
        marks = [
            _Text(self._middle(index), _BOTTOM + 14.5, text, "middle")
            for index, text in style.day_marks(days.days, _NAMED_DAYS)
        ]
        nothing = _Text(
            _LEFT - _GAP, _BOTTOM + _DROP, style.amounts([0, 1], days.currency)[0], "end"
        )
        texts = [_Text(12, 48, f"Cost by day, {days.name}"), nothing, *marks]
        lines = (_TOP, (_TOP + _BOTTOM) // 2, _BOTTOM)
        self._svg = _HEAD + "".join(map(_line, lines)) + "".join(text.svg for text in texts)
        self._pixels = np.zeros((_HEIGHT, _WIDTH), dtype=np.uint8)
        self._pixels[lines, _LEFT:_RIGHT] = _LINE
        for text in texts:
            text.draw(self._pixels)
        # For each column of pixels: its day, and how much of it the day's bar covers.
        places = np.arange(0.5 / _SAMPLES, _RIGHT - _LEFT, 1 / _SAMPLES) / self._width
        self._days = places[_SAMPLES // 2 :: _SAMPLES].astype(int)
        inside = (abs(places % 1 - 0.5) <= self._bar / 2).reshape(-1, _SAMPLES)
        self._inside = np.rint(inside.mean(axis=1) * FULL).astype(np.uint8)

    def save(self, chart: ProjectChart, path: Path) -> None:
        """Write the files of one project."""
        highest = style.ticks(max(chart.daily))[-1]
        tops = [_BOTTOM - (_BOTTOM - _TOP) * cost / highest for cost in chart.daily]
        (name,) = shortened([figures.drawable(chart.name)], _NAME_LENGTH)
        texts = (
            _Text(12, 28, f"{name}  {chart.total}", is_title=True),
            _Text(
                _LEFT - _GAP, _TOP + _DROP, style.amounts([0, highest], self._currency)[-1], "end"
            ),
        )
        pixels = self._pixels.copy()
        self._draw_bars(pixels, tops)
        for text in texts:
            text.draw(pixels)
        write_png(path.with_name(f"{path.name}.png"), pixels, _PALETTE)
        drawn = [self._svg, *(text.svg for text in texts), self._svg_bars(tops), "</svg>\n"]
        path.with_name(f"{path.name}.svg").write_text("".join(drawn), encoding="utf-8")

    def _draw_bars(self, pixels: Pixels, tops: Sequence[float]) -> None:
        rows = np.arange(_TOP + 1, _BOTTOM + 1)[:, np.newaxis]
        below = np.rint(np.clip(rows - np.asarray(tops), 0, 1) * FULL).astype(np.uint8)
        _BLUE.cover(
            pixels[_TOP:_BOTTOM, _LEFT:_RIGHT], np.minimum(below[:, self._days], self._inside)
        )

    def _svg_bars(self, tops: Sequence[float]) -> str:
        path = day_bars([_BOTTOM] * len(tops), tops, left=_LEFT, width=self._width)
        width = f"{self._bar * self._width:.2f}"
        return f'<path d="{path}" stroke="{style.SERIES[0]}" stroke-width="{width}"/>\n'

    def _middle(self, day: int) -> float:
        return _LEFT + (day + 0.5) * self._width


_HEAD: Final = (
    '<?xml version="1.0" encoding="utf-8" standalone="no"?>\n'
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}pt" height="{_HEIGHT}pt"'
    f' viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    f' style="font: {_SIZE}px {style.READER_FONTS}; fill: {style.MUTED}">\n'
    f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="{style.SURFACE}"/>\n'
)


def _line(height: int) -> str:
    return f'<path d="M{_LEFT} {height}H{_RIGHT}" stroke="{style.LINE}"/>\n'
