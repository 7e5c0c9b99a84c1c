"""The terminal: live lines for a person, a line a minute in a log. Only commands use it."""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from rich.console import Console as RichConsole
from rich.markup import escape
from rich.style import Style
from rich.text import Text

from circleci_usage.cli import interrupts
from circleci_usage.cli.progress.activities import Heartbeat, OpenTask, OpenWaiting, Timer
from circleci_usage.cli.progress.log_display import LogDisplay
from circleci_usage.cli.secrets import without_tokens
from circleci_usage.core.ci import in_ci
from circleci_usage.core.paths import absolute
from circleci_usage.core.progress import NullProgress, Progress, Task, Waiting
from circleci_usage.core.untrusted_text import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

    from circleci_usage.cli.progress.live_display import LiveDisplay


class Console(Progress):
    """Prints results to standard output, and progress, warnings and errors to standard error.

    Args:
        quiet: print only results, warnings and errors.
        verbose: print details.
        timer: the time in seconds, which decides when progress is shown.
    """

    def __init__(
        self, *, quiet: bool = False, verbose: bool = False, timer: Timer = monotonic
    ) -> None:
        self._out = RichConsole(highlight=False, soft_wrap=True, emoji=False)
        self._err = RichConsole(stderr=True, highlight=False, soft_wrap=True, emoji=False)
        self._quiet = quiet
        self._verbose = verbose
        self._timer = timer
        self._log = LogDisplay(self._print, timer)
        self._heartbeat = Heartbeat(self._live(timer) if _is_live(self._err) else self._log)

    def result(self, text: object) -> None:
        """Print a result, even when quiet: a renderable, or text that is printed verbatim."""
        self._out.print(_plain(text) if isinstance(text, str) else text)

    def result_path(self, path: Path) -> None:
        """Print where a result is; a person at a terminal can click it."""
        self.result_link("", absolute(path))

    def result_link(self, label: str, path: Path, fragment: str = "") -> None:
        """Print a path to what is at a place of a page, such as `#jobs`, after what it is."""
        is_link = _is_live(self._out) and path.is_absolute()
        style = Style(link=f"{path.as_uri()}{fragment}") if is_link else Style()
        self.result(Text.assemble(label, (visible(f"{path}{fragment}"), style)))

    def records(self, text: str) -> None:
        """Print a result of many lines, for which Rich would need too long."""
        lines = [visible(without_tokens(line)) for line in text.removesuffix("\n").split("\n")]
        self._out.file.write("".join(f"{line}\n" for line in lines))

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
            self._print(message)
            self._log.said_something_else()

    def detail(self, message: str) -> None:
        """Print a line, only when verbose."""
        if self._verbose and not self._quiet:
            self._err.print(_plain(message), style="dim")

    def task(
        self, label: str, total: int | None = None, unit: str = "", *, done: int = 0
    ) -> AbstractContextManager[Task]:
        """Show work that lasts: live on a terminal, a line a minute in a log."""
        if self._quiet:
            return NullProgress().task(label)
        return self._heartbeat.during(OpenTask(label, total, unit, done, self._timer()))

    def waiting(self, now: Callable[[], datetime]) -> AbstractContextManager[Waiting]:
        """Show what is waited for, as work is shown."""
        if self._quiet:
            return NullProgress().waiting(now)
        return self._heartbeat.during(OpenWaiting(now, self._timer()))

    def if_interrupted(self, message: str) -> None:
        """Remember what to say after Ctrl-C or SIGTERM."""
        interrupts.remember_kept(message)

    def beat(self) -> None:
        """Show what is under way, as happens at regular intervals."""
        self._heartbeat.beat()

    def _live(self, timer: Timer) -> "LiveDisplay":
        from circleci_usage.cli.progress.live_display import LiveDisplay  # noqa: PLC0415 - a log needs none

        display = LiveDisplay(self._err, timer)
        interrupts.clear_on_end(lambda: display.rows)
        return display

    def _print(self, message: str) -> None:
        self._err.print(_plain(message))


def _is_live(console: RichConsole) -> bool:
    """Whether lines can be redrawn: not in CI, whose steps may have a terminal that nobody sees."""
    return console.file.isatty() and not (in_ci(os.environ) or console.is_dumb_terminal)


def _plain(message: str) -> str:
    """A text without Rich markup, escape sequences and tokens: it may quote anything."""
    return escape(visible(without_tokens(message)))
