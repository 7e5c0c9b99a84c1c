"""Which days budgets depend on: all days of their period, not only those reported on."""

from collections.abc import Sequence
from datetime import date

from circleci_usage.analysis.budget_periods import budget_period
from circleci_usage.analysis.budgets import Budget
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList


def first_budget_day(
    period: Period, budgets: Sequence[Budget], prices: PriceList, ready_through: date
) -> date | None:
    """The first day that budgets and included credits depend on; None where neither is set.

    A budget per month and a report on March 15 to 21: March 1. What was spent, or used of the
    included credits, on days without data is not known.

    Args:
        period: the days reported on.
        budgets: the limits, by week, month, billing cycle, quarter or year.
        prices: what credits cost, and what is included.
        ready_through: the last day that CircleCI has completed by now.
    """
    cycle_day = prices.billing_cycle_day
    last_days = {period.last, min(period.last, ready_through)}
    starts = [
        budget_period(budget.per, day, cycle_day).start for budget in budgets for day in last_days
    ]
    if prices.free:
        starts = [prices.cycle_start(day) for day in (*starts, period.start)]
    return min(starts, default=None)
