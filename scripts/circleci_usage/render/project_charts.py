"""charts/projects/*: a picture of every project's days.

There may be hundreds, so the axes are laid out once and only what differs is drawn for each, on all cores. This module
imports no data frames: the other processes start quickly.
"""

import pickle
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path as Outline
from PIL import Image

from circleci_usage.machine import cores
from circleci_usage.render import style
from circleci_usage.render.shown import shortened

_WIDTH: Final = 720
_HEIGHT: Final = 240
_DPI: Final = 72
"""A pixel is a point: the same artists fit the canvas of pixels and that of the SVG."""

_SIZE: Final = 12.5
_LEVELS: Final = (0, 0.5, 1)
_NAMED_DAYS: Final = 9
_NAME_LENGTH: Final = 64
_END: Final = "</svg>\n"

_MANY: Final = 100
"""Fewer charts are drawn before other processes would have started."""
_MOST_PROCESSES: Final = 4
"""A container may see more cores than it may use."""


@dataclass(frozen=True)
class ProjectChart:
    """What is drawn for one project: `total` is its cost as text."""

    file_name: str
    name: str
    total: str
    daily: Sequence[float]


@dataclass(frozen=True)
class Days:
    """What all charts have in common: the days, what to call them, the currency of their costs."""

    days: Sequence[date]
    name: str
    currency: str


@contextmanager
def drawing_project_charts(charts: Sequence[ProjectChart], days: Days, folder: Path) -> Iterator[None]:
    """Write a PNG and an SVG file for each project into an existing folder, at the latest when the context ends.

    Many are drawn by other processes while the body of the context runs.
    """
    # This process has work of its own meanwhile.
    helpers = min(cores() - 1, _MOST_PROCESSES)
    if len(charts) < _MANY or not helpers:
        yield
        _draw(charts, days, folder)
        return
    shares = [_Share(charts[first::helpers], days, folder.resolve()) for first in range(helpers)]
    drawing: list[subprocess.Popen[bytes]] = []
    try:
        drawing.extend(map(_helper, shares))
        yield
        for share, helper in zip(shares, drawing, strict=True):
            if helper.wait():
                share.draw()
    finally:
        for helper in drawing:
            helper.kill()
            helper.wait()


@dataclass(frozen=True)
class _Share:
    """What one process draws."""

    charts: Sequence[ProjectChart]
    days: Days
    folder: Path

    def draw(self) -> None:
        _draw(self.charts, self.days, self.folder)


def _helper(share: _Share) -> "subprocess.Popen[bytes]":
    """A process that draws a share and says nothing: should it fail, who waits draws again and says what is wrong.

    Not one of multiprocessing's: forking a process that has threads, as this one does, may hang; a pool needs /dev/shm,
    which a locked-down container may lack; and spawning waits for ever for one that dies at once.
    """
    with TemporaryFile() as work:
        pickle.dump(share, work)
        work.seek(0)
        # -P: the folder that somebody happens to work in may have modules of any name.
        command = [sys.executable, "-P", "-m", __name__]
        return subprocess.Popen(command, stdin=work, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603


def _draw(charts: Sequence[ProjectChart], days: Days, folder: Path) -> None:
    with style.house_style():
        frame = _Frame(days)
        for chart in charts:
            frame.show(chart)
            frame.save(folder / chart.file_name)


class _Frame:
    """One figure for all projects: what stays the same is drawn once, and kept as a picture and as an SVG's text."""

    def __init__(self, days: Days) -> None:
        self._currency = days.currency
        self._bar_width = style.bar_width(len(days.days))
        self._figure = Figure(figsize=(_WIDTH / _DPI, _HEIGHT / _DPI), dpi=_DPI)
        self._canvas = FigureCanvasAgg(self._figure)
        axes = style.drawing_area(self._figure, left=72, right=14, top=70, bottom=30)
        axes.set_xlim(-0.5, len(days.days) - 0.5)
        axes.set_ylim(0, 1)
        axes.set_yticks(_LEVELS, [style.amounts([0, 1], days.currency)[0], "", ""], fontsize=_SIZE)
        axes.grid(axis="y", color=style.LINE)
        marks = style.day_marks(days.days, _NAMED_DAYS)
        axes.set_xticks([index for index, _ in marks], [text for _, text in marks], fontsize=_SIZE)
        self._figure.text(*_place(12, 48), f"Cost by day, {days.name}", size=_SIZE, color=style.MUTED)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)
        self._background_svg = self._svg(self._figure).removesuffix(_END)
        self._head = self._svg().removesuffix(_END)
        self._bars = PathPatch(Outline([(0, 0)]), facecolor=style.SERIES[0], edgecolor="none", clip_on=False)
        axes.add_patch(self._bars)
        self._title = self._figure.text(*_place(12, 28), "", size=_SIZE, weight="bold", color=style.INK)
        self._highest = axes.annotate(
            "",
            (0, 1),
            (-6, 0),
            "axes fraction",
            "offset points",
            ha="right",
            va="center",
            size=_SIZE,
            color=style.MUTED,
        )

    def show(self, chart: ProjectChart) -> None:
        """Put one project into the frame."""
        highest = style.ticks(max(chart.daily))[-1]
        heights = [cost / highest for cost in chart.daily]
        self._bars.set_path(style.bars([0.0] * len(heights), heights, self._bar_width))
        (name,) = shortened([style.drawable(chart.name)], _NAME_LENGTH)
        self._title.set_text(f"{name}  {chart.total}")
        self._highest.set_text(style.amounts([0, highest], self._currency)[-1])

    def save(self, path: Path) -> None:
        """Write what the frame shows."""
        own: list[Artist] = [self._bars, self._title, self._highest]
        self._canvas.restore_region(self._background)
        for artist in own:
            self._figure.draw_artist(artist)
        picture = Image.frombuffer("RGBA", (_WIDTH, _HEIGHT), self._canvas.buffer_rgba()).convert("RGB")
        picture.save(path.with_name(f"{path.name}.png"), compress_level=1)
        drawn = self._background_svg + self._svg(*own).removeprefix(self._head)
        path.with_name(f"{path.name}.svg").write_text(drawn, encoding="utf-8")

    def _svg(self, *artists: Artist) -> str:
        text = StringIO()
        renderer = RendererSVG(_WIDTH, _HEIGHT, text, metadata=style.NO_METADATA)
        for artist in artists:
            artist.draw(renderer)
        renderer.finalize()
        return style.with_reader_fonts(text.getvalue())


def _place(left: float, top: float) -> tuple[float, float]:
    """Points from the left and the top → what a figure understands."""
    return left / _WIDTH, 1 - top / _HEIGHT


if __name__ == "__main__":
    pickle.load(sys.stdin.buffer).draw()  # noqa: S301 - what `_helper` wrote
