"""The 13 months that are backfilled, and where the job runs of each of their days are."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from circleci_usage.core.periods import Period

NOW: Final = datetime(2025, 12, 1, 13, tzinfo=UTC)
"""When the backfill takes place: on a day on which CircleCI still has 13 whole months."""
MONTHS: Final = Period(date(2024, 11, 1), date(2025, 12, 1))


def file_of(folder: Path, day: date) -> Path:
    """The export of a day."""
    return folder / f"{day}.csv.gz"
