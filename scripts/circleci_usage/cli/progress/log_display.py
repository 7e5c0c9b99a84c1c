"""What is under way, in a log: a line a minute, so that no job is ended for being silent."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from circleci_usage.cli.progress.activities import Activity, OpenTask, Timer
from circleci_usage.cli.progress.text import activity_line
from circleci_usage.core.progress import BYTES

FIRST_LINE: Final = 30.0
"""Seconds after any other line until the first one about what is under way."""

NEXT_LINE: Final = 60.0
"""Seconds between these lines. CircleCI ends a step after ten minutes without output."""

_WORTH_A_LINE: Final = 2.0
"""Seconds that an activity must have lasted before the line is about it, not about an outer one."""


class LogDisplay:
    """Says what is under way a minute after it last did so.

    Args:
        say: prints a line.
        timer: the time in seconds.
    """

    interval = 1.0

    def __init__(self, say: Callable[[str], None], timer: Timer) -> None:
        self._say = say
        self._timer = timer
        self._due_at = timer() + FIRST_LINE

    def said_something_else(self) -> None:
        """Put the next line off, because another one was printed just now."""
        self._due_at = self._timer() + FIRST_LINE

    def beat(self, activities: Sequence[Activity]) -> None:
        """Print a line if it is time for one."""
        now = self._timer()
        if not activities or now < self._due_at:
            return
        self._due_at = now + NEXT_LINE
        self._say(activity_line(_chosen(activities, now), now))


def _chosen(activities: Sequence[Activity], now: float) -> Activity:
    """The innermost activity that lasts; downloads side by side are added up."""
    lasting = [each for each in activities if now - each.begun >= _WORTH_A_LINE]
    chosen = lasting[-1] if lasting else activities[0]
    if isinstance(chosen, OpenTask) and chosen.unit == BYTES:
        return _together([each for each in lasting if _is_of_bytes(each)]) or chosen
    return chosen


def _is_of_bytes(activity: Activity) -> bool:
    return isinstance(activity, OpenTask) and activity.unit == BYTES


def _together(activities: Sequence[Activity]) -> OpenTask | None:
    tasks = [each for each in activities if isinstance(each, OpenTask)]
    if len(tasks) <= 1:
        return None
    totals = [task.total for task in tasks]
    total = sum(filter(None, totals)) if all(totals) else None
    label = f"{tasks[0].label} and {len(tasks) - 1} more"
    before = sum(task.before for task in tasks)
    whole = replace(tasks[0], label=label, total=total, before=before)
    whole.advance(sum(task.done - task.before for task in tasks))
    return whole
