"""What was spent: totals and their breakdowns by every dimension.

Every breakdown is a regrouping of the same exact amounts, so all of them sum to the totals, to the last digit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import pandas as pd

from circleci_usage import exact

ORGANIZATION = ("organization_id", "organization")
PROJECT = (*ORGANIZATION, "project_id", "project")
WORKFLOW = (*PROJECT, "workflow")
JOB = (*WORKFLOW, "job")

BREAKDOWNS = {
    "organizations": ORGANIZATION,
    "projects": PROJECT,
    "workflows": WORKFLOW,
    "jobs": JOB,
    "resource_classes": ("resource_class",),
    "credit_types": ("credit_type",),
    "teams": ("team",),
    "daily": ("date",),
}
"""Name of a breakdown → the dimensions that make one of its lines."""


@dataclass(frozen=True)
class Amount:
    """Credits, their cost and the job runs behind them."""

    credits: Decimal
    cost: Decimal
    job_runs: int


@dataclass(frozen=True)
class Breakdown:
    """Where the amounts went, one line a combination of names.

    Attributes:
        name: as in `BREAKDOWNS`; also the name of its table.
        keys: the columns that name a line.
        lines: the keys, then `credits`, `cost` (Decimal), `share` of the cost (Decimal, six places) and `job_runs`
            (int64); the dearest first, days in their order.
    """

    name: str
    keys: tuple[str, ...]
    lines: pd.DataFrame


def totals(owned: pd.DataFrame, runs: pd.DataFrame) -> Amount:
    """Everything in one amount."""
    return Amount(exact.total(owned["credits"]), exact.total(owned["cost"]), int(runs["job_runs"].sum()))


def break_down(name: str, owned: pd.DataFrame, runs: pd.DataFrame) -> Breakdown:
    """One of `BREAKDOWNS`.

    Args:
        name: which.
        owned: owned costs: dimensions, `team`, `credit_type`, `credits`, `cost`, and in `job_runs` how many runs used
            such credits.
        runs: dimensions, `team`, `job_runs`: all runs, also those that cost nothing.
    """
    keys = BREAKDOWNS[name]
    amounts = _sum(owned, keys, ["credits", "cost"])
    counted = owned if "credit_type" in keys else runs
    lines = amounts.join(counted.groupby(list(keys), observed=True)["job_runs"].sum(), how="outer").reset_index()
    lines = lines.assign(
        credits=_filled(lines["credits"]),
        cost=_filled(lines["cost"]),
        job_runs=lines["job_runs"].fillna(0).astype("int64"),
    )
    lines.insert(len(lines.columns) - 1, "share", _shares(lines))
    for key in keys:
        if isinstance(lines[key].dtype, pd.CategoricalDtype):
            lines[key] = lines[key].astype("object")
    by_day = keys == ("date",)
    lines = lines.sort_values(
        list(keys) if by_day else ["cost", "credits", "job_runs", *keys],
        ascending=[by_day] * len(keys) if by_day else [False] * 3 + [True] * len(keys),
        ignore_index=True,
    )
    return Breakdown(name, keys, lines)


def charges(owned: pd.DataFrame) -> pd.DataFrame:
    """Owned costs per day, project, team and credit type: what daily charts and cost files are made of.

    Columns: `date`, organisation and project with ids, `vcs_url`, `team`, `credit_type`, `price`, `credits`, `cost`.
    """
    keys = ["date", *PROJECT, "vcs_url", "team", "credit_type", "price"]
    return _sum(owned, keys, ["credits", "cost"]).reset_index()


def _sum(frame: pd.DataFrame, keys: Sequence[str], values: list[str]) -> pd.DataFrame:
    return frame.groupby(list(keys), observed=True)[values].sum()


def _filled(amounts: pd.Series) -> pd.Series:
    return amounts.map(lambda amount: amount if isinstance(amount, Decimal) else exact.ZERO).astype("object")


def _shares(lines: pd.DataFrame) -> list[Decimal]:
    """Shares of the cost, or of the credits when nothing costs anything."""
    measure = lines["cost"] if lines["cost"].any() else lines["credits"]
    whole = exact.total(measure)
    return [exact.ratio(part, whole) for part in measure]
