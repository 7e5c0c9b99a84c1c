"""Sums of lines as exact numbers, with what is known of their job runs.

A line is of one credit type, and a job run may have used several. So `type_runs` of several credit
types do not say how many runs there were, and `job_runs` do not where only some types are chosen.
What is not known is None, never a guess.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from circleci_usage.core.decimals import ratio
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.explore.words import Metric

_MINUTE: Final = Decimal(60)


@dataclass(frozen=True)
class Amounts:
    """Exact sums; None is: not known.

    Attributes:
        credits: all of them.
        unpriced_credits: those without a price, whose cost is not known.
        list_cost: of the others, at the list price.
        cost: of the others.
        job_runs: how many runs there were.
        job_seconds: how long they took.
    """

    credits: Decimal
    unpriced_credits: Decimal
    list_cost: Decimal
    cost: Decimal
    job_runs: int | None
    job_seconds: Decimal | None

    def of(self, metric: Metric) -> Decimal | None:
        """The value of a metric; minutes and costs per run have six places, half to even."""
        match metric:
            case Metric.COST:
                return self.cost
            case Metric.CREDITS:
                return self.credits
            case Metric.LIST_COST:
                return self.list_cost
            case Metric.JOB_RUNS:
                return None if self.job_runs is None else Decimal(self.job_runs)
            case Metric.RUN_MINUTES:
                return _quotient(self.job_seconds, _MINUTE)
            case Metric.COST_PER_RUN:
                return _quotient(self.cost, Decimal(self.job_runs or 0))


def _quotient(part: Decimal | None, whole: Decimal) -> Decimal | None:
    return None if part is None or not whole else ratio(part, whole)


@dataclass(frozen=True)
class Counting:
    """Which measures tell the job runs of some sums, and their seconds; None: nothing does."""

    runs: str | None
    seconds: str | None


EACH_RUN_ONCE: Final = Counting("job_runs", "job_seconds")
OF_ONE_TYPE: Final = Counting("type_runs", None)
UNKNOWN: Final = Counting(None, None)


def amounts_of(sums: Mapping[Any, int], places: Mapping[str, int], counting: Counting) -> Amounts:
    """Sums of the measures, which are whole numbers of 10^-places, as exact numbers."""

    def decimal(measure: str) -> Decimal:
        return to_decimal(int(sums[measure]), places[measure])

    return Amounts(
        credits=decimal("credits"),
        unpriced_credits=decimal("unpriced_credits"),
        list_cost=decimal("list_cost"),
        cost=decimal("cost"),
        job_runs=None if counting.runs is None else int(sums[counting.runs]),
        job_seconds=None if counting.seconds is None else decimal(counting.seconds),
    )
