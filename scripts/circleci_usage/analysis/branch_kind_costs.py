"""What default branches, other branches and runs without a branch cost, and what started them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import shares
from circleci_usage.analysis.default_branches import BRANCH_KINDS, DefaultBranches
from circleci_usage.core.decimals import ZERO, total
from circleci_usage.core.grouping import sum_by
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.export_columns import BRANCH_GROUP, NO_NAME, credit_type_name
from circleci_usage.schema.keys import ProjectKey

SCHEDULES: Final = frozenset({"schedule", "scheduled_pipeline"})
"""Values of `trigger`: a workflow with a schedule in its configuration, a scheduled pipeline."""

SCHEDULE: Final = "schedule"
EVENT: Final = "event"
UNKNOWN: Final = "unknown"
STARTED_BY: Final = (SCHEDULE, EVENT, UNKNOWN)
"""A schedule; anything else, such as a push or the API; not known."""

NO_JOB_RUN: Final = "no job run"
"""In place of the kind of branch, and of what started it: charges such as seats."""

_KINDS: Final = (*BRANCH_KINDS, NO_JOB_RUN)
_STARTED_BY: Final = (*STARTED_BY, NO_JOB_RUN)
_MEASURES: Final = ["credits", "unpriced_credits", "cost"]
_NAMES: Final = [*ProjectKey._fields, BRANCH_GROUP, "trigger"]
_LINE: Final = ["kind", "started_by"]


@dataclass(frozen=True)
class BranchKindCost:
    """What one kind of branches cost, as far as one kind of trigger started it.

    Attributes:
        kind: one of `BRANCH_KINDS`, or `NO_JOB_RUN`.
        started_by: one of `STARTED_BY`, or `NO_JOB_RUN`.
        job_runs: how many.
        credits: all that they used.
        cost: what they cost; None where none of the credits has a price.
        share: of the cost of the period, or of its credits when nothing costs anything.
    """

    kind: str
    started_by: str
    job_runs: int
    credits: Decimal
    cost: Decimal | None
    share: Decimal


@dataclass(frozen=True)
class BranchKindTotal:
    """What one kind of branches cost, or all together.

    Attributes:
        kind: one of `BRANCH_KINDS`, or `NO_JOB_RUN`; empty for all together.
        job_runs: how many.
        cost: what is charged for them; None where none of the credits has a price.
        scheduled: the part of the cost that schedules started; None likewise.
        share: of the cost of the period, or of its credits when nothing costs anything.
    """

    kind: str
    job_runs: int
    cost: Decimal | None
    scheduled: Decimal | None
    share: Decimal


def branch_kind_totals(lines: Sequence[BranchKindCost]) -> tuple[BranchKindTotal, ...]:
    """The lines, which are in the order of their kinds, summed by kind, then all of them."""
    by_kind = groupby(lines, lambda each: each.kind)
    return (*(_total(kind, [*of_kind]) for kind, of_kind in by_kind), _total("", lines))


def _total(kind: str, lines: Sequence[BranchKindCost]) -> BranchKindTotal:
    scheduled = [each for each in lines if each.started_by == SCHEDULE]
    return BranchKindTotal(
        kind=kind,
        job_runs=sum(each.job_runs for each in lines),
        cost=_sum_of_known(lines),
        scheduled=_sum_of_known(scheduled) if scheduled else ZERO,
        share=total(each.share for each in lines),
    )


def _sum_of_known(lines: Sequence[BranchKindCost]) -> Decimal | None:
    known = [each.cost for each in lines if each.cost is not None]
    return total(known) if known else None


def branch_kind_costs(
    costs: Costs, runs: pd.DataFrame, defaults: DefaultBranches
) -> tuple[BranchKindCost, ...]:
    """The lines that there are; they sum to the costs and to the runs.

    Args:
        costs: of the period, by branch group and trigger; those without a job go by credit type.
        runs: of the same days, likewise.
        defaults: which branches are default branches.
    """
    charges = {*map(credit_type_name, costs.lines["credit_type"].cat.categories)}
    amounts = sum_by(costs.lines, _NAMES, _MEASURES, sort=False).reset_index()
    counted = sum_by(runs, _NAMES, ["job_runs"], sort=False).reset_index()
    by_kind = sum_by(_with_lines(amounts, charges, defaults), _LINE, _MEASURES)
    runs_by_kind = sum_by(_with_lines(counted, charges, defaults), _LINE, ["job_runs"])
    every = sorted({*by_kind.index, *runs_by_kind.index}, key=_place)
    lines = pd.MultiIndex.from_tuples(every, names=_LINE)
    sums = costs.decimals(by_kind.reindex(lines, fill_value=0))
    job_runs = runs_by_kind["job_runs"].reindex(lines, fill_value=0)
    amounts_of = zip(*(sums[name] for name in _MEASURES), job_runs, shares(sums), strict=True)
    return tuple(_record(*line, *of) for line, of in zip(every, amounts_of, strict=True))


def _with_lines(frame: pd.DataFrame, charges: set[str], defaults: DefaultBranches) -> pd.DataFrame:
    """The rows with the line that each belongs to."""
    triggers = frame["trigger"].astype("object")
    is_charge = triggers.isin(charges)
    is_scheduled, is_unknown = triggers.isin(SCHEDULES), triggers == NO_NAME
    started_by = np.where(is_scheduled, SCHEDULE, np.where(is_unknown, UNKNOWN, EVENT))
    return frame.assign(
        kind=defaults.kinds(frame).mask(is_charge, NO_JOB_RUN),
        started_by=np.where(is_charge, NO_JOB_RUN, started_by),
    )


def _place(line: tuple[str, str]) -> tuple[int, int]:
    """Default branches come first, and of each what schedules started."""
    kind, started_by = line
    return _KINDS.index(kind), _STARTED_BY.index(started_by)


def _record(
    kind: str,
    started_by: str,
    credits: Decimal,
    unpriced: Decimal,
    cost: Decimal,
    job_runs: int,
    share: Decimal,
) -> BranchKindCost:
    is_unpriced = credits and unpriced == credits
    known_cost = None if is_unpriced else cost
    return BranchKindCost(kind, started_by, int(job_runs), credits, known_cost, share)
