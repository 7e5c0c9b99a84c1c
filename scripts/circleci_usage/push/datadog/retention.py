"""How old a point may be for Datadog to keep it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.plurals import counted

LATE: Final = timedelta(hours=1)
"""Datadog silently drops older points unless their metric has Historical Metrics Ingestion."""

TOO_OLD: Final = timedelta(days=450)
"""Datadog drops older points even then: 15 months, counted as short as they can be."""


def late_points(timestamps: Sequence[int], now: datetime) -> int:
    """How many of the points need Historical Metrics Ingestion."""
    oldest = (now - LATE).timestamp()
    return sum(timestamp < oldest for timestamp in timestamps)


def refuse_too_old(timestamps: Sequence[int], now: datetime) -> None:
    """Refuse points that Datadog would not keep in any case.

    Raises:
        SettingsError: there are some.
    """
    oldest = now - TOO_OLD
    lost = sum(timestamp < oldest.timestamp() for timestamp in timestamps)
    if lost:
        raise SettingsError(
            f"{lost:,} of {counted(len(timestamps), 'point')} are from before {oldest:%Y-%m-%d},"
            " but Datadog keeps 15 months: report on later days."
        )
