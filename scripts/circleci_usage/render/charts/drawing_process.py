"""Charts are drawn by another process, while this one writes the other files of the report.

Loading Matplotlib and drawing take a third of a small report's time. The process is started early,
loads Matplotlib while usage is read, and is sent what the charts show.

Nothing depends on it. Where it cannot be started or does not draw everything, this process draws
the charts itself, and only there an error counts. It has no other core to itself on a machine with
one, and nothing to gain where Matplotlib is loaded anyway, as in a notebook.
"""

import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Final

from circleci_usage.core.machine import cores
from circleci_usage.render.charts.chart_data import ReportCharts

Drawing = Callable[[ReportCharts, Path], AbstractContextManager[None]]
"""Draws the charts of a report into its folder; they are there when the context is left."""

_PROGRAM: Final = (
    "import sys; sys.path[:] = {path!r}; from {module} import draw_for_parent; draw_for_parent()"
)
"""Finds modules where this process does, and never in the working folder."""


@contextmanager
def draw_here(charts: ReportCharts, folder: Path) -> Iterator[None]:
    """Draw the charts in this process, before the body runs."""
    from circleci_usage.render.charts.drawing import draw  # noqa: PLC0415 - loads Matplotlib

    draw(charts, folder)
    yield


@contextmanager
def drawing_process() -> Iterator[Drawing]:
    """A process that draws charts once; it does not outlive the body."""
    process = _started() if cores() > 1 and "matplotlib" not in sys.modules else None
    if process is None:
        yield draw_here
        return
    try:
        yield partial(_drawn_meanwhile, process)
    finally:
        _end(process)


@contextmanager
def _drawn_meanwhile(
    process: subprocess.Popen[bytes], charts: ReportCharts, folder: Path
) -> Iterator[None]:
    try:
        _send(process, charts, folder)
        yield
    except BaseException:
        # It must not write into a folder that is being removed.
        _end(process)
        raise
    if process.wait() != 0:
        with draw_here(charts, folder):
            """Whatever was drawn is replaced."""


def _started() -> subprocess.Popen[bytes] | None:
    program = _PROGRAM.format(path=sys.path, module=__name__)
    try:
        return subprocess.Popen(  # noqa: S603 - this program
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
    except (OSError, ValueError):
        return None


def _send(process: subprocess.Popen[bytes], charts: ReportCharts, folder: Path) -> None:
    """Send what to draw. The pipe stays open: its end tells that this process is gone."""
    # What is wrong with a process that reads nothing shows by its exit code.
    with suppress(OSError):
        assert process.stdin
        pickle.dump((charts, folder), process.stdin)
        process.stdin.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    with suppress(OSError):
        process.communicate()


def draw_for_parent() -> None:
    """Draw what comes through standard input, or end with the process that sends it."""
    from circleci_usage.render.charts.drawing import draw  # noqa: PLC0415 - loads Matplotlib

    charts, folder = pickle.load(sys.stdin.buffer)  # noqa: S301 - from this program
    Thread(target=_end_with_parent, daemon=True).start()
    draw(charts, folder)
    # Without the thread, which waits, and without what else Python does at its end.
    os._exit(0)


def _end_with_parent() -> None:
    os.read(0, 1)
    os._exit(1)
