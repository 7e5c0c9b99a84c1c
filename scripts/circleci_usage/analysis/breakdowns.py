"""What was spent: totals and their breakdowns by every dimension.

Every breakdown regroups the same exact amounts, so each sums to the totals, to the last digit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core import decimals
from circleci_usage.core.grouping import sum_by
from circleci_usage.costs.costs import UNPRICED, Costs
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import BREAKDOWN_TABLES, names_in
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey

PROJECT: Final = ProjectKey._fields
WORKFLOW: Final = WorkflowKey._fields
JOB: Final = JobKey._fields

BREAKDOWNS: Final = {name: table.keys for name, table in BREAKDOWN_TABLES.items()}
"""Name of a breakdown → the dimensions that make one of its lines."""

AMOUNTS: Final = ("credits", "unpriced_credits", "list_cost", "contracted_cost", "cost")
"""What is summed in every breakdown."""


@dataclass(frozen=True)
class Amount:
    """Credits, their cost and the job runs behind them.

    Attributes:
        credits: all of them.
        cost: what they cost after included credits: what is charged.
        job_runs: how many.
        unpriced_credits: the credits of days without a price; their cost is not known.
        list_cost: of the priced credits, at the list price, or the contract price where there is no
            list price.
        contracted_cost: of the priced credits, at the contract price, before included credits.
    """

    credits: Decimal
    cost: Decimal
    job_runs: int
    unpriced_credits: Decimal = decimals.ZERO
    list_cost: Decimal = decimals.ZERO
    contracted_cost: Decimal = decimals.ZERO


@dataclass(frozen=True)
class Breakdown:
    """Where the amounts went, one line per combination of names.

    Attributes:
        name: as in `BREAKDOWNS`; also the name of its table.
        keys: the columns that name a line.
        lines: the keys, then `AMOUNTS` (Decimal; see `Amount`), `share` of the cost (Decimal, six
            places) and `job_runs` (int64); the most expensive first, days in their order. Teams
            also have `direct` and `shared`, the two parts of their cost.
    """

    name: str
    keys: tuple[str, ...]
    lines: pd.DataFrame


def totals(costs: Costs, runs: pd.DataFrame) -> Amount:
    """Everything in one amount."""
    sums = {name: costs.total(name) for name in AMOUNTS}
    return Amount(job_runs=int(runs["job_runs"].sum()), **sums)


def break_down(name: str, costs: Costs, runs: pd.DataFrame) -> Breakdown:
    """One of `BREAKDOWNS`, except the teams'.

    Args:
        name: which.
        costs: owned costs; in `job_runs` how many runs used such credits.
        runs: dimensions, `team`, `job_runs`: of all runs, including those that cost nothing.
    """
    keys = BREAKDOWNS[name]
    counted = costs.lines if "credit_type" in keys else runs
    return Breakdown(name, keys, lines_by(keys, costs, counted))


def lines_by(keys: Sequence[str], costs: Costs, runs: pd.DataFrame) -> pd.DataFrame:
    """The lines of a breakdown by any names; see `Breakdown.lines`.

    Args:
        keys: the columns that name a line.
        costs: with these columns.
        runs: these columns and `job_runs`; every name of the costs is one of theirs.
    """
    return _with_shares(costs.decimals(_ordered(_summed(keys, costs, runs), keys)))


def lines_by_team(
    keys: Sequence[str], costs: Costs, runs: pd.DataFrame
) -> Mapping[str, pd.DataFrame]:
    """Team → the lines of its part of a breakdown; shares are of the team's cost.

    Args:
        keys: the columns that name a line.
        costs: with these columns and `team`.
        runs: likewise, with `job_runs`; every name of the costs is one of theirs.
    """
    # Ordered all at once: sorting little frames takes as long as sorting a large one.
    every = costs.decimals(_ordered(_summed(["team", *keys], costs, runs), keys))
    found = {}
    for team, lines in every.groupby("team", observed=True, sort=False):
        found[str(team)] = _with_shares(lines.drop(columns="team").reset_index(drop=True))
    return found


def _summed(keys: Sequence[str], costs: Costs, runs: pd.DataFrame) -> pd.DataFrame:
    amounts = sum_by(costs.lines, keys, AMOUNTS)
    job_runs = sum_by(runs, keys, ["job_runs"])
    # All names of costs are names of runs, too. A join would turn counts without costs into floats.
    return amounts.reindex(job_runs.index, fill_value=0).join(job_runs).reset_index()


def breakdown_of(name: str, lines: pd.DataFrame) -> Breakdown:
    """Order the lines of a breakdown and add their shares."""
    keys = BREAKDOWNS[name]
    return Breakdown(name, keys, ordered_lines(keys, lines))


def ordered_lines(keys: Sequence[str], lines: pd.DataFrame) -> pd.DataFrame:
    """The lines of a breakdown in their order, with their shares."""
    return _with_shares(_ordered(lines, keys))


def _ordered(lines: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The lines with the most expensive first; days in their order."""
    texts = [key for key in keys if isinstance(lines[key].dtype, pd.CategoricalDtype)]
    lines = lines.astype(dict.fromkeys(texts, "object"))
    if [*keys] == ["date"]:
        return lines.sort_values("date", ignore_index=True)
    amounts = ["cost", "credits", "job_runs"]
    ascending = [False] * len(amounts) + [True] * len(keys)
    return lines.sort_values([*amounts, *keys], ascending=ascending, ignore_index=True)


def _with_shares(lines: pd.DataFrame) -> pd.DataFrame:
    share = pd.Series(shares(lines), lines.index, "object")
    lines.insert(len(lines.columns) - 1, "share", share)
    return lines


def charges(costs: Costs, also_by: Sequence[str] = ()) -> ScaledLines:
    """Owned costs per day, project, team and credit type, for daily charts and cost files.

    Columns: `date`, organization and project with ids, `vcs_url`, `team`, `credit_type`, those of
    `also_by`, `price` (Decimal; None where there is none), `free_credits` and `AMOUNTS` (Decimal).

    Args:
        costs: with these columns.
        also_by: the columns of tags (see `costs.tags.tag_columns`), and further dimensions.
    """
    keys = [*names_in(Place.CHARGES), *also_by, "price_period", "price"]
    counts = sum_by(costs.lines, keys, [*AMOUNTS, "free_credits"]).reset_index()
    return ScaledLines(
        counts,
        costs.all_places(counts),
        rates={"price": costs.price_places},
        unknown={"price": _has_no_price},
        marks=("price_period",),
    )


def _has_no_price(counts: pd.DataFrame) -> pd.Series:
    return counts["price_period"] == UNPRICED


def shares(lines: pd.DataFrame) -> list[Decimal]:
    """Each line's share of the cost, or of the credits when nothing costs anything.

    Costs of 1, 1 and 2 are shares of 0.25, 0.25 and 0.5.
    """
    measure = lines["cost"] if lines["cost"].any() else lines["credits"]
    whole = decimals.total(measure)
    known = {part: decimals.ratio(part, whole) for part in set(measure)}
    return [known[part] for part in measure]
