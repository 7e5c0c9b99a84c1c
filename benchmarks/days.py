"""The 13 months that are backfilled, and where the job runs of each of their days are."""

from datetime import date
from pathlib import Path
from typing import Final

from circleci_usage.core.periods import Period, named_period, today_utc
from circleci_usage.demo.clock import DEMO_NOW

MONTHS: Final = Period.of_days(
    named_period("last-13-months", today_utc(DEMO_NOW)).start, date(2026, 10, 31)
)
"""Of the pinned clock, so that the same days are exported whenever this is measured."""


def file_of(folder: Path, day: date) -> Path:
    """The export of a day."""
    return folder / f"{day}.csv.gz"
