"""The terminal: progress bars for a person, plain lines in CI. Only commands use it."""

import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.style import Style
from rich.text import Text

from circleci_usage.core.paths import absolute
from circleci_usage.core.progress import NullProgress, Progress, Task
from circleci_usage.core.untrusted_text import inert, visible

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.progress import Progress as Bars
    from rich.progress import TaskID
    from rich.prompt import PromptBase

_Answer = TypeVar("_Answer")


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

    def result_path(self, path: Path) -> None:
        """Print where a result is; a person at a terminal can click it."""
        whole = absolute(path)
        is_person = sys.stdout.isatty() and not os.environ.get("CI")
        style = Style(link=whole.as_uri()) if is_person and whole.is_absolute() else Style()
        self._out.print(Text(visible(str(whole)), style))

    def show(self, renderable: "RenderableType") -> None:
        """Print something beside the result, unless quiet."""
        if not self._quiet:
            self._err.print(renderable)

    def ask(
        self, prompt: "type[PromptBase[_Answer]]", question: str, *, default: _Answer
    ) -> _Answer:
        """Ask a question on standard error, even when quiet; Enter gives the default.

        Raises:
            EOFError: the input has ended.
        """
        return prompt.ask(question, console=self._err, default=default)

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
