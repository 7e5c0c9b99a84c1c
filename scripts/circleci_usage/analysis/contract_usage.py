"""What counts towards a contract: the charged usage of a plan by day, and what is still to come.

Included credits and credits of free seats are not charged, so they count neither as drawn from a
purchase nor towards a commitment.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import count, takewhile

import numpy as np

from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.daily_costs import by_day, sums_by_day
from circleci_usage.analysis.monthly_charges import charged_monthly, months_later
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.projection import Values
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.core.periods import ONE_DAY, Period, consecutive_periods, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.pricing import PLAN
from circleci_usage.costs.purchases import Measure


@dataclass(frozen=True)
class ContractUsage:
    """The charged usage of a plan, in credits or money.

    Attributes:
        through: the last complete day.
        history: the complete days up to it, without a gap.
        daily: what each day of the history used, without what is charged once a month.
        once: day → what is charged once a month.
        charged: day → everything, on all days with usage.
        complete: all days whose usage is known.
    """

    through: date
    history: Period
    daily: Mapping[date, Decimal]
    once: Mapping[date, Decimal]
    charged: Mapping[date, Decimal]
    complete: tuple[Period, ...]

    def missing(self, first: date) -> tuple[Period, ...]:
        """The days from one on whose usage is not known."""
        if first > self.through:
            return ()
        return uncovered(Period.of_days(first, self.through), self.complete)

    def charged_in(self, days: Period) -> Decimal:
        """What was charged on some days, as far as they are known."""
        return total(amount for day, amount in self.charged.items() if day in days)

    def coming_once(self, last: date) -> Decimal:
        """What is charged once a month and still to come, up to a day.

        The charges of the last month come again every month.
        """
        before = Period(months_later(self.through, -1, self.through.day) + ONE_DAY, _after(self))
        of_last_month = [(day, amount) for day, amount in self.once.items() if day in before]
        return total(amount * _times(day, self.through, last) for day, amount in of_last_month)

    @property
    def past(self) -> Values:
        """`daily` as floats, for projections."""
        return np.array([float(self.daily.get(day, ZERO)) for day in self.history])


def contract_usage(
    owned: OwnedUsage, days: ReportDays, history: Period, plan: str, measure: Measure
) -> ContractUsage:
    """The charged usage of a plan.

    Args:
        owned: of all known days.
        days: which of them are complete.
        history: the complete days up to the last one, without a gap.
        plan: its name.
        measure: credits or cost.
    """
    costs = _charged(owned.costs, plan)
    known = costs.within(Period(owned.days.start, history.stop))
    is_monthly = charged_monthly(known.lines, history)
    places = costs.places(measure)
    unpriced = known.unpriced_days() if measure == "cost" else []

    def exact(sums: Mapping[date, int]) -> Mapping[date, Decimal]:
        return {day: to_decimal(amount, places) for day, amount in sums.items()}

    return ContractUsage(
        through=history.last,
        history=history,
        daily=exact(by_day(known.lines[~is_monthly], history, measure)),
        once=exact(sums_by_day(known.lines[is_monthly], measure)),
        charged=exact(sums_by_day(known.lines, measure)),
        complete=tuple(_known_days(days, owned.days, {*unpriced})),
    )


def charged_credits(costs: Costs, plan: str) -> Mapping[date, Decimal]:
    """The charged credits of a plan on each day with usage."""
    charged = _charged(costs, plan)
    sums = sums_by_day(charged.lines, "credits")
    places = charged.places("credits")
    return {day: to_decimal(amount, places) for day, amount in sums.items()}


def _known_days(days: ReportDays, priced: Period, unpriced: set[date]) -> Iterator[Period]:
    """The complete days that have been priced."""
    for each in days.complete:
        yield from consecutive_periods(
            [day for day in each if day in priced and day not in unpriced]
        )


def _charged(costs: Costs, plan: str) -> Costs:
    """The lines of a plan, with the credits that are not free."""
    lines = costs.lines
    if PLAN in lines:
        lines = lines[lines[PLAN] == plan]
    return replace(costs, lines=lines.assign(credits=lines["credits"] - lines["free_credits"]))


def _after(usage: ContractUsage) -> date:
    return usage.through + ONE_DAY


def _times(day: date, through: date, last: date) -> int:
    """How often a charge of a day comes again after one day, up to another."""
    comes = (months_later(day, months, day.day) for months in count(1))
    until_last = takewhile(lambda again: again <= last, comes)
    return sum(again > through for again in until_last)
