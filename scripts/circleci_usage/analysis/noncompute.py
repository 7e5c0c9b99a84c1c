"""Non-compute costs (storage, network, layer caching, seats …), and which jobs cause them."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey

MOST_JOBS: Final = 10

_COMPUTE: Final = "compute"


@dataclass(frozen=True)
class NonComputeCost:
    """A credit type other than compute.

    Attributes:
        credit_type: which.
        credits: all of the period.
        cost: what they cost.
        jobs: the most expensive `MOST_JOBS`, each with its cost.
        all_jobs: how many jobs use any.
    """

    credit_type: str
    credits: Decimal
    cost: Decimal
    jobs: tuple[tuple[JobKey, Decimal], ...]
    all_jobs: int


def noncompute_costs(costs: Costs) -> tuple[NonComputeCost, ...]:
    """The credit types other than compute that have any credits, the most expensive first."""
    kinds = costs.lines.groupby("credit_type", observed=True)
    found = (_cost_of(str(kind), lines, costs) for kind, lines in kinds if kind != _COMPUTE)
    return tuple(sorted(found, key=lambda each: (-each.cost, each.credit_type)))


def _cost_of(kind: str, lines: pd.DataFrame, costs: Costs) -> NonComputeCost:
    """What a credit type cost, given its lines."""
    by_job = sum_by(lines, JobKey._fields, ["cost"])["cost"]
    by_job = by_job.sort_values(ascending=False, kind="stable")
    most = by_job.iloc[:MOST_JOBS]
    places = costs.places("cost")
    return NonComputeCost(
        credit_type=kind,
        credits=to_decimal(int(lines["credits"].sum()), costs.places("credits")),
        cost=to_decimal(int(lines["cost"].sum()), places),
        jobs=tuple(
            (JobKey(*map(str, key)), to_decimal(int(cost), places))
            for key, cost in zip(most.index, most.tolist(), strict=True)
        ),
        all_jobs=len(by_job),
    )
