"""Checks of a ledger: could a run have written it?

A ledger may come from a cache that others can write, and the files that it names are opened and
removed. Pure: the first fault is returned as text, and `store.py` then treats the ledger as
damaged.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.circleci_ids import is_circleci_id
from circleci_usage.export.ledger import WITH_USAGE, Ledger, State, StoredPart, Window

LONGEST_WINDOW: Final = 366
"""Days that a window can have: windows are months, and CircleCI exports at most 32 days."""

_MOST: Final = 1 << 50
"""Rows or bytes: more than any disk can hold."""

_PART: Final = re.compile(r"[0-9a-f]{16}\.csv\.gz")
"""The rest of a part's name after `file_prefix`."""
_ORGANIZATION: Final = re.compile(r"[\w./:@-]{1,200}")
_SHOWN: Final = 80


def file_prefix(window: Window) -> str:
    """The beginning of the names of a window's files."""
    return f"{window.first}_{window.last}_{window.job}_"


def job_of_prefix(prefix: str) -> str:
    """The id of the export job in a `file_prefix`.

    >>> job_of_prefix("2026-03-01_2026-03-31_5f1b7a52-2f6b-4b1e-9a57-0d1c3f2a7e01_")
    '5f1b7a52-2f6b-4b1e-9a57-0d1c3f2a7e01'
    """
    return prefix.split("_", 2)[2].removesuffix("_")


def fault_in(ledger: Ledger) -> str:
    """The first fault in a ledger; empty when there is none."""
    return next(_faults(ledger), "")


def fault_of_window(window: Window) -> str:
    """The first fault in a window by itself; empty when there is none."""
    return next(_of_window(window), "")


def _faults(ledger: Ledger) -> Iterator[str]:
    for window in ledger.windows:
        yield from _of_window(window)
    yield from _repeated(ledger.windows)
    days = ledger.nothing_before.values()
    yield from (f"the first day of usage is {day}" for day in days if not _is_day(day))
    for post in ledger.posts:
        if not _is_moment(post.at):
            yield f"a request was made at {post.at}"


def _of_window(window: Window) -> Iterator[str]:
    yield from _of_days(window)
    yield from _of_job(window)
    name = f"the window {window.first} to {window.last}"
    for moment in (window.requested_at, window.fetched_at, window.empty_since):
        if moment and not _is_moment(moment):
            yield f"{name} has the time {moment}"
    if not window.organizations or not all(map(_ORGANIZATION.fullmatch, window.organizations)):
        yield f"{name} has no organizations or invalid ones"
    if max(window.failures, window.listed, window.empty_polls) > _MOST:
        yield f"{name} has an impossible number"
    for part in window.parts:
        yield from _of_part(part, window)


def _of_days(window: Window) -> Iterator[str]:
    days = f"{window.first} to {window.last}"
    if not (_is_day(window.first) and _is_day(window.last)) or window.first > window.last:
        yield f"a window has the days {days}"
    elif (window.last - window.first).days >= LONGEST_WINDOW:
        yield f"a window is longer than a year: {days}"
    elif not _is_day(window.complete_through) or window.complete_through > window.last:
        yield f"the window {days} is complete through {window.complete_through}"


def _of_job(window: Window) -> Iterator[str]:
    needs_job = window.parts or window.state in {State.REQUESTED, *WITH_USAGE}
    if window.job is None:
        if needs_job:
            yield f"the window {window.first} to {window.last} has no export job"
    elif not is_circleci_id(window.job):
        yield f"{_quoted(window.job)} is not the id of an export job"


def _of_part(part: StoredPart, window: Window) -> Iterator[str]:
    prefix = file_prefix(window)
    if not (part.name.startswith(prefix) and _PART.fullmatch(part.name.removeprefix(prefix))):
        days = f"{window.first} to {window.last}"
        yield f"{_quoted(part.name)} is not the name of a file of the window {days}"
    if max(part.bytes, part.rows) > _MOST:
        yield f"{_quoted(part.name)} has an impossible size"


def _repeated(windows: Iterable[Window]) -> Iterator[str]:
    """Files listed twice. Days may be: each job run is counted once all the same."""
    count = Counter(part.name for window in windows for part in window.parts)
    yield from (f"{_quoted(name)} is listed twice" for name, times in count.items() if times > 1)


def _is_day(day: date) -> bool:
    return CIRCLECI_BEGAN <= day < END_OF_TIME


def _is_moment(moment: datetime) -> bool:
    # By the local date: a moment at the end of the calendar has no equivalent in UTC.
    return CIRCLECI_BEGAN <= moment.date() < END_OF_TIME


def _quoted(text: str) -> str:
    return f"“{inert(text, _SHOWN)}”"
