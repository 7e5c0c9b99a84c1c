"""All analyses of a report: owned usage and run statistics → what can be said about them."""

from collections.abc import Sequence, Sized
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.anomalies import MINIMUM, Anomaly, find_anomalies
from circleci_usage.analysis.branch_kind_costs import BranchKindCost, branch_kind_costs
from circleci_usage.analysis.branch_runs import BranchRuns, runs_by_branch
from circleci_usage.analysis.budget_spending import (
    SpendingInput,
    budget_spending,
    days_without_gap,
    spending_in,
)
from circleci_usage.analysis.budgets import Budget, BudgetState, Spending, check_budgets
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.contracts import Contracts, find_contracts
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.analysis.default_branches import DefaultBranches
from circleci_usage.analysis.durations import Durations, durations
from circleci_usage.analysis.forecast import month_of
from circleci_usage.analysis.insights_tests import InsightsTests, cost_tests
from circleci_usage.analysis.kpis import Kpi, find_kpis
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.noncompute import NonComputeCost, noncompute_costs
from circleci_usage.analysis.numbered_jobs import NumberedJob, numbered_jobs
from circleci_usage.analysis.owned_usage import OwnedPeriod, OwnedUsage
from circleci_usage.analysis.people import People
from circleci_usage.analysis.people_settings import NO_PEOPLE, PeopleSettings
from circleci_usage.analysis.period_comparison import PeriodComparison, compare_periods
from circleci_usage.analysis.recent_runs import RecentRuns, recent_runs
from circleci_usage.analysis.rightsizing import RightSizing, right_size
from circleci_usage.analysis.rightsizing.monthly_costs import DAYS_A_MONTH
from circleci_usage.analysis.runs_over_time import RunsOverTime, runs_over_time
from circleci_usage.analysis.savings import (
    Savings,
    SavingsInput,
    SavingsSettings,
    find_savings,
)
from circleci_usage.analysis.savings.monthly_places import MonthlyPlaces
from circleci_usage.analysis.savings.realized import RealizedSavings, realized_savings
from circleci_usage.analysis.savings.savings_settings import LIST_ALL
from circleci_usage.analysis.trend import Trend, trend
from circleci_usage.analysis.unallocated import UnallocatedCost, unallocated_costs
from circleci_usage.analysis.unit_costs import (
    UnitCosts,
    UnitInput,
    find_unit_costs,
    unit_input,
)
from circleci_usage.analysis.unit_counts import count_units
from circleci_usage.analysis.utilization import Utilization, utilization
from circleci_usage.analysis.wasted_spend import WastedSpend, find_wasted_spend
from circleci_usage.analysis.workflow_branch_costs import workflow_branch_costs
from circleci_usage.core.decimals import estimating
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.costs.purchases import Commitment
from circleci_usage.costs.resource_rates import Rates, public_rates
from circleci_usage.insights.lookups import FoundTests
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.run_statistics import RunStatistics


@dataclass(frozen=True)
class AnalysisSettings:
    """What the settings file says about the analyses.

    Attributes:
        budgets: the limits on cost to evaluate.
        rates: what resource classes cost and how large they are.
        least_anomaly: the smallest excess that makes an anomaly, in the report's currency.
        default_branches: names or globs; the first that a project has is its default branch.
        people: how people are shown.
        units: further units that costs are divided by, such as deploys.
        commitments: minimum commitments.
        savings: which actions are listed.
    """

    budgets: tuple[Budget, ...] = ()
    rates: Rates = field(default_factory=public_rates)
    least_anomaly: Decimal = MINIMUM
    default_branches: tuple[str, ...] = MAIN_BRANCHES
    people: PeopleSettings = NO_PEOPLE
    units: tuple[UnitRule, ...] = ()
    commitments: tuple[Commitment, ...] = ()
    savings: SavingsSettings = LIST_ALL


DEFAULTS: Final = AnalysisSettings()


