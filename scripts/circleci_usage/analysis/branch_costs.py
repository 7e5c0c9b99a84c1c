"""What branches cost: the one breakdown that is not made of daily usage by job."""

from circleci_usage.analysis.breakdowns import Breakdown, break_down
from circleci_usage.analysis.unattributed import named_costs, named_runs
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import within
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.usage.daily_usage import DailyUsage


def branch_breakdown(
    usage: DailyUsage, prices: PriceList, days: Period, period: Period
) -> Breakdown:
    """Usage by branch → what each branch cost in a period.

    The lines in between, which may be millions, are gone when this returns.

    Args:
        usage: daily usage.
        prices: what credits cost.
        days: those to price, from the first day of a billing cycle on.
        period: the days to break down.
    """
    priced = price(within(usage.branch_credits, days), usage.places, prices)
    costs = priced.within(period)
    runs = named_runs(within(usage.branch_runs, period), costs.lines)
    return break_down("branches", named_costs(costs), runs)
