"""What is still to be requested: from the ledger, the days wanted and the time. Pure.

Windows are calendar months clipped to the missing days. So the days of a weekly report also serve
the month's, and a rerun requests nothing that is there. A day is requested when

- no window has it, or
- the window that has it was requested before the day was complete, and now it is. Until then
  another request would bring nothing new.

A window that must be refreshed for one of its days is requested as a whole, since its files cannot
be split.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from circleci_usage.core.periods import (
    Period,
    add_months,
    consecutive_periods,
    midnight,
    month_start,
    months,
    today_utc,
)
from circleci_usage.export.ledger import WITH_USAGE, Ledger, State, Window, complete_through

CLOCK_MARGIN: Final = timedelta(minutes=5)
"""How far `end` stays behind now: CircleCI rejects a future one, which may cost quota."""

LOOK_BACK: Final = timedelta(days=395)
"""How long ago a window may start: 13 months less a day, as the limit moves within a day."""

FAILURES_BEFORE_HALVING: Final = 2
"""Failures in a row after which a window is requested in halves.

Exports are limited to 100 MB and 4 hours.
"""

LAST_INSTANT: Final = timedelta(milliseconds=1)
"""`end` is inclusive: the last instant of its day, as midnight belongs to the next window."""


@dataclass(frozen=True)
class ExportPlan:
    """What a run has to do.

    Attributes:
        to_request: windows to request, oldest first; each within a month.
        in_progress: windows that an earlier run requested and that are still to be downloaded.
    """

    to_request: tuple[Period, ...]
    in_progress: tuple[Window, ...]


def plan(ledger: Ledger, organizations: Sequence[str], period: Period, now: datetime) -> ExportPlan:
    """What a run has to do to have all rows of a period, as complete as CircleCI has them now.

    Days in the future, and days that CircleCI rejected as too old, are not requested.

    Example:
        The store has October 1 to 15 complete; the period is October and November 1 to 3 →
        to_request: October 16 to 31, November 1 to 3; in_progress: nothing.

    Args:
        ledger: what the store has.
        organizations: ids; the first one's export includes the others.
        period: the days wanted.
        now: the time at CircleCI.
    """
    live = ledger.of(organizations, State.REQUESTED, *WITH_USAGE)
    limits = _Limits(
        first=_nothing_before(ledger, organizations, now),
        last=today_utc(now - CLOCK_MARGIN),
        complete=complete_through(now),
    )
    missing = {day for day in period if _is_wanted(day, live, limits)}
    wanted = _widened(missing, live)
    requested = (
        window for window in live if window.state is State.REQUESTED and window.overlaps(period)
    )
    return ExportPlan(
        to_request=tuple(_windows(ledger, organizations, wanted)),
        in_progress=tuple(window for window in requested if window.first not in wanted),
    )


def oldest_day(now: datetime) -> date:
    """The first day that CircleCI may still have; `last-13-months` never starts earlier."""
    today = today_utc(now)
    return min(today - LOOK_BACK, add_months(month_start(today), -12))


def reachable(
    ledger: Ledger, organizations: Sequence[str], period: Period, now: datetime | None = None
) -> Period | None:
    """The period from the first of its days that the store or CircleCI still has; None without any.

    Without `now`, only what CircleCI has rejected before is known of it.
    """
    windows = ledger.with_usage(organizations, period)
    first = min((max(window.first, period.start) for window in windows), default=period.stop)
    start = max(period.start, min(first, _nothing_before(ledger, organizations, now)))
    return Period(start, period.stop) if start < period.stop else None


def _nothing_before(ledger: Ledger, organizations: Sequence[str], now: datetime | None) -> date:
    refused = ledger.nothing_before.get(organizations[0], date.min)
    return max(refused, oldest_day(now)) if now else refused


def moments(period: Period, now: datetime) -> tuple[datetime, datetime]:
    """`start` and `end` of a request for these days, both inclusive, `end` never in the future.

    Example:
        October 2026 → 2026-10-01 00:00:00.000 and 2026-10-31 23:59:59.999, or five minutes before
        now, whichever is earlier.
    """
    return midnight(period.start), min(midnight(period.stop) - LAST_INSTANT, now - CLOCK_MARGIN)


@dataclass(frozen=True)
class _Limits:
    """The first and last day for which CircleCI has usage, and the last one that is complete."""

    first: date
    last: date
    complete: date


def _is_wanted(day: date, live: Iterable[Window], limits: _Limits) -> bool:
    if not limits.first <= day <= limits.last:
        return False
    windows = [window for window in live if day in window.period]
    final = any(window.settles(day) or _is_final(window, limits) for window in windows)
    return not windows or (day <= limits.complete and not final)


def _is_final(window: Window, limits: _Limits) -> bool:
    """Whether a window is never requested again.

    One that starts before the limit could only be exported again without its first days; a pruned
    one was given up, and has what it said.
    """
    return window.state is State.PRUNED or window.first < limits.first


def _widened(wanted: set[date], live: Iterable[Window]) -> set[date]:
    """The days, and all days of every window that shares one of them."""
    wider = set(wanted)
    for window in live:
        if not wanted.isdisjoint(window.period):
            wider.update(window.period)
    return wider if wider == wanted else _widened(wider, live)


def _windows(ledger: Ledger, organizations: Sequence[str], days: set[date]) -> Iterator[Period]:
    for gap in consecutive_periods(days):
        for window in months(gap):
            failures = ledger.failures_of(organizations, window)
            if failures >= FAILURES_BEFORE_HALVING and len(window) > 1:
                yield from _halves(window)
            else:
                yield window


def _halves(window: Period) -> tuple[Period, Period]:
    middle = window.start + timedelta(days=len(window) // 2)
    return Period(window.start, middle), Period(middle, window.stop)
