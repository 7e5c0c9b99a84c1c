"""KPIs: the numbers that a director looks at first, with their change and their trend."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from circleci_usage.analysis.cost_units import (
    ACTIVE_USER,
    DEFAULT_BRANCH_SUCCESS,
    PIPELINE,
    UNITS,
)
from circleci_usage.analysis.period_comparison import PeriodComparison
from circleci_usage.analysis.savings.realized import RealizedSavings
from circleci_usage.analysis.unit_costs import UnitCost, UnitCostChange, UnitCosts, UnitInput
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.core.periods import Period

COST: Final = "cost"
SUCCESS_RATE: Final = "success_rate"
REALIZED_SAVINGS: Final = "realized_savings"
_PER: Final = "cost_per_"

_MOST_MONTHS: Final = 13
_ENOUGH_FOR_TREND: Final = 3
"""Fewer points are no trend."""


class TrendValue(NamedTuple):
    """A month or day, and the value of a KPI; None where it is not known."""

    days: Period
    value: Decimal | None


@dataclass(frozen=True)
class Kpi:
    """One of the KPIs.

    Attributes:
        name: `COST`, `SUCCESS_RATE`, `REALIZED_SAVINGS` a month, or `cost_per_` and a unit.
        unit: what the cost is divided by; empty for none.
        value: of the period; None where it is not known.
        previous: of the days of the previous period that are compared, likewise.
        change: the change vs. these days: a share of the value before, and of the success rate the
            difference. None where it is not known.
        trend: the last complete months, or the complete days of the period where there are too few
            months; none where there are too few of either.
    """

    name: str
    unit: str
    value: Decimal | None
    previous: Decimal | None
    change: Decimal | None
    trend: tuple[TrendValue, ...]


def find_kpis(
    known: UnitInput,
    costs: UnitCosts,
    comparison: PeriodComparison | None,
    realized: RealizedSavings,
) -> tuple[Kpi, ...]:
    """The KPIs of a period, in their order.

    Args:
        known: costs and units by day and team.
        costs: the unit costs made of them.
        comparison: of the period with the previous one; None where that is not known.
        realized: what jobs save on other classes; without any, it is no KPI.
    """
    drawn = _drawn_periods(known, costs)
    history = [known.unit_costs(days) for days in drawn]
    by_unit = {each.now.unit: each for each in costs.period}
    per_pipeline, per_result, per_user = (
        _per_unit(by_unit[unit], drawn, history) for unit in _units_shown([*by_unit])
    )
    cost = _cost(known, drawn, comparison)
    success_rate = _success_rate(known, drawn, comparison)
    return (cost, per_pipeline, per_result, success_rate, per_user, *_realized(realized))


def _units_shown(units: Sequence[str]) -> tuple[str, str, str]:
    """The units whose costs are KPIs: the first of the settings file is the result, if any."""
    own = [unit for unit in units if unit not in UNITS]
    return PIPELINE, own[0] if own else DEFAULT_BRANCH_SUCCESS, ACTIVE_USER


def _drawn_periods(known: UnitInput, costs: UnitCosts) -> list[Period]:
    """The complete months, else the complete days of the period; none if they are too few."""
    every = dict.fromkeys(each.month for each in costs.months if each.is_complete)
    if len(every) >= _ENOUGH_FOR_TREND:
        return [*every][-_MOST_MONTHS:]
    days = [Period.of_days(day, day) for day in known.days.period]
    complete = [day for day in days if known.is_complete(day)]
    return complete if len(complete) >= _ENOUGH_FOR_TREND else []


def _cost(known: UnitInput, drawn: Sequence[Period], comparison: PeriodComparison | None) -> Kpi:
    total = comparison.total if comparison else None
    return Kpi(
        name=COST,
        unit="",
        value=known.cost(known.days.period),
        previous=total.before if total else None,
        change=total.relative_change if total else None,
        trend=tuple(TrendValue(days, known.cost(days)) for days in drawn),
    )


def _per_unit(
    unit: UnitCostChange, drawn: Sequence[Period], history: Sequence[Sequence[UnitCost]]
) -> Kpi:
    name = unit.now.unit
    values = [each.cost_per_unit for costs in history for each in costs if each.unit == name]
    trend = tuple(map(TrendValue, drawn, values))
    return Kpi(f"{_PER}{name}", name, unit.now.cost_per_unit, unit.previous, unit.change, trend)


def _success_rate(
    known: UnitInput, drawn: Sequence[Period], comparison: PeriodComparison | None
) -> Kpi:
    counts = known.counts
    before = after = difference = None
    if comparison:
        before = counts.success_rate(comparison.before)
        after = counts.success_rate(comparison.now)
    if before is not None and after is not None:
        with exact_arithmetic():
            difference = after - before
    return Kpi(
        name=SUCCESS_RATE,
        unit="",
        value=counts.success_rate(known.days.period),
        previous=before,
        change=difference,
        trend=tuple(TrendValue(days, counts.success_rate(days)) for days in drawn),
    )


def _realized(realized: RealizedSavings) -> Sequence[Kpi]:
    """What the moves to other classes save a month, if there are any; periods are not compared."""
    if not realized.changes:
        return ()
    return [Kpi(REALIZED_SAVINGS, "", realized.saved, None, None, ())]
