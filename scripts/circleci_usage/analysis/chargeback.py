"""What each team is charged: its own costs and its share of what is shared, month by month."""

from collections.abc import Iterator

import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS, Breakdown, breakdown_of
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period, months
from circleci_usage.costs.allocation import SHARED, UNALLOCATED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.shared_costs import split_exactly, weights_of


def chargeback(costs: Costs, ownership: Ownership, period: Period) -> pd.DataFrame:
    """A line per calendar month and team, in their order; what no team owns comes last.

    A month is split on its own, because that is how it is booked, and clipped to the period.

    Args:
        costs: owned costs of the period.
        ownership: the teams and how shared costs are split.
        period: the days of the costs.

    Returns:
        `first` and `last` (days), `team`, the totals of `AMOUNTS`, and of the `cost` the parts `direct` and `shared`;
        all Decimal.
    """
    rows = [
        row for month in months(period) for row in _month(costs.within(month), ownership, month)
    ]
    return pd.DataFrame(
        rows, columns=["first", "last", "team", *AMOUNTS, "direct", "shared"], dtype="object"
    )


def by_team(charged: pd.DataFrame, runs: pd.DataFrame) -> Breakdown:
    """The lines of `chargeback` summed over the months, with the teams' job runs."""
    job_runs = runs.groupby("team", observed=True)["job_runs"].sum()
    amounts = charged.groupby("team")[[*AMOUNTS, "direct", "shared"]].sum().to_dict("index")
    nothing = dict.fromkeys((*AMOUNTS, "direct", "shared"), ZERO)
    teams = sorted({*amounts, *job_runs.index})
    lines = [
        {"team": team, **amounts.get(team, nothing), "job_runs": int(job_runs.get(team, 0))}
        for team in teams
    ]
    columns = ["team", *nothing, "job_runs"]
    return breakdown_of(
        "teams", pd.DataFrame(lines, columns=columns, dtype="object").astype({"job_runs": "int64"})
    )


def _month(costs: Costs, ownership: Ownership, month: Period) -> Iterator[dict[str, object]]:
    sums = costs.decimals(costs.lines.groupby("team", observed=True)[list(AMOUNTS)].sum())
    owned = sums.to_dict("index")
    nothing = dict.fromkeys(AMOUNTS, ZERO)
    to_split = owned.pop(SHARED, nothing)
    teams = ownership.teams or ((UNALLOCATED,) if any(to_split.values()) else ())
    shares = {name: dict.fromkeys(teams, ZERO) for name in AMOUNTS}
    if ownership.shared and teams:
        direct = [owned.get(team, nothing)["cost"] for team in teams]
        weights = weights_of(teams, ownership.shared, direct)
        shares = {
            name: dict(zip(teams, split_exactly(to_split[name], weights), strict=True))
            for name in AMOUNTS
        }
    for team in dict.fromkeys((*teams, *([UNALLOCATED] if UNALLOCATED in owned else []))):
        own = owned.get(team, nothing)
        total = {name: own[name] + shares[name].get(team, ZERO) for name in AMOUNTS}
        yield {
            "first": month.first,
            "last": month.last,
            "team": team,
            **total,
            "direct": own["cost"],
            "shared": shares["cost"].get(team, ZERO),
        }
