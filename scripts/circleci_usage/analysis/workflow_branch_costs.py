"""What a workflow cost on each branch: the costs of its days, allotted by credits.

Daily usage by job knows no branch, and branches times jobs would be too many. But on one day all
credits of a type have one price, so the cost of a branch is credits times that price. Of included
credits, which run out in the middle of a day, each branch gets its share of what the workflow got
on that day, in whole units, by largest remainder: lines sum to the workflow to the last digit.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.core.apportion import apportion
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import Counts, fitting, scaled
from circleci_usage.costs.costs import UNPRICED, Costs
from circleci_usage.schema.keys import WorkflowKey
from circleci_usage.usage.run_statistics import RunStatistics

AMOUNTS: Final = ("credits", "unpriced_credits", "cost")

_WORKFLOW: Final = [*WorkflowKey._fields]
_KEYS: Final = [*_WORKFLOW, "date", "credit_type"]
_PRICED: Final = ["price_period", "price"]


@dataclass(frozen=True)
class BranchCosts:
    """What workflows cost by branch.

    Attributes:
        lines: `WorkflowKey`, `branch` and `AMOUNTS`.
        credit_places: credits are whole numbers of 10^-credit_places.
        cost_places: costs are whole numbers of 10^-cost_places.
    """

    lines: pd.DataFrame
    credit_places: int
    cost_places: int


def workflow_branch_costs(statistics: RunStatistics, costs: Costs, undated: date) -> BranchCosts:
    """Allot the costs of workflows to branches.

        workflow | day | cost        workflow | branch | credits | cost
        build    | 1   | 3       →   build    | main   | 2       | 2
                                     build    | fix    | 1       | 1

    Args:
        statistics: with `branch_credits`.
        costs: of the period, day by day, named as in run statistics.
        undated: the day of what has none, as in the costs.
    """
    places = max(costs.credit_places, statistics.places)
    parts = _parts(statistics, places, undated)
    wholes = _wholes(costs, places)
    whole = wholes.index.get_indexer(pd.MultiIndex.from_frame(parts[_KEYS]))
    # Statistics may be of more days than the costs.
    is_of_costs = whole >= 0
    parts = parts[is_of_costs]
    lines = parts.assign(**_amounts(parts, whole[is_of_costs], wholes))
    sums = sum_by(lines, [*_WORKFLOW, "branch"], AMOUNTS, sort=False).reset_index()
    return BranchCosts(sums, places, places + costs.price_places)


def _parts(statistics: RunStatistics, places: int, undated: date) -> pd.DataFrame:
    """Credits by `_KEYS` and branch, in the order of the branches' names."""
    found = statistics.branch_credits
    if found.empty:
        return pd.DataFrame(columns=[*_KEYS, "branch", "credits"], dtype="object")
    found = found[found["credits"] != 0]
    credits = scaled(found["credits"].to_numpy(), places - statistics.places)
    days = found["date"].fillna(pd.Timestamp(undated))
    parts = found.assign(
        date=days, credit_type=found["credit_type"].astype("object"), credits=credits
    )
    return parts.sort_values("branch", kind="stable", ignore_index=True)


def _wholes(costs: Costs, places: int) -> pd.DataFrame:
    """What each workflow used on each day: `credits`, `free_credits`, price; by `_KEYS`."""
    measures = ["credits", "free_credits"]
    sums = sum_by(costs.lines, [*_KEYS, *_PRICED], measures, sort=False).reset_index()
    finer = {name: scaled(sums[name].to_numpy(), places - costs.credit_places) for name in measures}
    names = dict.fromkeys([*_WORKFLOW, "credit_type"], "object")
    return sums.assign(**finer).astype(names).set_index(_KEYS)


def _amounts(parts: pd.DataFrame, whole: Counts, wholes: pd.DataFrame) -> dict[str, Counts]:
    """The amounts of each part, given the place of its whole, whose credits have one price."""
    credits, price = parts["credits"].to_numpy(), wholes["price"].to_numpy()[whole]
    free = _free(credits, whole, wholes)
    largest = int(np.abs(credits).sum()) * max(1, int(price.max(initial=0)))
    charged = fitting(credits - free, largest)
    is_unpriced = wholes["price_period"].to_numpy()[whole] == UNPRICED
    return {
        "unpriced_credits": np.where(is_unpriced, charged, 0),
        "cost": charged * price.astype(charged.dtype),
    }


def _free(credits: Counts, whole: Counts, wholes: pd.DataFrame) -> Counts:
    """How many credits of each part are free: all, none, or its share of what is left."""
    free_of, all_of = (wholes[name].to_numpy() for name in ("free_credits", "credits"))
    free = np.where(free_of[whole] == all_of[whole], credits, 0)
    is_shared = (free_of != all_of) & (free_of != 0)
    shared = np.flatnonzero(is_shared[whole])
    groups = pd.Series(whole[shared]).groupby(whole[shared], sort=False).indices
    for places in groups.values():
        rows = shared[places]
        used = [int(each) for each in credits[rows]]
        free[rows] = apportion(int(free_of[whole[rows[0]]]), used)
    return free
