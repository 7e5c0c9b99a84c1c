"""All analyses of a report together: from owned costs and the job runs' performance to what can be said of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from itertools import chain
from typing import Final

import pandas as pd

from circleci_usage.analysis.anomalies import MINIMUM, Anomaly, find_anomalies
from circleci_usage.analysis.budgets import Budget, BudgetState, check_budgets
from circleci_usage.analysis.durations import Durations, durations
from circleci_usage.analysis.forecast import month_of
from circleci_usage.analysis.month_to_date import MonthToDate, Per, month_to_date
from circleci_usage.analysis.noncompute import NonComputeCost, noncompute_costs
from circleci_usage.analysis.numbered_jobs import NumberedJob, numbered_jobs
from circleci_usage.analysis.period_comparison import PeriodComparison, compare_periods
from circleci_usage.analysis.rightsizing import RightSizing, right_size
from circleci_usage.analysis.trend import Trend, trend
from circleci_usage.analysis.wasted_spend import WastedSpend, find_wasted_spend
from circleci_usage.core.periods import (
    ONE_DAY,
    Period,
    billing_period,
    consecutive_periods,
    uncovered,
)
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.costs.resource_rates import Rates, public_rates
from circleci_usage.usage.run_statistics import RunStatistics


@dataclass(frozen=True)
class AnalysisSettings:
    """What the analyses are told by the settings file.

    Attributes:
        budgets: what may be spent.
        rates: what resource classes cost and how large they are.
        least_anomaly: the least amount above what was expected that is an anomaly, in the report's currency.
    """

    budgets: tuple[Budget, ...] = ()
    rates: Rates = field(default_factory=public_rates)
    least_anomaly: Decimal = MINIMUM


DEFAULTS: Final = AnalysisSettings()


@dataclass(frozen=True)
class AnalysisResults:
    """What the analyses say; what needs more days than there are is None or empty.

    Attributes:
        period_comparison: against the period before.
        trend: by week, month and weekday.
        anomalies: days that cost too much.
        month_to_date: the month so far and its forecast.
        budget_periods: what budgets are held against: the spending of the month and, if it is known when they begin, of the
            billing cycle that the last day lies in which should be complete by now.
        budgets: how the budgets stand.
        wasted_spend: what was paid for nothing.
        durations: how long workflows and jobs take, how reliable they are.
        right_sizing: jobs on machines of the wrong size.
        noncompute: what is paid besides compute.
        numbered_jobs: jobs that a group of the settings file would put together.
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


@dataclass(frozen=True)
class AnalysisInput:
    """What the analyses are made from.

    Attributes:
        costs: owned costs of all days up to the end of the period.
        of_period: those of the period, over its days.
        unnamed: the same by the names that the export has, as `run_statistics` has them.
        unnamed_by_day: the same, day by day.
        runs: owned job runs of the same days.
        run_statistics: of the period's job runs.
        complete_through: the last complete day; None when the period has none.
        complete: all days that are complete, also those without usage.
        should_be_through: the last day of the period that should be complete by now, or the one before the period.
    """

    costs: Costs
    of_period: Costs
    unnamed: Costs
    unnamed_by_day: Costs
    runs: pd.DataFrame
    run_statistics: RunStatistics
    complete_through: date | None
    complete: tuple[Period, ...]
    should_be_through: date


def analyze(
    known: AnalysisInput,
    period: Period,
    prices: PriceList,
    ownership: Ownership,
    settings: AnalysisSettings,
) -> AnalysisResults:
    """Analyse a period.

    Args:
        known: what there is.
        period: what is reported on.
        prices: what credits cost.
        ownership: the teams and what they share.
        settings: budgets, rates, limits.
    """
    days = _history(known, known.complete_through)
    budget_periods = _budget_periods(known, ownership, prices)
    month = budget_periods["month"] if days else None
    if days and days.last != known.should_be_through:
        month = _spending(known, ownership, prices, days, month_of(days.last))
    # What is free is used up by all runs together, so the price of some alone is that without included credits.
    reruns = price(known.run_statistics.reruns, known.run_statistics.places, prices.without_free())
    return AnalysisResults(
        period_comparison=compare_periods(
            known.costs, known.runs, period, known.complete_through, known.complete
        ),
        trend=trend(known.costs, days, period) if days else None,
        anomalies=find_anomalies(known.costs, days, period, settings.least_anomaly) if days else (),
        month_to_date=month,
        budget_periods=budget_periods,
        budgets=check_budgets(settings.budgets, budget_periods),
        wasted_spend=find_wasted_spend(known.unnamed, reruns, known.run_statistics),
        durations=durations(known.unnamed, known.run_statistics),
        right_sizing=_right_size(known, period, settings.rates),
        noncompute=noncompute_costs(known.of_period),
        numbered_jobs=numbered_jobs(known.run_statistics),
    )


def _right_size(known: AnalysisInput, period: Period, rates: Rates) -> RightSizing:
    """A month is projected from the complete days of the period; if it has none, from those with usage."""
    lines = known.unnamed_by_day.lines
    complete = [day for day in period if any(day in each for each in known.complete)]
    days = complete or _days_with_usage(lines) or [period.first]
    projected = replace(
        known.unnamed_by_day, lines=lines[lines["date"].isin(pd.DatetimeIndex([*days]))]
    )
    return right_size(projected, known.run_statistics, rates, days)


def _days_with_usage(lines: pd.DataFrame) -> Sequence[date]:
    return [day.date() for day in lines["date"].drop_duplicates()]


def _budget_periods(
    known: AnalysisInput, ownership: Ownership, prices: PriceList
) -> Mapping[Per, MonthToDate]:
    through = known.should_be_through
    days = _history(known, through) or Period.of_days(through, through)
    periods: dict[Per, Period] = {"month": month_of(through)}
    if prices.billing_cycle_day:
        periods["cycle"] = billing_period(through, prices.billing_cycle_day)
    return {
        per: _spending(known, ownership, prices, days, period) for per, period in periods.items()
    }


def _spending(
    known: AnalysisInput, ownership: Ownership, prices: PriceList, days: Period, period: Period
) -> MonthToDate:
    """What a month or cycle has cost through the last of some days, and which days of it are not known.

    With free credits that are the days of the billing cycle too that it begins in: who does not know what was used of
    them does not know what was charged.
    """
    start = (
        billing_period(period.start, prices.billing_cycle_day).start
        if prices.free
        else period.start
    )
    wanted, unpriced = Period.of_days(start, days.last), known.costs.unpriced_days()
    unknown = chain(*uncovered(wanted, known.complete), (day for day in unpriced if day in wanted))
    return month_to_date(
        known.costs, ownership, days, month=period, missing=tuple(consecutive_periods(unknown))
    )


def _history(known: AnalysisInput, through: date | None) -> Period | None:
    """The complete days through one of them without a gap: from the first with usage, and after the last unpriced."""
    if through is None or known.runs.empty:
        return None
    starts = [
        known.runs["date"].min().date(),
        *(day + ONE_DAY for day in known.costs.unpriced_days()),
        *(each.first for each in known.complete if through in each),
    ]
    first = max(starts)
    return Period.of_days(first, through) if first <= through else None
