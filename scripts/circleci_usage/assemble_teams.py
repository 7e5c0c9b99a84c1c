"""The report on the part of each team, made from the report on the whole.

Costs are split exactly: those of all teams sum to the whole, to the last digit.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from circleci_usage.analysis.analyze import AnalysisInput
from circleci_usage.analysis.breakdowns import (
    BREAKDOWNS,
    Breakdown,
    charges,
    lines_by,
    lines_by_team,
    totals,
)
from circleci_usage.analysis.chargeback import by_team
from circleci_usage.analysis.daily_tables import DailyTables
from circleci_usage.analysis.owned_usage import grouped_jobs
from circleci_usage.analysis.reconciliation import prices_used
from circleci_usage.analysis.teams.charged_usage import ChargedUsage, charged_usage
from circleci_usage.analysis.teams.main_owners import MainOwners, main_owners
from circleci_usage.analysis.teams.team_findings import TeamFindings, team_findings
from circleci_usage.core.decimals import total
from circleci_usage.core.safe_names import safe_names
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.costs.costs import Costs, over_days, within
from circleci_usage.report import Report, TeamReport

_OF_NO_TEAM: Final = ("branches", "teams", "daily")
"""Breakdowns that are not regrouped from costs over all days."""

_BY_DAY: Final = "daily"


@dataclass(frozen=True)
class _Parts:
    """What the reports are made from: everything by team.

    Attributes:
        whole: the report on all teams.
        charged: team → costs and job runs of all known days.
        nothing: those of a team without any.
        findings: of the analyses.
        breakdowns: name of a breakdown → team → its lines.
        owners: the main owners of what has run statistics.
    """

    whole: Report
    charged: Mapping[str, ChargedUsage]
    nothing: ChargedUsage
    findings: TeamFindings
    breakdowns: Mapping[str, Mapping[str, pd.DataFrame]]
    owners: MainOwners


def with_team_reports(whole: Report, known: AnalysisInput) -> Report:
    """A report with those of its teams, and of what no team owns if there is any.

    Without teams in the settings file, there are none.

    Args:
        whole: the report.
        known: what its analyses were made from.
    """
    if not whole.ownership.teams:
        return whole
    parts = _parts(whole, known)
    teams = [*whole.ownership.teams]
    if UNALLOCATED in parts.charged or UNALLOCATED in {*whole.chargeback["team"]}:
        teams.append(UNALLOCATED)
    folders = safe_names({team: team for team in teams}, "team", str)
    reports = [_team_report(team, folders[team], parts) for team in teams]
    return replace(whole, team_reports=tuple(reports))


def _parts(whole: Report, known: AnalysisInput) -> _Parts:
    period = whole.period
    charged = charged_usage(known.owned, whole.ownership, period)
    in_period = charged.within(period)
    allocated = within(known.owned.allocated_runs, period)
    names = known.job_groups.renamed(allocated["job"].cat.categories)
    owners = main_owners(grouped_jobs(allocated, names), known.in_period.runs)
    return _Parts(
        whole=whole,
        charged=dict(charged.by_team()),
        nothing=charged.none(),
        findings=team_findings(whole.findings, charged, owners, period),
        breakdowns=dict(_breakdowns(in_period)),
        owners=owners,
    )


def _breakdowns(in_period: ChargedUsage) -> Iterator[tuple[str, Mapping[str, pd.DataFrame]]]:
    """Every breakdown whose names costs have, by team."""
    costs, runs = in_period.costs.over_days(), over_days(in_period.runs, ["job_runs"])
    for name, keys in BREAKDOWNS.items():
        if name not in _OF_NO_TEAM and {*keys} <= {*costs.lines.columns}:
            yield name, lines_by_team(keys, costs, _counted(keys, costs, runs))
    yield _BY_DAY, lines_by_team(["date"], in_period.costs, in_period.runs)


def _counted(keys: Sequence[str], costs: Costs, runs: pd.DataFrame) -> pd.DataFrame:
    """What has the job runs of a breakdown."""
    return costs.lines if "credit_type" in keys else runs


def _team_report(team: str, folder: str, parts: _Parts) -> TeamReport:
    every = parts.whole.chargeback
    chargeback = every[every["team"] == team].reset_index(drop=True)
    return TeamReport(
        team=team,
        folder=folder,
        report=_report(team, parts.charged.get(team, parts.nothing), chargeback, parts),
        direct=total(chargeback["direct"]),
        shared=total(chargeback["shared"]),
        whole_cost=parts.whole.totals.cost,
        with_others=parts.owners.with_others.get(team, 0),
        elsewhere=parts.owners.elsewhere.get(team, 0),
    )


def _report(team: str, charged: ChargedUsage, chargeback: pd.DataFrame, parts: _Parts) -> Report:
    """The same report on the part of a team; what is not known by team is empty or of the whole."""
    whole, previous = parts.whole, parts.whole.previous
    in_period = charged.within(whole.period)
    if previous:
        before = charged.within(previous.period)
        previous = replace(previous, totals=totals(before.costs, before.runs))
    return replace(
        whole,
        totals=totals(in_period.costs, in_period.runs),
        breakdowns=_breakdowns_of(team, in_period, chargeback, parts),
        charged=charges(in_period.costs),
        daily=DailyTables({}),
        cube=whole.cube.iloc[:0],
        tags=(),
        chargeback=chargeback,
        prices_used=prices_used(in_period.costs, whole.prices),
        previous=previous,
        findings=parts.findings.of(team, charged),
        warnings=(),
    )


def _breakdowns_of(
    team: str, in_period: ChargedUsage, chargeback: pd.DataFrame, parts: _Parts
) -> dict[str, Breakdown]:
    found = {"teams": by_team(chargeback, in_period.runs)}
    for name, teams in parts.breakdowns.items():
        lines = teams.get(team)
        if lines is None:
            keys, costs = BREAKDOWNS[name], in_period.costs
            lines = lines_by(keys, costs, _counted(keys, costs, in_period.runs))
        found[name] = Breakdown(name, BREAKDOWNS[name], lines)
    return found
