"""Unit costs: what a pipeline, a workflow run, a deploy, an active user or a minute costs.

By calendar month over all known days, for the whole and for each team, and for the period. Each is
the cost of these days divided by the units of these days: all costs, not only those of the unit, so
that the unit costs of a month explain its bill. The cost of a team is what it is charged: its own
costs and its share of shared ones (`chargeback`), so that the teams' costs sum to the whole.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from circleci_usage.analysis.breakdowns import AMOUNTS
from circleci_usage.analysis.chargeback import chargeback
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.forecast import month_of
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.period_comparison import PeriodComparison
from circleci_usage.analysis.unit_counts import UnitCount, UnitCounts
from circleci_usage.core.decimals import ratio
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period, add_months, months, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.costs import Costs

_A_YEAR: Final = 12


@dataclass(frozen=True)
class UnitCost:
    """What one unit costs.

    Attributes:
        unit: its name.
        counted: how many of it.
        cost: of all of them; None where there is usage without a price.
    """

    unit: str
    counted: UnitCount
    cost: Decimal | None

    @property
    def count(self) -> Decimal | None:
        """How many, to six places; None where that is not known."""
        parts, size = self.counted.parts, self.counted.size
        if parts is None:
            return None
        return Decimal(parts) if size == 1 else ratio(Decimal(parts), Decimal(size))

    @property
    def cost_per_unit(self) -> Decimal | None:
        """To six places; None without units, and where cost or units are not known."""
        if self.cost is None or not self.counted.parts:
            return None
        return ratio(self.cost * self.counted.size, Decimal(self.counted.parts))

    def change(self, before: "UnitCost | None") -> Decimal | None:
        """How much more one unit costs than before, as a share; None where that is not known."""
        if before is None or self.cost is None or not before.cost:
            return None
        parts, parts_before = self.counted.parts, before.counted.parts
        if not parts or not parts_before:
            return None
        now, then = self.cost * parts_before, before.cost * parts
        return ratio(now - then, then)


@dataclass(frozen=True)
class UnitCostChange:
    """A unit cost of the period, and of the previous one over the days that can be compared.

    Attributes:
        now: of the period.
        compared: of those of its days that are compared.
        before: of the days that they are compared with; None where these are not known.
    """

    now: UnitCost
    compared: UnitCost | None
    before: UnitCost | None

    @property
    def previous(self) -> Decimal | None:
        """What one unit cost in the previous period."""
        return self.before.cost_per_unit if self.before else None

    @property
    def change(self) -> Decimal | None:
        """The change vs. the previous period as a share."""
        return self.compared.change(self.before) if self.compared else None


@dataclass(frozen=True)
class MonthlyUnitCost:
    """A unit cost of a calendar month.

    Attributes:
        month: its known days.
        team: whose; None for the whole.
        unit_cost: of the month.
        is_complete: whether all of its days are complete and priced.
        change_month: the change vs. the month before; None unless both are complete.
        change_year: the change vs. the same month of the year before, likewise.
    """

    month: Period
    team: str | None
    unit_cost: UnitCost
    is_complete: bool
    change_month: Decimal | None = None
    change_year: Decimal | None = None


@dataclass(frozen=True)
class UnitCosts:
    """Unit costs.

    Attributes:
        period: of the period, unit by unit.
        months: of each month, unit by unit, the oldest month first.
        teams: the same by team, as `chargeback` has them.
    """

    period: tuple[UnitCostChange, ...]
    months: tuple[MonthlyUnitCost, ...]
    teams: tuple[MonthlyUnitCost, ...]


@dataclass(frozen=True)
class UnitInput:
    """What unit costs are made from.

    Attributes:
        by_day: costs by day and team.
        counts: units by day and team.
        unpriced: the days that have usage without a price.
        days: of the report.
        known: all known days.
    """

    by_day: Costs
    counts: UnitCounts
    unpriced: frozenset[date]
    days: ReportDays
    known: Period

    def cost(self, days: Period) -> Decimal | None:
        """What some days cost; None with usage without a price."""
        if any(day in days for day in self.unpriced):
            return None
        cost = sum(self._costs.get(day, 0) for day in days)
        return to_decimal(cost, self.by_day.places("cost"))

    @cached_property
    def _costs(self) -> Mapping[date, int]:
        """Day → what it cost, as a whole number."""
        sums = sum_by(self.by_day.lines, ["date"], ["cost"]).reset_index()
        lines = sums[["date", "cost"]].itertuples(index=False, name=None)
        return {day.date(): int(cost) for day, cost in lines}

    def unit_costs(self, days: Period) -> tuple[UnitCost, ...]:
        """What each unit of some days costs."""
        return _divided(self.cost(days), self.counts.within(days))

    def is_complete(self, days: Period) -> bool:
        """Whether all of some days are complete and priced."""
        is_priced = not any(day in days for day in self.unpriced)
        is_known = self.known.covers(days) and not uncovered(days, self.days.complete)
        return is_known and is_priced

    def of_team(self, team: str, costs: Costs) -> "UnitInput":
        """What the unit costs of a team are made from, given what it is charged."""
        lines = sum_by(costs.lines, ["date"], [*AMOUNTS]).reset_index()
        return replace(self, by_day=replace(costs, lines=lines), counts=self.counts.of_team(team))

    def with_data(self) -> Iterator[Period]:
        """The calendar months, clipped to the known days, that have usage or complete days."""
        for month in months(self.known):
            is_complete = any(month.overlaps(each) for each in self.days.complete)
            if is_complete or self.counts.has_data(month):
                yield month


def unit_input(owned: OwnedUsage, counts: UnitCounts, days: ReportDays) -> UnitInput:
    """Costs and units by day and team."""
    lines = sum_by(owned.costs.lines, ["date", "team"], [*AMOUNTS]).reset_index()
    by_day = replace(owned.costs, lines=lines)
    unpriced = frozenset(owned.costs.unpriced_days())
    return UnitInput(by_day, counts, unpriced, days, owned.days)


def find_unit_costs(
    known: UnitInput, ownership: Ownership, comparison: PeriodComparison | None
) -> UnitCosts:
    """The unit costs of the period and of all known months.

    Args:
        known: costs and units by day and team.
        ownership: the teams and how shared costs are split.
        comparison: of the period with the previous one; None where that is not known.
    """
    whole: list[MonthlyUnitCost] = []
    teams: list[MonthlyUnitCost] = []
    for month in known.with_data():
        is_complete = known.is_complete(month_of(month.first))
        of_units = known.unit_costs(month)
        whole += [MonthlyUnitCost(month, None, each, is_complete) for each in of_units]
        teams += _of_teams(known, ownership, month, is_complete=is_complete)
    return UnitCosts(
        period=tuple(_of_period(known, comparison)),
        months=tuple(_with_changes(whole)),
        teams=tuple(_with_changes(teams)),
    )


def team_unit_costs(
    known: UnitInput, team: str, whole: UnitCosts, comparison: PeriodComparison | None
) -> UnitCosts:
    """The unit costs of a team.

    Args:
        known: its costs and units by day.
        team: its name.
        whole: the unit costs of all teams.
        comparison: of the team with the previous period; None where that is not known.
    """
    months = tuple(replace(each, team=None) for each in whole.teams if each.team == team)
    return UnitCosts(tuple(_of_period(known, comparison)), months, ())


def _divided(cost: Decimal | None, counts: Mapping[str, UnitCount]) -> tuple[UnitCost, ...]:
    return tuple(UnitCost(unit, count, cost) for unit, count in counts.items())


def _of_period(known: UnitInput, comparison: PeriodComparison | None) -> Iterator[UnitCostChange]:
    """Each unit, compared over the same days, and with the same costs, as the total."""
    of_period = known.unit_costs(known.days.period)
    if comparison is None:
        yield from (UnitCostChange(each, None, None) for each in of_period)
        return
    total = comparison.total
    compared = _divided(total.after, known.counts.within(comparison.now))
    before = _divided(total.before, known.counts.within(comparison.before))
    for now, after, then in zip(of_period, compared, before, strict=True):
        yield UnitCostChange(now, after, then)


def _of_teams(
    known: UnitInput, ownership: Ownership, month: Period, *, is_complete: bool
) -> Iterator[MonthlyUnitCost]:
    """The unit costs of the teams in a month; their costs sum to that of the month."""
    charged = chargeback(known.by_day.within(month), ownership, month)
    costs = dict(zip(charged["team"], charged["cost"], strict=True))
    is_priced = known.cost(month) is not None
    for team, counts in known.counts.of_teams(month, [*costs]).items():
        for each in _divided(costs[team] if is_priced else None, counts):
            yield MonthlyUnitCost(month, team, each, is_complete)


def _with_changes(every: Sequence[MonthlyUnitCost]) -> Iterator[MonthlyUnitCost]:
    """The same with their changes, where both months are complete."""
    complete = {_identity(each, 0): each.unit_cost for each in every if each.is_complete}
    for each in every:
        if not each.is_complete:
            yield each
            continue
        month_before, year_before = (complete.get(_identity(each, -ago)) for ago in (1, _A_YEAR))
        yield replace(
            each,
            change_month=each.unit_cost.change(month_before),
            change_year=each.unit_cost.change(year_before),
        )


def _identity(each: MonthlyUnitCost, later: int) -> tuple[date, str | None, str]:
    """The month, so many months later, the team and the unit."""
    month = add_months(month_of(each.month.first).first, later)
    return month, each.team, each.unit_cost.unit
