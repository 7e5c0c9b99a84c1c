"""Lines for the terminal."""

from datetime import date
from decimal import Decimal

from circleci_usage.analysis.budgets import Budget, Spending, check_budgets
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.cli.text import budget_line
from circleci_usage.core.periods import Period

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
SPENT = Forecast(Decimal(5), Decimal(5))


def test_a_budget_is_one_line_whatever_its_name() -> None:
    spending = MonthToDate(MARCH, MARCH.first, MARCH.last, SPENT, {"b\nc": SPENT})
    [state] = check_budgets([Budget("a\nb", Decimal(9), "b\nc")], Spending({"month": spending}))
    line = budget_line(state, "A\nB")
    assert line == r"ON TRACK  a\nb (team b c): 5.00 of 9.00 A\nB spent in March 2026."
