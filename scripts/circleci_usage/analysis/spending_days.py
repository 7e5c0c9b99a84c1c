"""What some costs come to in a period: so far, and at its end."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from circleci_usage.analysis.budget_scope import Measure
from circleci_usage.analysis.daily_costs import by_day
from circleci_usage.analysis.forecast import Forecast, forecast_month
from circleci_usage.analysis.monthly_charges import charged_monthly, still_to_come
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within

_PLACES_SHOWN: Final = {"cost": 2, "credits": 0}
"""Decimal places of what is expected."""


@dataclass(frozen=True)
class SpendingDays:
    """The days of a week, month, billing cycle, quarter or year that is under way.

    Attributes:
        period: all of them.
        through: the last one that counts, which is complete unless it is missing.
        known: the complete days of the data without a gap, from the first; those before the period
            show usual costs.
        missing: the days up to `through` without data, on which more may have been spent.
    """

    period: Period
    through: date
    known: Period
    missing: tuple[Period, ...] = ()

    @property
    def so_far(self) -> Period:
        """The days that count."""
        return Period.of_days(self.period.first, self.through)

    @property
    def is_past(self) -> bool:
        """Whether there are data of later days."""
        return self.through < self.known.last


def forecast_costs(costs: Costs, days: SpendingDays, measure: Measure = "cost") -> Forecast:
    """What some costs come to so far, and at the end of the period.

    Nothing is forecast while days are missing.
    """
    if days.missing:
        return Forecast(costs.within(days.so_far).total(measure))
    if days.is_past:
        spent = costs.within(days.so_far).total(measure)
        return Forecast(spent, spent, spent, spent)
    period, through, known = days.period, days.through, days.known
    places = costs.places(measure)
    is_monthly = charged_monthly(costs.lines, known)
    monthly = costs.lines[is_monthly]
    come = within(monthly, days.so_far)
    daily = by_day(costs.lines[~is_monthly], known, measure)
    return forecast_month(
        period,
        through,
        {day: to_decimal(amount, places) for day, amount in daily.items()},
        to_decimal(int(come[measure].sum()), places),
        to_decimal(still_to_come(monthly, measure, period, through), places),
        _PLACES_SHOWN[measure],
    )
