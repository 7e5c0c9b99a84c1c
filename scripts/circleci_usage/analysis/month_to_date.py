"""Month to date: the cost of a month or another period so far and its forecast, also by team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from circleci_usage.analysis.budget_scope import Measure
from circleci_usage.analysis.forecast import Forecast, month_of
from circleci_usage.analysis.spending_days import SpendingDays, forecast_costs
from circleci_usage.analysis.team_spending import spending_by_team
from circleci_usage.core.periods import Period, uncovered
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.costs import Costs


@dataclass(frozen=True)
class MonthToDate:
    """The cost of a calendar month, or of another period of a budget.

    Attributes:
        month: the month, or the week, billing cycle, quarter or year.
        since: its first day with data; later than its first day when the data begin in between.
        through: the last day that counts, which is complete unless it is missing.
        everything: all costs; of a part, those of the part, or its credits.
        teams: team → its own costs and its share of the shared ones.
        missing: the days up to `through` without data, on which more may have been spent. Nothing
            is forecast then, and costs shared in proportion are not split: the missing days may
            change the proportions.
        credits: all credits, likewise; None where a report did not say, or days are missing.
    """

    month: Period
    since: date
    through: date
    everything: Forecast
    teams: Mapping[str, Forecast]
    missing: tuple[Period, ...] = ()
    credits: Forecast | None = None

    @property
    def is_over(self) -> bool:
        """Whether the month has ended."""
        return self.through == self.month.last

    @property
    def is_whole(self) -> bool:
        """Whether there are data from the month's first day on, without a gap."""
        return self.since == self.month.first and not self.missing


def month_to_date(
    costs: Costs,
    ownership: Ownership,
    known: Period,
    *,
    month: Period | None = None,
    missing: tuple[Period, ...] | None = None,
) -> MonthToDate:
    """The month, or another period, of the last known day, so far.

    Args:
        costs: owned costs of all known days, and maybe of more.
        ownership: the teams and how shared costs are split.
        known: the complete days of the data, from the first.
        month: the period; None is the calendar month.
        missing: its days without data; None is those before the first known one.
    """
    days = _days(known, month or month_of(known.last), missing)
    return MonthToDate(
        month=days.period,
        since=_since(days),
        through=days.through,
        everything=forecast_costs(costs, days),
        teams=spending_by_team(costs, ownership, days),
        credits=None if days.missing else forecast_costs(costs, days, "credits"),
        missing=days.missing,
    )


def part_to_date(
    costs: Costs,
    ownership: Ownership,
    days: SpendingDays,
    measure: Measure = "cost",
    *,
    basis: Costs,
) -> MonthToDate:
    """The same of a part of the costs, in money or credits.

    Args:
        costs: those of the part.
        ownership: the teams and how shared costs are split.
        days: of the period.
        measure: what is summed.
        basis: all owned costs, which decide the proportions of shared ones.
    """
    return MonthToDate(
        month=days.period,
        since=_since(days),
        through=days.through,
        everything=forecast_costs(costs, days, measure),
        teams=spending_by_team(costs, ownership, days, measure, basis),
        missing=days.missing,
    )


def _days(known: Period, period: Period, missing: Sequence[Period] | None) -> SpendingDays:
    if missing is None:
        missing = uncovered(Period.of_days(period.first, known.last), [known])
    return SpendingDays(period, known.last, known, tuple(missing))


def _since(days: SpendingDays) -> date:
    """The first day of a period that is not missing, or the last one that counts."""
    first = days.period.first
    begins = next((gap.stop for gap in days.missing if first in gap), first)
    return min(begins, days.through)
