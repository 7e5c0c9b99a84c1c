"""What is under way, on a terminal: live lines below the messages, gone when it is done."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console as RichConsole
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from circleci_usage.cli.progress.activities import Activity, OpenTask, OpenWaiting, Timer
from circleci_usage.cli.progress.text import percent, short_wait_cells, task_facts, wait_cells
from circleci_usage.core.untrusted_text import inert

SHOWN_AFTER: Final = 2.0
"""Seconds that an activity must have lasted: what is quick would only flicker."""

_WIDE: Final = 60
"""Columns from which there is room for a header and bars."""

_BAR: Final = 12
_GAP: Final = 2
_TURNING: Final = ("|", "/", "-", "\\")
_HEADER: Final = ("Waiting for", "State", "Elapsed", "Next at", "Until (UTC)")
_BARE: Final = ("",) * (len(_HEADER) - 1)
_SHORTEST: Final = 10
"""Characters of a task's name that are always shown."""

_WIDEST: Final = (24, 22)
_NARROW: Final = (16, 10)
"""How many characters of the first two columns are shown; the others are short."""


class LiveDisplay:
    """Redraws the lines of all activities that last.

    Args:
        console: the terminal.
        timer: the time in seconds.

    Attributes:
        rows: how many rows of the terminal the lines occupy, for whoever has to clear them.
    """

    interval = 0.5

    def __init__(self, console: RichConsole, timer: Timer) -> None:
        self._console = console
        self._timer = timer
        self._live: Live | None = None
        self._width = 0
        self.rows = 0

    def beat(self, activities: Sequence[Activity]) -> None:
        """Draw the lines again, or remove them when there is nothing to show."""
        now, width = self._timer(), self._console.width
        lasting = [each for each in activities if now - each.begun >= SHOWN_AFTER]
        tables = _tables(lasting, now, width)
        if self._live and (not tables or width != self._width):
            # A terminal of another width has moved the lines: nobody knows where they are now.
            self._stop(self._live, erase=width == self._width)
        if tables:
            self._width = width
            self._draw(self._live or self._started(), tables)

    def _draw(self, live: Live, tables: Sequence[Table]) -> None:
        live.update(Group(*tables), refresh=True)
        rows = sum(table.row_count + table.show_header for table in tables)
        self.rows = min(rows, self._console.height)

    def _started(self) -> Live:
        self._live = Live(
            console=self._console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._live.start()
        return self._live

    def _stop(self, live: Live, *, erase: bool) -> None:
        live.transient = erase
        live.stop()
        self._live, self.rows = None, 0


def _tables(activities: Sequence[Activity], now: float, width: int) -> list[Table]:
    """A line each: what is waited for, then the tasks."""
    waitings = [each for each in activities if isinstance(each, OpenWaiting)]
    tasks = [each for each in activities if isinstance(each, OpenTask)]
    tables = (_waits_table(waitings, is_wide=width >= _WIDE), _tasks_table(tasks, now, width))
    return [table for table in tables if table.row_count]


def _waits_table(waitings: Sequence[OpenWaiting], *, is_wide: bool) -> Table:
    table = _table(_HEADER if is_wide else _BARE, gap=_GAP if is_wide else 1)
    for column, most in zip(table.columns, _WIDEST if is_wide else _NARROW, strict=False):
        column.max_width = most
    cells = wait_cells if is_wide else short_wait_cells
    for waiting in waitings:
        now = waiting.now()
        # In the order of their names, so that a line stays where it is.
        for wait in sorted(waiting.waits, key=lambda wait: wait.subject):
            table.add_row(*map(_cell, cells(wait, now)))
    return table


def _tasks_table(tasks: Sequence[OpenTask], now: float, width: int) -> Table:
    """The names, the bars and the facts; where they do not fit, the names are cut."""
    table = _table(("", "", ""), gap=_GAP)
    bar_width = _BAR if width >= _WIDE else 0
    facts = [", ".join(task_facts(task, now)) for task in tasks]
    others = max(map(len, facts), default=0) + bar_width + 2 * _GAP
    table.columns[0].max_width = max(width - others, _SHORTEST)
    for task, known in zip(tasks, facts, strict=True):
        bar = _bar(task, now) if bar_width else _cell("")
        table.add_row(_cell(inert(task.label)), bar, _cell(known))
    return table


def _table(columns: Sequence[str], gap: int) -> Table:
    """A table whose rows are lines, however narrow the terminal is."""
    table = Table(
        box=None,
        show_header=any(columns),
        header_style="dim",
        padding=(0, gap, 0, 0),
        pad_edge=False,
    )
    for column in columns:
        table.add_column(column, no_wrap=True, overflow="ellipsis")
    return table


def _cell(text: str) -> Text:
    """Text without markup: it may quote a server."""
    return Text(text, no_wrap=True, overflow="ellipsis")


def _bar(task: OpenTask, now: float) -> ProgressBar | Text:
    """How much is done; where that is not known, a sign that turns."""
    if not task.total:
        return Text(_TURNING[int(now / LiveDisplay.interval) % len(_TURNING)])
    return ProgressBar(total=100, completed=percent(task), width=_BAR)
