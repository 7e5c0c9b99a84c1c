"""What each team is charged: its own costs and its share of what is shared, month by month."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import pandas as pd

from circleci_usage.analysis.breakdowns import AMOUNTS, Breakdown, breakdown_of
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period, months
from circleci_usage.costs.allocation import SHARED, UNALLOCATED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.shared_costs import SharedCosts, split_exactly, weights_of

_Amounts = Mapping[Any, Decimal]
"""`AMOUNTS` → how much."""

_NOTHING: Final[_Amounts] = dict.fromkeys(AMOUNTS, ZERO)

_PARTS: Final = ("direct", "shared")
"""What the cost of a team consists of."""


def chargeback(costs: Costs, ownership: Ownership, period: Period) -> pd.DataFrame:
    """A line per calendar month and team, in their order; costs without an owner come last.

    Each month is split by itself, because that is how it is booked, and clipped to the period.

    Args:
        costs: owned costs of the period.
        ownership: the teams and how shared costs are split.
        period: the days of the costs.

    Returns:
        `first` and `last` (days), `team`, the totals of `AMOUNTS`, and the parts of `cost`:
        `direct` and `shared`; all amounts are Decimal.
    """
    rows: list[dict[str, object]] = []
    for month in months(period):
        rows += _month(costs.within(month), ownership, month)
    columns = ["first", "last", "team", *AMOUNTS, *_PARTS]
    return pd.DataFrame(rows, columns=columns, dtype="object")


def by_team(charged: pd.DataFrame, runs: pd.DataFrame) -> Breakdown:
    """The lines of `chargeback` summed over the months, with the teams' job runs."""
    job_runs = sum_by(runs, ["team"], ["job_runs"])["job_runs"].to_dict()
    amounts = sum_by(charged, ["team"], [*AMOUNTS, *_PARTS]).to_dict("index")
    nothing = dict.fromkeys((*AMOUNTS, *_PARTS), ZERO)
    lines = [
        {"team": team, **amounts.get(team, nothing), "job_runs": int(job_runs.get(team, 0))}
        for team in sorted({*map(str, amounts), *map(str, job_runs)})
    ]
    columns = ["team", *nothing, "job_runs"]
    table = pd.DataFrame(lines, columns=columns, dtype="object")
    return breakdown_of("teams", table.astype({"job_runs": "int64"}))


def _month(costs: Costs, ownership: Ownership, month: Period) -> Iterator[dict[str, object]]:
    """The lines of one month.

    Direct costs of 30 and 10 and shared costs of 20, split in proportion: the teams are charged 45
    and 15.
    """
    sums = costs.decimals(sum_by(costs.lines, ["team"], AMOUNTS)).to_dict("index")
    owned: dict[str, _Amounts] = {str(team): amounts for team, amounts in sums.items()}
    to_split = owned.pop(SHARED, _NOTHING)
    teams = list(ownership.teams)
    if not teams and any(to_split.values()):
        teams = [UNALLOCATED]
    shares = _shares(to_split, owned, teams, ownership.shared)
    if UNALLOCATED in owned and UNALLOCATED not in teams:
        teams.append(UNALLOCATED)
    for team in teams:
        own, share = owned.get(team, _NOTHING), shares.get(team, _NOTHING)
        total = {name: own[name] + share[name] for name in AMOUNTS}
        parts = {"direct": own["cost"], "shared": share["cost"]}
        yield {"first": month.first, "last": month.last, "team": team, **total, **parts}


def _shares(
    to_split: _Amounts,
    owned: Mapping[str, _Amounts],
    teams: Sequence[str],
    rule: SharedCosts | None,
) -> Mapping[str, _Amounts]:
    """Team → its share of each of the amounts to split; none where nothing is shared."""
    if not rule or not teams:
        return {}
    direct = [owned.get(team, _NOTHING)["cost"] for team in teams]
    weights = weights_of(teams, rule, direct)
    shares: dict[str, dict[str, Decimal]] = {team: {} for team in teams}
    for name in AMOUNTS:
        for team, share in zip(teams, split_exactly(to_split[name], weights), strict=True):
            shares[team][name] = share
    return shares
