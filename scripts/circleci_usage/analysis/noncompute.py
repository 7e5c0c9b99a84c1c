"""What is paid besides compute (storage, network, layer caching, seats …), and which jobs cause it."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import JOB
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs

MOST_JOBS: Final = 10

_COMPUTE: Final = "compute"


@dataclass(frozen=True)
class NonComputeCost:
    """A credit type other than compute.

    Attributes:
        credit_type: which.
        credits: all of the period.
        cost: what they cost.
        jobs: the dearest `MOST_JOBS`, each the values of `analysis.totals.JOB` and its cost.
        all_jobs: how many jobs cause any.
    """

    credit_type: str
    credits: Decimal
    cost: Decimal
    jobs: tuple[tuple[tuple[str, ...], Decimal], ...]
    all_jobs: int


def noncompute_costs(costs: Costs) -> tuple[NonComputeCost, ...]:
    """The credit types besides compute that have any credits, the dearest first."""
    kinds = costs.lines.groupby("credit_type", observed=True)
    found = (_extra(costs, str(kind), lines) for kind, lines in kinds if kind != _COMPUTE)
    return tuple(sorted(found, key=lambda each: (-each.cost, each.credit_type)))


def _extra(costs: Costs, kind: str, lines: pd.DataFrame) -> NonComputeCost:
    by_job = (
        lines.groupby([*JOB], observed=True)["cost"]
        .sum()
        .sort_values(ascending=False, kind="stable")
    )
    places = costs.places("cost")
    return NonComputeCost(
        kind,
        to_decimal(int(lines["credits"].sum()), costs.places("credits")),
        to_decimal(int(lines["cost"].sum()), places),
        tuple(
            (tuple(map(str, key)), to_decimal(int(cost), places))
            for key, cost in zip(by_job.index[:MOST_JOBS], by_job.tolist(), strict=False)
        ),
        len(by_job),
    )
