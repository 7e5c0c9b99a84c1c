"""What the analyses of the whole say about each team.

Costs, changes and trends are made from what the team is charged. What is of whole jobs, such as
wasted spend and right-sizing, is that of the jobs whose main owner it is (`main_owners`). Nothing
is analyzed again that the whole already knows, so that many teams take little time.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from circleci_usage.analysis.analyze import AnalysisResults
from circleci_usage.analysis.anomalies import Anomaly
from circleci_usage.analysis.branch_runs import BranchRuns
from circleci_usage.analysis.budgets import Spending
from circleci_usage.analysis.contracts import Contracts
from circleci_usage.analysis.durations import Durations, DurationStats
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.kpis import find_kpis
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.period_comparison import PeriodComparison, compare_teams
from circleci_usage.analysis.rightsizing import Migration, Recommendation, RightSizing
from circleci_usage.analysis.runs_over_time import RunsOverTime
from circleci_usage.analysis.savings import Savings
from circleci_usage.analysis.savings.realized import RealizedSaving, RealizedSavings
from circleci_usage.analysis.team_spending import NOTHING
from circleci_usage.analysis.teams.charged_usage import ChargedUsage
from circleci_usage.analysis.teams.main_owners import MainOwners
from circleci_usage.analysis.trend import Trend, trend
from circleci_usage.analysis.unit_costs import UnitCosts, team_unit_costs
from circleci_usage.analysis.utilization import Utilization
from circleci_usage.analysis.wasted_spend import Waste, wasted_by
from circleci_usage.core.columnar import Records
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.schema.keys import JobKey, WorkflowKey

_Record = TypeVar("_Record")
_ByTeam = Mapping[str, Records[_Record]]

_NO_RUNS: Final = RunsOverTime({}, {}, "day", (), ())
_NO_USE: Final = Utilization((), (), ())


@dataclass(frozen=True)
class TeamFindings:
    """The findings of the whole, and those that belong to one team, by team.

    Attributes:
        whole: the findings of the whole.
        period: the days reported on.
        changes: the change vs. the previous period.
        anomalies: of its projects.
        workflows: duration and success rate of its workflows.
        jobs: of its jobs.
        waste: wasted spend of its jobs.
        sizes: recommendations for its jobs.
        migrations: next generations for its jobs.
        branches: runs by branch of its workflows.
        realized: what its jobs save that moved to another class.
    """

    whole: AnalysisResults
    period: Period
    changes: Mapping[str, PeriodComparison]
    anomalies: Mapping[str, Sequence[Anomaly]]
    workflows: _ByTeam[DurationStats]
    jobs: _ByTeam[DurationStats]
    waste: _ByTeam[Waste]
    sizes: _ByTeam[Recommendation]
    migrations: _ByTeam[Migration]
    branches: _ByTeam[BranchRuns]
    realized: Mapping[str, Sequence[RealizedSaving]]

    def of(self, team: str, charged: ChargedUsage) -> AnalysisResults:
        """The findings of a team, given what it is charged on all known days.

        What is not known by team is empty.
        """
        whole = self.whole
        month = whole.month_to_date
        return replace(
            self._with_unit_costs(team, charged),
            period_comparison=self.changes.get(team),
            trend=self._trend(charged),
            anomalies=tuple(self.anomalies.get(team, ())),
            month_to_date=_of_team(month, team) if month else None,
            budget_spending=_spending_of(whole.budget_spending, team),
            budgets=tuple(each for each in whole.budgets if each.budget.team == team),
            wasted_spend=wasted_by(self.waste.get(team, whole.wasted_spend.jobs[:0])),
            durations=Durations(self.workflows.get(team, ()), self.jobs.get(team, ())),
            right_sizing=self._right_sizing(team),
            contracts=_without_contracts(whole.contracts),
            unallocated=(),
            savings=Savings(),
            realized_savings=self._realized(team),
            noncompute=(),
            numbered_jobs=(),
            runs_over_time=_NO_RUNS,
            recent_runs=(),
            branch_kinds=(),
            branch_runs=self.branches.get(team, ()),
            utilization=_NO_USE,
            tests=None,
        )

    def _with_unit_costs(self, team: str, charged: ChargedUsage) -> AnalysisResults:
        whole, changes = self.whole, self.changes.get(team)
        if whole.units is None:
            return replace(whole, unit_costs=UnitCosts((), (), ()), kpis=())
        units = whole.units.of_team(team, charged.costs)
        unit_costs = team_unit_costs(units, team, whole.unit_costs, changes)
        kpis = find_kpis(units, unit_costs, changes, self._realized(team))
        return replace(whole, units=units, unit_costs=unit_costs, kpis=kpis)

    def _realized(self, team: str) -> RealizedSavings:
        return RealizedSavings(tuple(self.realized.get(team, ())))

    def _trend(self, charged: ChargedUsage) -> Trend | None:
        """Over the same days as the trend of the whole."""
        found = self.whole.trend
        if found is None:
            return None
        history = Period(found.weeks[0].days.start, found.weeks[-1].days.stop)
        return trend(charged.costs, history, self.period)

    def _right_sizing(self, team: str) -> RightSizing:
        """Without the rates, which are of the whole."""
        found = self.whole.right_sizing
        return replace(
            found,
            recommendations=self.sizes.get(team, found.recommendations[:0]),
            migrations=self.migrations.get(team, found.migrations[:0]),
            classes=(),
        )


def team_findings(
    whole: AnalysisResults, charged: ChargedUsage, owners: MainOwners, period: Period
) -> TeamFindings:
    """Split the findings of a period among the teams.

    Args:
        whole: the findings.
        charged: costs and job runs of all known days by the teams that are charged.
        owners: the main owners of projects, workflows and jobs.
        period: the days reported on.
    """
    comparison, sizes = whole.period_comparison, whole.right_sizing
    changes = compare_teams(comparison, charged.costs, charged.runs) if comparison else {}
    anomalies: defaultdict[str, list[Anomaly]] = defaultdict(list)
    for found in whole.anomalies:
        team = owners.owners.get(found.project) if found.project else None
        if team is not None:
            anomalies[team].append(found)
    realized: defaultdict[str, list[RealizedSaving]] = defaultdict(list)
    for saving in whole.realized_savings.changes:
        realized[owners.owners.get(saving.key, UNALLOCATED)].append(saving)
    workflow, job = WorkflowKey._fields, JobKey._fields
    return TeamFindings(
        whole=whole,
        period=period,
        changes=changes,
        anomalies=anomalies,
        workflows=owners.split(whole.durations.workflows, workflow),
        jobs=owners.split(whole.durations.jobs, job),
        waste=owners.split(whole.wasted_spend.jobs, job),
        sizes=owners.split(sizes.recommendations, job),
        migrations=owners.split(sizes.migrations, job),
        branches=owners.split(whole.branch_runs, workflow),
        realized=realized,
    )


def _without_contracts(contracts: Contracts) -> Contracts:
    return Contracts(contracts.plans.iloc[:0], (), (), {})


def _spending_of(spending: Spending, team: str) -> Spending:
    periods = {per: _of_team(month, team) for per, month in spending.periods.items()}
    parts = {part: _of_team(month, team) for part, month in spending.parts.items()}
    return Spending(periods, parts)


def _of_team(month: MonthToDate, team: str) -> MonthToDate:
    """The part of a team; without costs it has spent nothing, as far as the days are known."""
    nothing = Forecast(ZERO) if month.missing else NOTHING
    mine = month.teams.get(team, nothing)
    return replace(month, everything=mine, teams={team: mine}, credits=None)
