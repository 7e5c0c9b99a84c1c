"""Costs and run statistics → recommendations, migrations and speed-ups of all jobs."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Final

import pandas as pd

from circleci_usage.analysis.rightsizing.migrations import Migration, migrations
from circleci_usage.analysis.rightsizing.monthly_costs import DAYS_A_MONTH, monthly_table
from circleci_usage.analysis.rightsizing.recommendations import Recommendation, recommendations
from circleci_usage.analysis.rightsizing.resource_classes import (
    UsedClass,
    Verdict,
    facts_of_classes,
    used_classes,
)
from circleci_usage.analysis.rightsizing.speed_ups import SpeedUp
from circleci_usage.core.columnar import Records, Values
from circleci_usage.core.decimals import estimating, total
from circleci_usage.core.grouping import grouped
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.derived_rates import derive_rates
from circleci_usage.costs.resource_rates import Rates
from circleci_usage.usage.run_statistics import RunStatistics

_CLASS: Final = ["executor", "resource_class"]


@dataclass(frozen=True)
class RightSizing:
    """All jobs by resource class, the largest saving first.

    Attributes:
        recommendations: for each job on each class.
        migrations: to the next generation, those to cheaper rates first.
        rates: those that were used.
        classes: CircleCI's classes in the period.
    """

    recommendations: Records[Recommendation]
    migrations: Records[Migration]
    rates: Rates
    classes: tuple[UsedClass, ...] = ()

    def of(self, verdict: Verdict) -> Sequence[Recommendation]:
        """The recommendations with a verdict."""
        return self.recommendations.where(lambda verdicts: verdicts == verdict, "verdict")

    @property
    def suggestions(self) -> Sequence[Recommendation]:
        """Those that suggest another size."""
        return self.recommendations.where(_is_known, "suggested")

    @property
    def savings(self) -> Sequence[Recommendation]:
        """Those that save at least a cent for certain; each job on a class appears once."""
        return self._savings

    @property
    def speed_ups(self) -> tuple[SpeedUp, ...]:
        """The jobs that a larger class may make faster, the most expensive first."""
        found = self.recommendations.where(_is_known, "speed_up").column("speed_up")
        return tuple(sorted(found, key=lambda each: (-each.cost, each.key)))

    @property
    def saved(self) -> Decimal:
        """Money a month that all certain savings make together."""
        return total(self._savings.column("saved"))

    @property
    def saved_credits(self) -> Decimal:
        """Credits a month that all certain savings make together."""
        return total(self._savings.column("saved_credits"))

    @cached_property
    def _savings(self) -> Records[Recommendation]:
        some = self.recommendations.where(_is_known, "saving")
        return some.where(lambda saved: _is_known(saved) & (saved != 0), "saved")


def _is_known(values: Values) -> Values:
    return ~pd.isna(values)


def right_size(
    costs: Costs, run_statistics: RunStatistics, rates: Rates, days: Sized
) -> RightSizing:
    """Judge every job of the period on every resource class it ran on.

    Args:
        costs: of the days that a month is projected from.
        run_statistics: of the whole period.
        rates: the classes and their sizes.
        days: those that a month is projected from.
    """
    derived = derive_rates(run_statistics.classes)
    rates = rates.completed({key: each.credits_per_minute for key, each in derived.items()})
    with estimating():
        table = monthly_table(costs, run_statistics.machines, DAYS_A_MONTH / len(days))
        of_classes = grouped(table, _CLASS)
        spelled = table.iloc[of_classes.firsts][_CLASS].itertuples(index=False, name=None)
        classes, numbers = [*facts_of_classes(spelled, rates)], of_classes.of_rows
        return RightSizing(
            recommendations(table, numbers, classes),
            migrations(table, numbers, classes),
            rates,
            used_classes({each.names for each in classes}, rates, derived),
        )
