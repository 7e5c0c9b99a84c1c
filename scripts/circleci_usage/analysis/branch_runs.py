"""Runs by branch: success rate, duration and cost of each workflow on its branches.

A workflow has a line for all branches, one for each branch that goes by its name, and one for the
others together. Credits and costs of these lines sum exactly to those of the line for all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.default_branches import DefaultBranches
from circleci_usage.analysis.durations import known_number, known_p95, success_rate
from circleci_usage.analysis.workflow_branch_costs import AMOUNTS, BranchCosts
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, order
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.schema.export_columns import NO_NAME, OTHER_BRANCHES
from circleci_usage.schema.keys import WorkflowKey
from circleci_usage.usage.run_statistics import RunStatistics

ALL_BRANCHES: Final = "(all branches)"
"""In place of a branch in the line of a whole workflow."""

_WORKFLOW: Final = [*WorkflowKey._fields]
_COUNTS: Final = ("runs", "succeeded", "canceled", "on_hold", "runs_with_seconds")
_SECONDS: Final = ("p50_seconds", "p95_seconds")
_KEYS: Final = [*_WORKFLOW, "branch"]
_VALUES: Final = ["branch", "kind", *_COUNTS, *_SECONDS, *AMOUNTS]
_NOTHING: Final = pd.DataFrame(columns=[*_KEYS, *_COUNTS, *_SECONDS]).set_index(_KEYS)


@dataclass(frozen=True)
class BranchRuns:
    """The runs of a workflow on a branch.

    Attributes:
        key: the workflow.
        branch: its name, `OTHER_BRANCHES`, `NO_NAME` or `ALL_BRANCHES`.
        kind: one of `BRANCH_KINDS`; None for lines of several branches.
        runs: workflow runs that ended, or are on hold.
        succeeded: those that ended well.
        canceled: those with a canceled job.
        on_hold: those in which a job still waits, mostly for an approval.
        p50_seconds: 50% of the runs finished within this time; None where no times are known.
        p95_seconds: 95% of the runs finished within this time; None where there are too few.
        credits: all that they used.
        cost: what they cost; None where none of the credits has a price.
    """

    key: WorkflowKey
    branch: str
    kind: str | None
    runs: int
    succeeded: int
    canceled: int
    on_hold: int
    p50_seconds: float | None
    p95_seconds: float | None
    credits: Decimal
    cost: Decimal | None

    @property
    def success_rate(self) -> Decimal | None:
        """Successful runs as a share of those that were not canceled; None when all were."""
        return success_rate(self.succeeded, self.runs, self.canceled)

    @property
    def is_whole(self) -> bool:
        """Whether it is the line of all branches."""
        return self.branch == ALL_BRANCHES


def runs_by_branch(
    statistics: RunStatistics, costs: BranchCosts, defaults: DefaultBranches
) -> Records[BranchRuns]:
    """All lines: the most expensive workflow first, and of each all branches first.

    Args:
        statistics: of the period.
        costs: what the workflows cost by branch.
        defaults: which branches are default branches.
    """
    table = _table(statistics, costs.lines)
    table = table.assign(kind=defaults.kinds_of_names(table).where(_is_one(table), None))
    places = costs.credit_places, costs.cost_places

    def record(values: Cells) -> BranchRuns:
        key, others = values[: len(_WORKFLOW)], values[len(_WORKFLOW) :]
        return _record(WorkflowKey(*key), dict(zip(_VALUES, others, strict=True)), places)

    return Records(record, columns_of(table, [*_WORKFLOW, *_VALUES]), _order(table))


def _is_one(table: pd.DataFrame) -> pd.Series:
    """Which rows are of one branch, or of runs without one."""
    return ~table["branch"].isin({ALL_BRANCHES, OTHER_BRANCHES})


def _table(statistics: RunStatistics, costs: pd.DataFrame) -> pd.DataFrame:
    """A row per workflow and branch, with `_COUNTS`, `_SECONDS` and `AMOUNTS`."""
    whole = statistics.workflows.assign(branch=ALL_BRANCHES)
    by_branch = statistics.workflow_branches
    parts = [part[[*_KEYS, *_COUNTS, *_SECONDS]] for part in (whole, by_branch) if len(part)]
    runs = pd.concat(parts).set_index(_KEYS) if parts else _NOTHING
    amounts = _with_wholes(_of_workflows(costs, whole)).set_index(_KEYS)
    every = runs.index.union(amounts.index, sort=False)
    counts = runs[[*_COUNTS]].reindex(every, fill_value=0)
    seconds = runs[[*_SECONDS]].reindex(every)
    amounts = amounts[[*AMOUNTS]].reindex(every, fill_value=0)
    return pd.concat([counts, seconds, amounts], axis="columns").reset_index()


def _of_workflows(costs: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """The costs without those of no workflow, such as seats, unless it has runs."""
    runs = pd.MultiIndex.from_frame(measured[_WORKFLOW].astype("object"))
    has_runs = pd.MultiIndex.from_frame(costs[_WORKFLOW]).isin(runs)
    return costs[has_runs | (costs["workflow"] != NO_NAME)]


def _with_wholes(costs: pd.DataFrame) -> pd.DataFrame:
    """The costs by branch, and their sum over all branches."""
    if costs.empty:
        return costs
    whole = sum_by(costs, _WORKFLOW, AMOUNTS, sort=False).reset_index()
    return pd.concat([whole.assign(branch=ALL_BRANCHES), costs], ignore_index=True)


def _order(table: pd.DataFrame) -> Values:
    """The rows in their order: workflows by the cost of all branches, then branches by theirs."""
    is_whole = (table["branch"] == ALL_BRANCHES).to_numpy()
    whole = table[is_whole]
    ranked = whole.iloc[order(whole, ("cost", "runs"), _WORKFLOW)][_WORKFLOW]
    places = pd.MultiIndex.from_frame(ranked).get_indexer(
        pd.MultiIndex.from_frame(table[_WORKFLOW])
    )
    placed = table.assign(from_last=-places, is_whole=is_whole)
    return order(placed, ("from_last", "is_whole", "cost", "runs"), ["branch"])


def _record(key: WorkflowKey, row: Mapping[str, Any], places: tuple[int, int]) -> BranchRuns:
    is_unpriced = row["credits"] and row["unpriced_credits"] == row["credits"]
    return BranchRuns(
        key=key,
        branch=row["branch"],
        kind=row["kind"],
        runs=row["runs"],
        succeeded=row["succeeded"],
        canceled=row["canceled"],
        on_hold=row["on_hold"],
        p50_seconds=known_number(row, "p50_seconds"),
        p95_seconds=known_p95(row, "seconds"),
        credits=to_decimal(row["credits"], places[0]),
        cost=None if is_unpriced else to_decimal(row["cost"], places[1]),
    )
