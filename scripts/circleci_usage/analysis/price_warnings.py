"""What a reader should know about prices and included credits, a sentence each."""

from collections.abc import Iterator
from datetime import date

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.core.periods import Period, uncovered
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.pricing import PriceList, named_days, unpriced_plans


def price_warnings(
    costs: Costs, owned: Costs, prices: PriceList, days: ReportDays
) -> Iterator[str]:
    """Warnings about usage without a price and about included credits of missing days.

    Args:
        costs: of all days that are known.
        owned: those of the period.
        prices: what credits cost.
        days: of the report.
    """
    unpriced = owned.unpriced_days()
    if unpriced:
        yield (
            f"There is no price for {named_days(unpriced)}{unpriced_plans(owned)}; the credits of"
            " these days are shown as unpriced and are not part of any cost."
        )
    unknown = _unknown_days_of_cycle(prices, days)
    if unknown and not costs.lines.empty:
        yield (
            f"Some days from {unknown[0].first} to {unknown[-1].last} are missing: included credits"
            " used on them are not known, so too many credits may be shown as free."
        )


def _unknown_days_of_cycle(prices: PriceList, days: ReportDays) -> tuple[Period, ...]:
    """The days that are not complete and on which included credits may have been used up."""
    if not prices.free:
        return ()
    cycle = prices.cycle_start(days.period.first)
    last_complete = max((each.last for each in days.complete), default=date.min)
    last = min(days.period.last, last_complete)
    return uncovered(Period.of_days(cycle, last), days.complete) if cycle <= last else ()
