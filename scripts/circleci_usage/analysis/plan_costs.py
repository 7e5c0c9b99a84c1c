"""What each plan cost: a breakdown by the plans of the settings file."""

from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS, lines_by
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import within
from circleci_usage.costs.pricing import PLAN, PriceList, with_plans

_COLUMNS: Final = (PLAN, *AMOUNTS, "share", "job_runs")


def plan_costs(owned: OwnedUsage, period: Period, prices: PriceList) -> pd.DataFrame:
    """The lines of `tables/plans.csv`; none without plans.

    Columns: `plan`, then those of `breakdowns.Breakdown.lines`, the most expensive plan first.

    Args:
        owned: costs and job runs.
        period: the days reported on.
        prices: what credits cost.
    """
    if not prices.plans:
        return pd.DataFrame(columns=[*_COLUMNS], dtype="object")
    # By the names of the export, as pricing saw them.
    runs = with_plans(within(owned.allocated_runs, period), prices)
    return lines_by([PLAN], owned.unnamed.within(period), runs)
