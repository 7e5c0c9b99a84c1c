"""The days that a month is projected from."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.core.periods import Period


def projected_days(lines: pd.DataFrame, days: ReportDays) -> Sequence[date]:
    """The complete days of the period; if it has none, those with usage.

    Args:
        lines: of the period, by `date`.
        days: of the report.

    Returns:
        At least one day.
    """
    complete = [day for day in days.period if _is_complete(day, days.complete)]
    return complete or _days_with_usage(lines) or [days.period.first]


def _is_complete(day: date, complete: Sequence[Period]) -> bool:
    return any(day in period for period in complete)


def _days_with_usage(lines: pd.DataFrame) -> Sequence[date]:
    return [day.date() for day in lines["date"].drop_duplicates()]
