"""All analyses of a report: owned usage and run statistics → what can be said about them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.anomalies import MINIMUM, Anomaly, find_anomalies
from circleci_usage.analysis.branch_kind_costs import BranchKindCost, branch_kind_costs
from circleci_usage.analysis.branch_runs import BranchRuns, runs_by_branch
from circleci_usage.analysis.budgets import Budget, BudgetState, check_budgets
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.cost_units import UnitRule
from circleci_usage.analysis.default_branches import DefaultBranches
from circleci_usage.analysis.durations import Durations, durations
from circleci_usage.analysis.forecast import month_of
from circleci_usage.analysis.insights_tests import InsightsTests, cost_tests
from circleci_usage.analysis.kpis import Kpi, find_kpis
from circleci_usage.analysis.month_to_date import MonthToDate, Per, month_to_date
from circleci_usage.analysis.noncompute import NonComputeCost, noncompute_costs
from circleci_usage.analysis.numbered_jobs import NumberedJob, numbered_jobs
from circleci_usage.analysis.owned_usage import OwnedPeriod, OwnedUsage
from circleci_usage.analysis.people_settings import NO_PEOPLE, PeopleSettings
from circleci_usage.analysis.period_comparison import PeriodComparison, compare_periods
from circleci_usage.analysis.recent_runs import RecentRuns, recent_runs
from circleci_usage.analysis.rightsizing import RightSizing, right_size
from circleci_usage.analysis.runs_over_time import RunsOverTime, runs_over_time
from circleci_usage.analysis.trend import Trend, trend
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
from circleci_usage.core.periods import (
    ONE_DAY,
    Period,
    billing_period,
    consecutive_periods,
    uncovered,
)
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList, price
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
    """

    budgets: tuple[Budget, ...] = ()
    rates: Rates = field(default_factory=public_rates)
    least_anomaly: Decimal = MINIMUM
    default_branches: tuple[str, ...] = MAIN_BRANCHES
    people: PeopleSettings = NO_PEOPLE
    units: tuple[UnitRule, ...] = ()


DEFAULTS: Final = AnalysisSettings()