@dataclass(frozen=True)
class AnalysisResults:
    """What the analyses say; None or empty where the data have too few days.

    Attributes:
        period_comparison: the change vs. the previous period.
        trend: by week, month and weekday.
        anomalies: days that cost far more than expected.
        month_to_date: the month so far and its forecast.
        budget_spending: what budgets are compared with: the month and, if its first day is known,
            the billing cycle of the last day that should be complete by now, and what else they are
            for.
        budgets: the state of each budget.
        wasted_spend: failed, canceled and rerun.
        durations: duration and success rate of workflows and jobs.
        right_sizing: jobs on too large or too small resource classes.
        noncompute: costs of other credit types than compute.
        numbered_jobs: jobs that a group in the settings file would combine.
        runs_over_time: workflows and jobs by day, week and month.
        recent_runs: the latest runs of the most expensive workflows, one by one.
        branch_kinds: what default branches and other branches cost, and what started them.
        branch_runs: runs, success rate, duration and cost of workflows by branch.
        utilization: CPU and RAM use of jobs and resource classes, and their parallelism.
        unit_costs: what a pipeline, a workflow run, a deploy, an active user, a minute costs.
        kpis: the numbers at the top of the page.
        contracts: what plans cost, purchased credits that are left, commitments.
        unallocated: what no team owns, with proposed rules.
        savings: what to do to spend less, in order of money.
        realized_savings: what jobs save that moved to another resource class.
        tests: tests and what their jobs wasted; None when Insights was not asked.
        units: costs and units by day and team, which unit costs and KPIs are made from.
    """

    period_comparison: PeriodComparison | None
    trend: Trend | None
    anomalies: tuple[Anomaly, ...]
    month_to_date: MonthToDate | None
    budget_spending: Spending
    budgets: tuple[BudgetState, ...]
    wasted_spend: WastedSpend
    durations: Durations
    right_sizing: RightSizing
    noncompute: tuple[NonComputeCost, ...]
    numbered_jobs: tuple[NumberedJob, ...]
    runs_over_time: RunsOverTime
    recent_runs: Sequence[RecentRuns]
    branch_kinds: tuple[BranchKindCost, ...]
    branch_runs: Sequence[BranchRuns]
    utilization: Utilization
    unit_costs: UnitCosts
    kpis: tuple[Kpi, ...]
    contracts: Contracts
    unallocated: tuple[UnallocatedCost, ...]
    savings: Savings
    realized_savings: RealizedSavings
    tests: InsightsTests | None = None
    units: UnitInput | None = None


@dataclass(frozen=True)
class AnalysisInput:
    """What the analyses are made from.

    Attributes:
        owned: costs and job runs of the period and of the days before it.
        in_period: those of the period.
        days: which days are complete.
        usage: the daily usage that these are made of.
        tests: what Insights says about tests; None when it was not asked.
        job_groups: what jobs are called in the run statistics.
        people: the users of the period; None where nobody counted them.
    """

    owned: OwnedUsage
    in_period: OwnedPeriod
    days: ReportDays
    usage: DailyUsage
    tests: FoundTests | None = None
    job_groups: JobGroups = NO_GROUPS
    people: People | None = None

    @property
    def run_statistics(self) -> RunStatistics:
        """Of the period's job runs."""
        return self.usage.run_statistics


def analyze(
    known: AnalysisInput, prices: PriceList, ownership: Ownership, settings: AnalysisSettings
) -> AnalysisResults:
    """Analyze a period.

    Args:
        known: what there is to analyze.
        prices: what credits cost.
        ownership: the teams and what they share.
        settings: budgets, rates, limits.
    """
    costs, runs, days = known.owned.costs, known.owned.runs, known.days
    to_spend = SpendingInput(known.owned, known.days, ownership, prices)
    history = days_without_gap(to_spend, days.complete_through)
    spending = budget_spending(to_spend, settings.budgets)
    comparison = compare_periods(costs, runs, days.period, days.complete_through, days.complete)
    of_period = durations(known.in_period.unnamed, known.run_statistics)
    default_branches = DefaultBranches.of(runs, settings.default_branches)
    units = _units(known, ownership, settings.units, default_branches)
    unit_costs = find_unit_costs(units, ownership, comparison)
    to_save = _to_save(known, prices, settings, of_period, default_branches)
    realized = realized_savings(known.owned.unnamed, days, to_save.right_sizing.rates)
    return AnalysisResults(
        period_comparison=comparison,
        trend=trend(costs, history, days.period) if history else None,
        anomalies=_anomalies(known, history, settings),
        month_to_date=_month_so_far(to_spend, spending, history),
        budget_spending=spending,
        budgets=check_budgets(settings.budgets, spending),
        wasted_spend=to_save.waste,
        durations=of_period,
        right_sizing=to_save.right_sizing,
        noncompute=noncompute_costs(known.in_period.over_days),
        numbered_jobs=numbered_jobs(known.run_statistics),
        runs_over_time=_runs_over_time(known, of_period),
        recent_runs=recent_runs(known.run_statistics, of_period.workflows),
        branch_kinds=_branch_kinds(known.in_period, default_branches),
        branch_runs=to_save.branch_runs,
        utilization=to_save.utilization,
        unit_costs=unit_costs,
        kpis=find_kpis(units, unit_costs, comparison, realized),
        contracts=find_contracts(known.owned, days, history, prices, settings.commitments),
        unallocated=unallocated_costs(known.in_period.over_days, ownership),
        savings=find_savings(to_save, settings.savings, days.should_be_through),
        realized_savings=realized,
        tests=cost_tests(known.tests, to_save.waste, known.job_groups) if known.tests else None,
        units=units,
    )


