"""Is what a ledger says possible? It may come from a cache that others can write: what it names is opened and removed.

Pure. The first thing that no run of ours can have written is told; `store.py` then takes the ledger as damaged.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Final

from circleci_usage.core.periods import CIRCLECI_BEGAN, END_OF_TIME
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import Ledger, State, StoredPart, Window

LONGEST_WINDOW: Final = 366
"""Days that a window may have: windows are months, and CircleCI exports 32 days at most."""

_MOST: Final = 1 << 50
"""Of rows and bytes: more than there are disks for."""

_JOB: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,99}")
_PART: Final = re.compile(r"[0-9a-f]{16}\.csv\.gz")
"""How a part is called behind `file_prefix`."""
_ORGANIZATION: Final = re.compile(r"[\w./:@-]{1,200}")
_SHOWN: Final = 80


def file_prefix(window: Window) -> str:
    """How the names of a window's files begin."""
    return f"{window.first}_{window.last}_{window.job}_"


def fault_in(ledger: Ledger) -> str:
    """The first thing in a ledger that cannot be; nothing when it is sound."""
    return next(_faults(ledger), "")


def fault_of_window(window: Window) -> str:
    """As `fault_in`, of a window by itself."""
    return next(_of_window(window), "")


def _faults(ledger: Ledger) -> Iterator[str]:
    for window in ledger.windows:
        yield from _of_window(window)
    yield from _repeated(ledger.windows)
    days = ledger.nothing_before.values()
    yield from (f"a first day of usage is {day}" for day in days if not _is_day(day))
    yield from (
        f"a request was made at {post.at}" for post in ledger.posts if not _is_moment(post.at)
    )


def _of_window(window: Window) -> Iterator[str]:
    days = f"{window.first} to {window.last}"
    if not (_is_day(window.first) and _is_day(window.last)) or window.first > window.last:
        yield f"a window has the days {days}"
    elif (window.last - window.first).days >= LONGEST_WINDOW:
        yield f"a window is longer than a year: {days}"
    elif not _is_day(window.complete_through) or window.complete_through > window.last:
        yield f"the window {days} is complete through {window.complete_through}"
    moments = (window.requested_at, window.fetched_at, window.empty_since)
    yield from (
        f"the window {days} has the time {each}"
        for each in moments
        if each and not _is_moment(each)
    )
    if not window.organizations or not all(map(_ORGANIZATION.fullmatch, window.organizations)):
        yield f"the window {days} has no organizations, or such as cannot be"
    if window.job is None and (window.parts or window.state in {State.REQUESTED, State.FETCHED}):
        yield f"the window {days} has no export job"
    if window.job is not None and not _JOB.fullmatch(window.job):
        yield f"{_quoted(window.job)} is no id of an export job"
    yield from (
        f"the window {days} has a number that cannot be"
        for each in _numbers(window)
        if each > _MOST
    )
    for part in window.parts:
        yield from _of_part(part, window)


def _of_part(part: StoredPart, window: Window) -> Iterator[str]:
    prefix = file_prefix(window)
    if not (part.name.startswith(prefix) and _PART.fullmatch(part.name.removeprefix(prefix))):
        yield f"{_quoted(part.name)} is no name of a file of the window {window.first} to {window.last}"
    if max(part.bytes, part.rows) > _MOST:
        yield f"{_quoted(part.name)} has a size that cannot be"


def _repeated(windows: Iterable[Window]) -> Iterator[str]:
    """Files that are there twice. Days may be: each job run is counted once all the same."""
    count = Counter(part.name for window in windows for part in window.parts)
    yield from (f"{_quoted(name)} is there twice" for name, times in count.items() if times > 1)


def _numbers(window: Window) -> tuple[int, ...]:
    return window.failures, window.listed, window.empty_polls


def _is_day(day: date) -> bool:
    return CIRCLECI_BEGAN <= day < END_OF_TIME


def _is_moment(moment: datetime) -> bool:
    # Not by the offset: of a moment at the end of the calendar there is none in UTC.
    return CIRCLECI_BEGAN <= moment.date() < END_OF_TIME


def _quoted(text: str) -> str:
    return f"“{inert(text, _SHOWN)}”"