@dataclass(frozen=True)
class AnalysisResults:
    """What the analyses say; None or empty where the data have too few days.

    Attributes:
        period_comparison: the change vs. the previous period.
        trend: by week, month and weekday.
        anomalies: days that cost far more than expected.
        month_to_date: the month so far and its forecast.
        budget_periods: what budgets are compared with: the month and, if its first day is known,
            the billing cycle of the last day that should be complete by now.
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
        tests: tests and what their jobs wasted; None when Insights was not asked.
        units: costs and units by day and team, which unit costs and KPIs are made from.
    """

    period_comparison: PeriodComparison | None
    trend: Trend | None
    anomalies: tuple[Anomaly, ...]
    month_to_date: MonthToDate | None
    budget_periods: Mapping[Per, MonthToDate]
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
    """

    owned: OwnedUsage
    in_period: OwnedPeriod
    days: ReportDays
    usage: DailyUsage
    tests: FoundTests | None = None
    job_groups: JobGroups = NO_GROUPS

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
    costs, runs, period = known.owned.costs, known.owned.runs, known.days.period
    statistics, unnamed = known.run_statistics, known.in_period.unnamed
    complete_through = known.days.complete_through
    history = _days_without_gap(known, complete_through)
    budget_periods = _budget_periods(known, ownership, prices)
    comparison = compare_periods(costs, runs, period, complete_through, known.days.complete)
    of_period = durations(unnamed, statistics)
    default_branches = DefaultBranches.of(runs, settings.default_branches)
    units = _units(known, ownership, settings.units, default_branches)
    unit_costs = find_unit_costs(units, ownership, comparison)
    waste = _wasted_spend(known, prices)
    return AnalysisResults(
        period_comparison=comparison,
        trend=trend(costs, history, period) if history else None,
        anomalies=_anomalies(known, history, settings),
        month_to_date=_month_so_far(known, ownership, prices, budget_periods, history),
        budget_periods=budget_periods,
        budgets=check_budgets(settings.budgets, budget_periods),
        wasted_spend=waste,
        durations=of_period,
        right_sizing=_right_size(known, settings.rates),
        noncompute=noncompute_costs(known.in_period.over_days),
        numbered_jobs=numbered_jobs(statistics),
        runs_over_time=runs_over_time(
            known.in_period.unnamed_by_day, statistics, of_period, period, known.days.missing
        ),
        recent_runs=recent_runs(statistics, of_period.workflows),
        branch_kinds=_branch_kinds(known.in_period, default_branches),
        branch_runs=_branch_runs(known, default_branches),
        utilization=utilization(unnamed, statistics),
        unit_costs=unit_costs,
        kpis=find_kpis(units, unit_costs, comparison),
        tests=cost_tests(known.tests, waste, known.job_groups) if known.tests else None,
        units=units,
    )


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


def _right_size(known: AnalysisInput, rates: Rates) -> RightSizing:
    """Right-sizing, with a month projected from the complete days of the period.

    If it has none, from those with usage.
    """
    by_day = known.in_period.unnamed_by_day
    period = known.days.period
    complete = [day for day in period if _is_complete(day, known.days.complete)]
    days = complete or _days_with_usage(by_day.lines) or [period.first]
    are_projected = by_day.lines["date"].isin(pd.DatetimeIndex([*days]))
    projected = replace(by_day, lines=by_day.lines[are_projected])
    return right_size(projected, known.run_statistics, rates, days)


def _is_complete(day: date, complete: Sequence[Period]) -> bool:
    return any(day in period for period in complete)


def _days_with_usage(lines: pd.DataFrame) -> Sequence[date]:
    return [day.date() for day in lines["date"].drop_duplicates()]


def _month_so_far(
    known: AnalysisInput,
    ownership: Ownership,
    prices: PriceList,
    budget_periods: Mapping[Per, MonthToDate],
    history: Period | None,
) -> MonthToDate | None:
    """The month of the last complete day; mostly the one that budgets are compared with."""
    if history is None:
        return None
    if history.last == known.days.should_be_through:
        return budget_periods["month"]
    return _spending(known, ownership, prices, history, month_of(history.last))


def _budget_periods(
    known: AnalysisInput, ownership: Ownership, prices: PriceList
) -> Mapping[Per, MonthToDate]:
    """The month and the billing cycle of the last day that should be complete by now."""
    through = known.days.should_be_through
    days = _days_without_gap(known, through) or Period.of_days(through, through)
    periods: dict[Per, Period] = {"month": month_of(through)}
    if prices.billing_cycle_day:
        periods["cycle"] = billing_period(through, prices.billing_cycle_day)
    return {
        per: _spending(known, ownership, prices, days, period) for per, period in periods.items()
    }


def _spending(
    known: AnalysisInput, ownership: Ownership, prices: PriceList, days: Period, period: Period
) -> MonthToDate:
    """What a month or cycle has cost through the last of some days, and its missing days.

    With included credits, the days since the cycle began that the period begins in count too:
    without knowing how many were used, the charge is not known.
    """
    start = period.start
    if prices.free:
        start = billing_period(period.start, prices.billing_cycle_day).start
    wanted = Period.of_days(start, days.last)
    unknown = [day for gap in uncovered(wanted, known.days.complete) for day in gap]
    unknown += [day for day in known.owned.costs.unpriced_days() if day in wanted]
    missing = tuple(consecutive_periods(unknown))
    return month_to_date(known.owned.costs, ownership, days, month=period, missing=missing)


def _days_without_gap(known: AnalysisInput, through: date | None) -> Period | None:
    """The complete days up to one of them, without a gap or a day without a price.

    They begin with the first day with usage at the earliest; None when there is no such day.
    """
    runs = known.owned.runs
    if through is None or runs.empty:
        return None
    starts = [runs["date"].min().date()]
    starts += [day + ONE_DAY for day in known.owned.costs.unpriced_days()]
    starts += [period.first for period in known.days.complete if through in period]
    first = max(starts)
    return Period.of_days(first, through) if first <= through else None
