"""Owned usage and analysis results → the report."""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from circleci_usage.analysis.analyze import AnalysisResults
from circleci_usage.analysis.breakdowns import BREAKDOWNS, Breakdown, break_down, charges, totals
from circleci_usage.analysis.chargeback import by_team
from circleci_usage.analysis.completeness import ReportDays, days_with_usage
from circleci_usage.analysis.cube import cube
from circleci_usage.analysis.daily_tables import daily_tables
from circleci_usage.analysis.owned_usage import OwnedPeriod, OwnedUsage
from circleci_usage.analysis.people import People
from circleci_usage.analysis.price_warnings import price_warnings
from circleci_usage.analysis.rate_warnings import rate_warnings
from circleci_usage.analysis.reconciliation import prices_used, reconcile
from circleci_usage.analysis.settings_warnings import (
    budget_warnings,
    credit_type_warnings,
    default_branch_warnings,
    settings_warnings,
)
from circleci_usage.analysis.tag_costs import tag_breakdowns
from circleci_usage.analysis.usage_warnings import usage_warnings
from circleci_usage.core.periods import Period, previous_period
from circleci_usage.costs.costs import Costs, over_days, within
from circleci_usage.costs.tags import tag_columns
from circleci_usage.explore.cost_lines import CostLines, cost_lines
from circleci_usage.report import PreviousPeriod, Report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.dimensions import JOB_DETAIL
from circleci_usage.schema.report_files import BY_JOB
from circleci_usage.usage.daily_usage import DailyUsage


@dataclass(frozen=True)
class Stages:
    """What the stages before have made.

    Attributes:
        usage: daily usage, every row with its day.
        undated: how many of its job runs had none.
        days: of the report.
        costs: of all days that are known.
        branches: what branches cost in the period.
        people: what users cost in the period.
        owned: costs and job runs with their teams.
        in_period: those of the period.
        chargeback: what each team is charged.
        results: of the analyses.
    """

    usage: DailyUsage
    undated: int
    days: ReportDays
    costs: Costs
    branches: Breakdown
    people: People
    owned: OwnedUsage
    in_period: OwnedPeriod
    chargeback: pd.DataFrame
    results: AnalysisResults


def assemble(
    made: Stages,
    explored: bytes,
    settings: ReportSettings,
    generated_at: datetime,
    warnings: tuple[str, ...] = (),
) -> Report:
    """What the stages have made → the report.

    Args:
        made: by the stages before.
        explored: the explorer's data.
        settings: what the report is made with.
        generated_at: now, in UTC.
        warnings: what earlier stages have to say.
    """
    owned, usage, days = made.in_period, made.usage, made.days
    tags = tag_columns(settings.ownership.tag_keys)
    charged, is_by_job = charges(owned.costs, tags), settings.focus_detail == BY_JOB
    return Report(
        period=days.period,
        complete_through=days.complete_through,
        missing=days.missing,
        generated_at=generated_at,
        prices=settings.prices,
        totals=totals(owned.costs, owned.runs),
        breakdowns=_breakdowns(made),
        tags=tag_breakdowns(owned.costs, owned.runs, settings.ownership, days.period),
        charged=charged,
        handed_off=charges(owned.costs, (*tags, *JOB_DETAIL)) if is_by_job else charged,
        daily=daily_tables(owned.costs, owned.runs, usage.places, tags),
        cube=cube(owned.over_days),
        explored=explored,
        chargeback=made.chargeback,
        prices_used=prices_used(owned.costs, settings.prices),
        reconciliation=reconcile(owned.costs, owned.runs, usage.places, made.chargeback),
        ownership=settings.ownership,
        previous=_previous(made),
        people=made.people,
        findings=made.results,
        warnings=(*warnings, *_warnings(made, settings)),
        settings_checksum=settings.checksum,
    )


def explored_lines(
    owned: OwnedUsage, settings: ReportSettings, days: ReportDays, places: int
) -> CostLines:
    """The costs of all known days by all dimensions; `places` are those of seconds."""
    return cost_lines(owned, settings.ownership, days, settings.prices.currency, places)


def _breakdowns(made: Stages) -> dict[str, Breakdown]:
    """Every breakdown, in the order of `BREAKDOWNS`."""
    owned = made.in_period
    special = {
        "branches": made.branches,
        "teams": by_team(made.chargeback, owned.runs),
        "daily": break_down("daily", owned.costs, owned.runs),
    }
    runs = over_days(owned.runs, ["job_runs"])
    return {
        name: special.get(name) or break_down(name, owned.over_days, runs) for name in BREAKDOWNS
    }


def _previous(made: Stages) -> PreviousPeriod | None:
    """The previous period; None unless all of its days are complete, and priced.

    Half a period would look like a rise.
    """
    if not made.days.has_previous_period:
        return None
    before = previous_period(made.days.period)
    runs, costs = within(made.usage.runs, before), made.costs.within(before)
    if not _begins_with(runs, before) or costs.unpriced_days():
        return None
    return PreviousPeriod(before, totals(costs, runs))


def _begins_with(runs: pd.DataFrame, period: Period) -> bool:
    """Whether there are job runs on the first day of a period."""
    return not runs.empty and runs["date"].min().date() == period.first


def _warnings(made: Stages, settings: ReportSettings) -> tuple[str, ...]:
    """What a reader should know before trusting the numbers, a sentence each."""
    prices, ownership = settings.prices, settings.ownership
    usage, owned, days = made.usage, made.in_period, made.days
    return (
        *usage.warnings,
        *usage_warnings(owned.runs, days, days_with_usage(usage.runs), made.undated),
        *price_warnings(made.costs, owned.costs, prices, days),
        *settings_warnings(made.owned.allocated_runs, ownership, prices, days.period),
        *default_branch_warnings(made.owned.allocated_runs, settings.analysis.default_branches),
        *budget_warnings(made.owned.allocated_runs, settings.analysis.budgets),
        *credit_type_warnings(usage, prices, ownership),
        *rate_warnings(made.results.right_sizing),
    )
