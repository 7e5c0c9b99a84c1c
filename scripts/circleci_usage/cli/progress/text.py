"""What is under way, in words: lines for a log, and cells for the table on a terminal."""

import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.cli.progress.activities import Activity, OpenTask, OpenWaiting
from circleci_usage.core.progress import BYTES, Wait
from circleci_usage.core.untrusted_text import inert

_RANGE: Final = re.compile(r"\b(\d{4})-(\d\d-\d\d) to \1-")
"""Two days of one year."""

_MEGABYTE: Final = 1_000_000
_MINUTE: Final = timedelta(minutes=1)
_SECONDS_PER_MINUTE: Final = 60
_MINUTES_PER_HOUR: Final = 60
_MANY_MINUTES: Final = 180
_ENOUGH: Final = 2.0
"""Seconds after which a rate says something."""


def activity_line(activity: Activity, now: float) -> str:
    """An activity as a sentence for a log; `now` is by the timer."""
    if isinstance(activity, OpenWaiting):
        return waiting_line(activity.waits, activity.now())
    return task_line(activity, now)


def waiting_line(waits: Sequence[Wait], now: datetime) -> str:
    """The first wait as a sentence, with the number of the others.

    `CircleCI is preparing 2026-10: requested 6 min ago, next poll at 18:24, waiting until 19:17 at
    most (UTC); 2 more: processing.`
    """
    if not waits:
        return "Waiting."
    first, *others = waits
    facts = [*_since(first, now), *_next(first), *_until(first)]
    in_utc = " (UTC)" if first.next_at or first.until else ""
    states = Counter(inert(other.state) for other in others)
    more = "".join(f"; {count} more: {state}" for state, count in states.items())
    sentence = inert(first.sentence)
    said = f"{sentence}: {', '.join(facts)}" if facts else sentence
    return f"{said}{in_utc}{more}."


def task_line(task: OpenTask, now: float) -> str:
    """A task as a sentence: `Reading 3 usage files: 45%, 120.3 of 267.0 MB, 2.1 MB/s, …`."""
    return f"{inert(task.label)}: {', '.join(task_facts(task, now))}."


def task_facts(task: OpenTask, now: float) -> list[str]:
    """How far a task is, how fast, and how long it still takes; without amounts, its time."""
    elapsed = now - task.begun
    if not task.unit:
        return [f"{_lasting(elapsed)} so far"]
    share = [f"{percent(task)}%"] if task.total else []
    return [*share, _amount(task), *_pace(task, elapsed)]


def percent(task: OpenTask) -> int:
    """How much of a task with a known total is done."""
    return min(100 * task.done // task.total, 100) if task.total else 0


def wait_cells(wait: Wait, now: datetime) -> tuple[str, ...]:
    """A wait as cells: subject, state, time since the request, next step, deadline."""
    asked = _elapsed(now - wait.since) if wait.since else ""
    following = _clock(wait.next_at) if wait.next_at else ""
    until = _clock(wait.until) if wait.until else ""
    return inert(wait.subject), inert(wait.state), asked, following, until


def short_wait_cells(wait: Wait, now: datetime) -> tuple[str, ...]:
    r"""The same for a narrow terminal: a range without its second year, and no deadline.

    >>> _RANGE.sub(r"\1-\2–", "2026-11-09 to 2026-11-22")
    '2026-11-09–11-22'
    """
    subject, *others, _ = wait_cells(wait, now)
    return _RANGE.sub(r"\1-\2–", subject), *others


def _since(wait: Wait, now: datetime) -> list[str]:
    if wait.since is None:
        return []
    passed = now - wait.since
    ago = _elapsed(passed) if _minutes(passed) else "less than a minute"
    return [f"requested {ago} ago"]


def _next(wait: Wait) -> list[str]:
    return [f"{wait.next_step} at {_clock(wait.next_at)}"] if wait.next_at else []


def _until(wait: Wait) -> list[str]:
    return [f"waiting until {_clock(wait.until)} at most"] if wait.until else []


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M}"


def _elapsed(passed: timedelta) -> str:
    """Minutes, or hours since an earlier run made the request."""
    minutes = _minutes(passed)
    return f"{minutes} min" if minutes < _MANY_MINUTES else f"{minutes // _MINUTES_PER_HOUR} h"


def _minutes(passed: timedelta) -> int:
    return max(round(passed / _MINUTE), 0)


def _amount(task: OpenTask) -> str:
    if task.unit != BYTES:
        return f"{task.done:,} of {task.total:,} {task.unit}" if task.total else f"{task.done:,}"
    done = f"{task.done / _MEGABYTE:,.1f}"
    return f"{done} of {task.total / _MEGABYTE:,.1f} MB" if task.total else f"{done} MB"


def _pace(task: OpenTask, elapsed: float) -> list[str]:
    """The rate of bytes, and the time that is left."""
    added = task.done - task.before
    if elapsed < _ENOUGH or added <= 0:
        return []
    rate = added / elapsed
    speed = [f"{rate / _MEGABYTE:,.1f} MB/s"] if task.unit == BYTES else []
    left = (task.total - task.done) / rate if task.total else 0
    return [*speed, f"{_lasting(left)} left"] if left > 0 else speed


def _lasting(seconds: float) -> str:
    whole = max(round(seconds), 0)
    minutes, rest = divmod(whole, _SECONDS_PER_MINUTE)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
