"""charts/projects/*: a picture of every project's days.

There may be hundreds, so the axes are laid out once and only what differs is drawn for each, on all cores. This module
imports no data frames: the other processes start quickly.
"""

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from PIL import Image

from circleci_usage.render import style
from circleci_usage.render.shown import shortened

_WIDTH: Final = 7.2
_HEIGHT: Final = 2.4
_DPI: Final = 100
_NAME_LENGTH: Final = 64

_MANY: Final = 80
"""Fewer charts are drawn before other processes would have started."""
_MOST_PROCESSES: Final = 8


@dataclass(frozen=True)
class ProjectChart:
    """What is drawn for one project: `total` is its cost as text."""

    file_name: str
    label: str
    total: str
    daily: Sequence[float]


@contextmanager
def drawing_project_charts(
    charts: Sequence[ProjectChart], days: Sequence[date], currency: str, folder: Path
) -> Iterator[None]:
    """Write a PNG and an SVG file for each project into an existing folder, at the latest when the context ends.

    Many are drawn by other processes while the body of the context runs.
    """
    draw = partial(_draw, days=days, currency=currency, folder=folder)
    processes = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)
    if len(charts) < _MANY or processes == 1:
        yield
        draw(charts)
        return
    # Forking a process that has threads, as this one does, may hang.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        shares = [pool.submit(draw, charts[first::processes]) for first in range(processes)]
        yield
        for share in shares:
            share.result()


def _draw(charts: Sequence[ProjectChart], days: Sequence[date], currency: str, folder: Path) -> None:
    with style.house_style():
        frame = _Frame(days, currency)
        for chart in charts:
            frame.show(chart)
            frame.save(folder / chart.file_name)


class _Frame:
    """One figure for all projects: what stays the same is drawn once and kept as a picture."""

    def __init__(self, days: Sequence[date], currency: str) -> None:
        self._currency = currency
        self._width = style.bar_width(len(days))
        self._figure = Figure(figsize=(_WIDTH, _HEIGHT), dpi=_DPI)
        self._canvas: Any = FigureCanvasAgg(self._figure)
        axes = style.drawing_area(self._figure, left=52, right=10, top=50, bottom=22)
        axes.set_xlim(-0.5, len(days) - 0.5)
        axes.set_ylim(0, 1)
        axes.set_yticks([0, 0.5, 1], [style.amounts([0, 1], currency)[0], "", ""])
        axes.grid(axis="y", color=style.LINE, linewidth=0.8)
        marks = style.day_marks(days, round(_WIDTH * 1.3))
        axes.set_xticks([index for index, _ in marks], [text for _, text in marks])
        self._scale = [
            axes.annotate(
                "", (0, height), (-5, 0), "axes fraction", "offset points", ha="right", va="center", color=style.MUTED
            )
            for height in (0.5, 1)
        ]
        self._name = self._figure.text(0.012, 1 - 20 / (72 * _HEIGHT), "", fontweight="bold", color=style.INK)
        self._total = self._figure.text(0.012, 1 - 34 / (72 * _HEIGHT), "", color=style.MUTED)
        self._bars = PathPatch(Outline([(0, 0)]), facecolor=style.SERIES[0], edgecolor="none")
        axes.add_patch(self._bars)
        self._moving: list[Artist] = [self._bars, self._name, self._total, *self._scale]
        self._background = self._draw_background()

    def _draw_background(self) -> Any:  # noqa: ANN401 - Matplotlib does not name its type
        for artist in self._moving:
            artist.set_visible(False)
        self._canvas.draw()
        for artist in self._moving:
            artist.set_visible(True)
        return self._canvas.copy_from_bbox(self._figure.bbox)

    def show(self, chart: ProjectChart) -> None:
        """Put one project into the frame."""
        highest = style.ticks(max(chart.daily))[-1]
        self._bars.set_path(style.bars([0.0] * len(chart.daily), [cost / highest for cost in chart.daily], self._width))
        self._name.set_text(shortened([style.drawable(chart.label)], _NAME_LENGTH)[0])
        self._total.set_text(chart.total)
        for text, amount in zip(self._scale, style.amounts([highest / 2, highest], self._currency), strict=True):
            text.set_text(amount)

    def save(self, path: Path) -> None:
        """Write what the frame shows."""
        self._canvas.restore_region(self._background)
        for artist in self._moving:
            self._figure.draw_artist(artist)
        picture = Image.frombuffer("RGBA", self._canvas.get_width_height(), self._canvas.buffer_rgba()).convert("RGB")
        picture.save(path.with_name(f"{path.name}.png"), compress_level=1)
        path.with_name(f"{path.name}.svg").write_text(style.svg(self._figure), encoding="utf-8")
