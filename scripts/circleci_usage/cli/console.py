"""The terminal: progress bars for a person, plain lines in CI. Only commands use it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.markup import escape

from circleci_usage.core.progress import NullProgress, Progress, Task
from circleci_usage.core.untrusted_text import inert, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as Bars
    from rich.progress import TaskID


class Console(Progress):
    """Prints results to standard output, and progress, warnings and errors to standard error."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._out = RichConsole(highlight=False, soft_wrap=True)
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._verbose = verbose
        self._lock = Lock()
        self._open_tasks = 0

    def result(self, text: object) -> None:
        """Print a result, even when quiet: a renderable, or text that is printed verbatim."""
        self._out.print(_plain(text) if isinstance(text, str) else text)

    def show(self, renderable: "RenderableType") -> None:
        """Print something beside the result, unless quiet."""
        if not self._quiet:
            self._err.print(renderable)

    def warn(self, message: str) -> None:
        """Print a warning, even when quiet."""
        self._err.print(f"[yellow]Warning:[/yellow] {_plain(message)}")

    def error(self, message: str) -> None:
        """Print why the command failed."""
        self._err.print(f"[red]Error:[/red] {_plain(message)}")

    def trace(self, text: str) -> None:
        """Print the traceback of an internal error."""
        self._err.print(_plain(text))

    def say(self, message: str) -> None:
        """Print a line, unless quiet."""
        if not self._quiet:
            self._err.print(_plain(message))

    def detail(self, message: str) -> None:
        """Print a line, only when verbose."""
        if self._verbose and not self._quiet:
            self._err.print(_plain(message), style="dim")

    def task(self, label: str, total: int | None) -> AbstractContextManager[Task]:
        """A progress bar on a terminal; nothing in a log, where a bar would be a thousand lines."""
        if self._quiet or not self._err.is_terminal:
            return NullProgress().task(label, total)
        return self._bar(label, total)

    @contextmanager
    def _bar(self, label: str, total: int | None) -> Iterator[Task]:
        with self._lock:
            bars = self._bars
            bars.start()
            task = bars.add_task(inert(label), total=total)
            self._open_tasks += 1
        try:
            yield _Bar(bars, task)
        finally:
            with self._lock:
                bars.remove_task(task)
                self._open_tasks -= 1
                if not self._open_tasks:
                    bars.stop()

    @cached_property
    def _bars(self) -> "Bars":
        # One display for all tasks: downloads run side by side, and a terminal has one last line.
        from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as Bars  # noqa: PLC0415 - rich.progress costs start-up time

        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TimeRemainingColumn(),
        )
        return Bars(*columns, console=self._err, transient=True)


def _plain(message: str) -> str:
    """A text without Rich markup and escape sequences: it may quote anything."""
    return escape(visible(message))


class _Bar:
    def __init__(self, bars: "Bars", task: "TaskID") -> None:
        self._bars = bars
        self._task = task

    def advance(self, amount: int) -> None:
        self._bars.advance(self._task, amount)
