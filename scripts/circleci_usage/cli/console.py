"""What a person sees while the tool works: progress bars on a terminal, plain lines in CI. For the commands alone."""

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
    """Results go to standard output; progress, warnings and errors to standard error, so that results can be piped."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._out = RichConsole(highlight=False, soft_wrap=True)
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True)
        self._quiet = quiet
        self._verbose = verbose
        self._lock = Lock()
        self._open_tasks = 0

    def result(self, text: object) -> None:
        """What was asked for: shown even when quiet. A renderable, or text that is shown as it is."""
        self._out.print(_plain(text) if isinstance(text, str) else text)

    def show(self, renderable: "RenderableType") -> None:
        """Something nice to look at beside the result, unless they asked for quiet."""
        if not self._quiet:
            self._err.print(renderable)

    def warn(self, message: str) -> None:
        """Something to know before trusting the result: shown even when quiet."""
        self._err.print(f"[yellow]Warning:[/yellow] {_plain(message)}")

    def error(self, message: str) -> None:
        """Why it ended."""
        self._err.print(f"[red]Error:[/red] {_plain(message)}")

    def trace(self, text: str) -> None:
        """The traceback of a defect."""
        self._err.print(_plain(text))

    def say(self, message: str) -> None:
        """A line that everybody should see, unless they asked for quiet."""
        if not self._quiet:
            self._err.print(_plain(message))

    def detail(self, message: str) -> None:
        """A line for those who asked for more."""
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
    """A text without marks of Rich's and without what a terminal obeys: it may quote anything."""
    return escape(visible(message))


class _Bar:
    def __init__(self, bars: "Bars", task: "TaskID") -> None:
        self._bars = bars
        self._task = task

    def advance(self, amount: int) -> None:
        self._bars.advance(self._task, amount)
