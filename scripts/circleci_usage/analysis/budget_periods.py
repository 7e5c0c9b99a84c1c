"""The periods that budgets are for: weeks, months, billing cycles, quarters, years."""

from datetime import date, timedelta
from typing import Final, Literal

from circleci_usage.core.periods import Period, add_months, billing_period

Per = Literal["week", "month", "cycle", "quarter", "year"]
"""What a budget is for: a week from Monday to Sunday, a calendar month, a billing cycle, a quarter
or year of the calendar."""

_DAYS_A_WEEK: Final = 7
_MONTHS_A_QUARTER: Final = 3
_MONTHS_A_YEAR: Final = 12


def budget_period(per: Per, day: date, cycle_day: int | None = None) -> Period:
    """The week, month, billing cycle, quarter or year of a day.

    Args:
        per: which of them.
        day: any day.
        cycle_day: the day of the month on which billing cycles begin; None is the first.

        >>> str(budget_period("week", date(2026, 11, 25)))
        '2026-11-23 to 2026-11-29'
        >>> str(budget_period("quarter", date(2026, 11, 25)))
        '2026-10-01 to 2026-12-31'
    """
    match per:
        case "week":
            monday = day - timedelta(days=day.weekday())
            return Period(monday, monday + timedelta(days=_DAYS_A_WEEK))
        case "cycle":
            return billing_period(day, cycle_day)
        case "month":
            return billing_period(day)
        case "quarter":
            return _of_months(day, _MONTHS_A_QUARTER)
        case "year":
            return _of_months(day, _MONTHS_A_YEAR)


def _of_months(day: date, length: int) -> Period:
    """So many calendar months, the first one such that a year begins with a period."""
    first = date(day.year, (day.month - 1) // length * length + 1, 1)
    return Period(first, add_months(first, length))