def _runs_over_time(known: AnalysisInput, of_period: Durations) -> RunsOverTime:
    by_day, days = known.in_period.unnamed_by_day, known.days
    return runs_over_time(by_day, known.run_statistics, of_period, days.period, days.missing)


def _branch_kinds(in_period: OwnedPeriod, defaults: DefaultBranches) -> tuple[BranchKindCost, ...]:
    return branch_kind_costs(in_period.over_days, in_period.runs, defaults)


def _wasted_spend(known: AnalysisInput, prices: PriceList) -> WastedSpend:
    statistics = known.run_statistics
    # All runs together use up the included credits, so the price of a few is the one without them.
    reruns = price(statistics.reruns, statistics.places, prices.without_free())
    return find_wasted_spend(known.in_period.unnamed, reruns, statistics)


def _branch_runs(known: AnalysisInput, defaults: DefaultBranches) -> Sequence[BranchRuns]:
    by_day, statistics = known.in_period.unnamed_by_day, known.run_statistics
    costs = workflow_branch_costs(statistics, by_day, known.days.period.last)
    return runs_by_branch(statistics, costs, defaults)


def _anomalies(
    known: AnalysisInput, history: Period | None, settings: AnalysisSettings
) -> tuple[Anomaly, ...]:
    if history is None:
        return ()
    costs, period = known.owned.costs, known.days.period
    return find_anomalies(costs, history, period, settings.least_anomaly)


def _units(
    known: AnalysisInput, ownership: Ownership, rules: Sequence[UnitRule], defaults: DefaultBranches
) -> UnitInput:
    """Costs and units by day, which unit costs and KPIs are made from."""
    owned = known.owned
    counts = count_units(known.usage, owned.allocated_runs, ownership, rules, defaults, owned.days)
    return unit_input(owned, counts, known.days)


def _to_save(
    known: AnalysisInput,
    prices: PriceList,
    settings: AnalysisSettings,
    of_period: Durations,
    defaults: DefaultBranches,
) -> SavingsInput:
    projected, statistics = _projected(known), known.run_statistics
    return SavingsInput(
        places=MonthlyPlaces(projected.costs, _months_in(projected.days)),
        of_period=_months_in(known.days.period),
        owned=known.in_period,
        statistics=statistics,
        right_sizing=right_size(projected.costs, statistics, settings.rates, projected.days),
        waste=_wasted_spend(known, prices),
        durations=of_period,
        branch_runs=_branch_runs(known, defaults),
        utilization=utilization(known.in_period.unnamed, statistics),
        people=known.people,
        seat_credits=settings.people.seat_credits,
    )


@dataclass(frozen=True)
class _Projected:
    """Costs that a month is projected from, and the days that these are of."""

    costs: Costs
    days: Sequence[date]


def _projected(known: AnalysisInput) -> _Projected:
    """The costs of the complete days of the period; if it has none, of those with usage."""
    by_day = known.in_period.unnamed_by_day
    period = known.days.period
    complete = [day for day in period if _is_complete(day, known.days.complete)]
    days = complete or _days_with_usage(by_day.lines) or [period.first]
    are_projected = by_day.lines["date"].isin(pd.DatetimeIndex([*days]))
    costs = replace(by_day, lines=by_day.lines[are_projected])
    return _Projected(costs, days)


def _months_in(days: Sized) -> Decimal:
    """How many times these days a month is."""
    with estimating():
        return DAYS_A_MONTH / len(days)


def _is_complete(day: date, complete: Sequence[Period]) -> bool:
    return any(day in period for period in complete)


def _days_with_usage(lines: pd.DataFrame) -> Sequence[date]:
    return [day.date() for day in lines["date"].drop_duplicates()]


def _month_so_far(
    known: SpendingInput, spending: Spending, history: Period | None
) -> MonthToDate | None:
    """The month of the last complete day; mostly the one that budgets are compared with."""
    if history is None:
        return None
    if history.last == known.days.should_be_through:
        return spending.periods["month"]
    return spending_in(known, history, month_of(history.last))
