"""The time that points are stamped with: decided, not measured, so that what is sent again replaces what was sent.

Datadog keeps points that are at most an hour old, and of two with the same metric, tags and time the last.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from circleci_usage.core.periods import Period, midnight, named_period

LATE: Final = timedelta(hours=1)
"""Older points are dropped, unless Historical Metrics Ingestion is on for their metric."""

TOO_OLD: Final = timedelta(days=450)
"""Older points are dropped even then: 15 months, the shortest that they can be."""

_GRID: Final = timedelta(minutes=30)
"""Snapshots of the same half hour are one; half an hour is left for sending."""

_NAMED: Final = ("yesterday", "last-week", "last-month", "month-to-date")

_LONGEST_NAMED: Final = 999

DAY: Final = "day"
"""What stands for the period where each point is of one day."""


class Mode(StrEnum):
    """What a point is.

    `snapshot`: the total of the period, stamped now, which Datadog always keeps; a daily schedule makes a daily series.
    `historical`: the total of one day, stamped with its midnight, for metrics with Historical Metrics Ingestion.
    """

    SNAPSHOT = "snapshot"
    HISTORICAL = "historical"


def snapshot_timestamp(now: datetime) -> int:
    """The Unix time of the half hour that `now` lies in."""
    grid = int(_GRID.total_seconds())
    return int(now.timestamp()) // grid * grid


def day_timestamp(day: date) -> int:
    """The Unix time of a day's midnight."""
    return int(midnight(day).timestamp())


def period_name(period: Period, today: date) -> str:
    """What people call a period on the UTC day `today`, as in `last_week`; its dates when they have no name for it."""
    names = (*_NAMED, f"last-{len(period)}-days") if len(period) <= _LONGEST_NAMED else _NAMED
    named = (name.replace("-", "_") for name in names if named_period(name, today) == period)
    return next(named, f"{period.first}/{period.last}")
