"""The time of each sample: chosen, not measured, so that sending a report again is safe.

A target that keeps the last of two values with the same metric, tags and time ends up with the same
values however often it is sent a report.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from circleci_usage.core.periods import Period, midnight, named_period

_GRID: Final = timedelta(minutes=30)
"""Snapshots of the same half hour are one. Targets that take points up to an hour old, as Datadog
does, leave half an hour to send one."""

_NAMED: Final = ("yesterday", "last-week", "last-month", "month-to-date")

_LONGEST_NAMED: Final = 999
"""`last-N-days` has at most three digits."""

DAY: Final = "day"
"""The tag `period` of samples that are of one day each."""


class Mode(StrEnum):
    """What one sample covers.

    `snapshot`: the total of the period, with the current timestamp. Any target keeps it; a daily
    schedule builds a daily series.
    `historical`: the total of one day, with the timestamp of its midnight. The target has to accept
    old timestamps.
    """

    SNAPSHOT = "snapshot"
    HISTORICAL = "historical"


def snapshot_timestamp(now: datetime) -> int:
    """The Unix time at which the half hour of `now` began.

    9:40 → 9:30, 9:59 → 9:30, 10:00 → 10:00
    """
    grid = int(_GRID.total_seconds())
    return int(now.timestamp()) // grid * grid


def day_timestamp(day: date) -> int:
    """The Unix time of a day's midnight (UTC)."""
    return int(midnight(day).timestamp())


def period_name(period: Period, today: date) -> str:
    """A period's name as of the UTC day `today`; its first and last day if it has none.

    2026-03-01 to 2026-03-31 → `last_month` in April, `2026-03-01/2026-03-31` in May
    """
    names = list(_NAMED)
    if len(period) <= _LONGEST_NAMED:
        names.append(f"last-{len(period)}-days")
    for name in names:
        if named_period(name, today) == period:
            return name.replace("-", "_")
    return f"{period.first}/{period.last}"
