"""The report: one object with everything that is shown. Every file and every metric is drawn from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import pandas as pd

from circleci_usage.analysis.analyze import (
    DEFAULTS,
    AnalysisInput,
    AnalysisResults,
    AnalysisSettings,
    analyze,
)
from circleci_usage.analysis.breakdowns import (
    BREAKDOWNS,
    Amount,
    Breakdown,
    break_down,
    charges,
    totals,
)
from circleci_usage.analysis.chargeback import by_team, chargeback
from circleci_usage.analysis.cube import cube
from circleci_usage.analysis.daily_tables import DailyTables, daily_tables
from circleci_usage.analysis.rate_warnings import rate_warnings
from circleci_usage.analysis.reconciliation import Reconciliation, prices_used, reconcile
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.analysis.settings_warnings import settings_warnings
from circleci_usage.analysis.unattributed import named_costs, named_runs
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.core.periods import (
    ONE_DAY,
    Period,
    add_months,
    billing_period,
    month_start,
    previous_period,
    today_utc,
    uncovered,
)
from circleci_usage.core.plurals import agreeing, counted
from circleci_usage.costs.allocation import NO_TEAMS, Ownership, allocate, allocated
from circleci_usage.costs.costs import Costs, over_days, within
from circleci_usage.costs.pricing import PriceList, named_days, price, refuse_unpriced
from circleci_usage.schema.export_columns import CREDIT_TYPES
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups

_MONTHS_BEFORE = 12
"""What is older tells nothing about the period."""


@dataclass(frozen=True)
class PreviousPeriod:
    """The period before, to compare with."""

    period: Period
    totals: Amount


@dataclass(frozen=True, eq=False)
class Report:
    """What was spent in a period, and on what.

    A report is equal to itself alone, so that what several renderers need of it can be kept.

    Attributes:
        period: the days reported on.
        complete_through: the last day whose data are complete; None when the period has none.
        missing: the days before it, or before today, of which there are no data: nobody knows whether there was usage.
        generated_at: when, in UTC.
        prices: what credits cost; all money is in its currency.
        totals: all credits, their cost, all job runs.
        breakdowns: the same totals by dimension, under the names of `analysis.totals.BREAKDOWNS`.
        charged: cost per day, project, team and credit type (see `analysis.totals.charges`).
        daily: cost and job runs per day and job (see `analysis.daily_lines`).
        cube: costs by all dimensions at once (see `analysis.cube`).
        chargeback: what each team is charged, month by month (see `analysis.chargeback.chargeback`).
        prices_used: what was charged at which price (see `analysis.reconciliation.prices_used`).
        reconciliation: that the same credits are in the parts, the credit types and the teams.
        ownership: the teams and their tags.
        previous: the period before, if the data reach back that far.
        findings: what the analyses say.
        warnings: what a reader should know before trusting the numbers, a sentence each.
        period_name: how the period was asked for, such as `last-week`; None when it was by its dates.
        link: where the report can be looked at, if that is known.
        settings_checksum: of the settings that decide what things cost and whose costs they are; empty without any.
    """

    period: Period
    complete_through: date | None
    missing: tuple[Period, ...]
    generated_at: datetime
    prices: PriceList
    totals: Amount
    breakdowns: Mapping[str, Breakdown]
    charged: ScaledLines
    daily: DailyTables
    cube: pd.DataFrame
    chargeback: pd.DataFrame
    prices_used: pd.DataFrame
    reconciliation: Reconciliation
    ownership: Ownership
    previous: PreviousPeriod | None
    findings: AnalysisResults
    warnings: tuple[str, ...]
    period_name: str | None
    link: str | None
    settings_checksum: str

    @property
    def charges(self) -> pd.DataFrame:
        """The lines of `charged`, all with decimals; who can, reads them piece by piece."""
        return self.charged.frame

    @property
    def currency(self) -> str:
        """The currency of all money in the report."""
        return self.prices.currency


def build_report(
    usage: DailyUsage,
    prices: PriceList,
    *,
    period: Period,
    generated_at: datetime,
    ownership: Ownership = NO_TEAMS,
    analysis: AnalysisSettings = DEFAULTS,
    job_groups: JobGroups = NO_GROUPS,
    complete_through: date | None = None,
    complete: tuple[Period, ...] | None = None,
    ready_through: date | None = None,
    settings_checksum: str = "",
    warnings: tuple[str, ...] = (),
    period_name: str | None = None,
    link: str | None = None,
) -> Report:
    """Daily usage → the report on one period.

    Args:
        usage: may hold more days than the period; those of the year before tell what is usual, and included credits are
            used up from the first day of the month on. Its performance is of the period.
        prices: what credits cost.
        period: the days to report on.
        generated_at: now.
        ownership: the teams and what they own.
        analysis: what the analyses are told.
        job_groups: what jobs are called; those of the performance have these names already. Teams own jobs by the names
            that the export has.
        complete_through: the last complete day as the export knows it; without one, the last day with usage.
        complete: all days whose data are complete, also those without usage; without them, from the first day with
            usage to the last, or through `complete_through` if that is known.
        ready_through: the last day that CircleCI has whole by now; without one, the day before `generated_at`.
        settings_checksum: of the settings that decide what things cost and whose costs they are.
        warnings: what earlier stages have to say.
        period_name: how the period was asked for.
        link: where the report can be looked at.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    undated = int(usage.runs.loc[usage.runs["date"].isna(), "job_runs"].sum())
    yesterday = today_utc(generated_at) - ONE_DAY
    if complete is None:
        complete = _complete_days(usage.runs, period, complete_through, yesterday)
    through = _complete_through(
        complete_through, complete, within(usage.runs, period), period, yesterday
    )
    missing = _missing(complete, period, through or yesterday)
    usage = _dated(usage, period.last)
    before = previous_period(period)
    year_before = add_months(month_start(before.start), -_MONTHS_BEFORE)
    needed = Period(billing_period(year_before, prices.billing_cycle_day).start, period.stop)
    with exact_arithmetic():
        costs = price(within(usage.credits, needed), usage.places, prices)
        branches = _branches(usage, prices, needed, period)
        so_far = _owned(usage, costs, ownership, job_groups, _priced(costs, needed, period))
        by_day = so_far.unnamed.within(period)
        caused = by_day.over_days()
        owned, runs = so_far.costs.within(period), within(so_far.runs, period)
        if not prices.allow_unpriced:
            refuse_unpriced(owned)
        charged = chargeback(owned, ownership, period)
        all_days = named_costs(caused)
        findings = analyze(
            AnalysisInput(
                costs=so_far.costs,
                of_period=all_days,
                unnamed=caused,
                unnamed_by_day=by_day,
                runs=so_far.runs,
                run_statistics=usage.run_statistics,
                complete_through=through,
                complete=complete,
                should_be_through=min(period.last, ready_through or yesterday),
            ),
            period,
            prices,
            ownership,
            analysis,
        )
        return Report(
            period=period,
            complete_through=through,
            missing=missing,
            generated_at=generated_at,
            prices=prices,
            totals=totals(owned, runs),
            breakdowns=_breakdowns(
                all_days,
                over_days(runs, ["job_runs"]),
                branches=branches,
                teams=by_team(charged, runs),
                daily=break_down("daily", owned, runs),
            ),
            charged=charges(owned),
            daily=daily_tables(owned, runs, usage.places),
            cube=cube(all_days),
            chargeback=charged,
            prices_used=prices_used(owned, prices),
            reconciliation=reconcile(owned, runs, usage.places, charged),
            ownership=ownership,
            previous=None if uncovered(before, complete) else _past(costs, usage.runs, before),
            findings=findings,
            warnings=(
                *warnings,
                *usage.warnings,
                *_usage_warnings(runs, period, missing, undated),
                *_price_warnings(costs, owned, prices, period, complete),
                *settings_warnings(so_far.allocated_runs, ownership, prices, period),
                *_credit_type_warnings(usage, prices, ownership),
                *rate_warnings(findings.right_sizing),
            ),
            period_name=period_name,
            link=link,
            settings_checksum=settings_checksum,
        )


def _branches(usage: DailyUsage, prices: PriceList, needed: Period, period: Period) -> Breakdown:
    """What branches cost; the lines that it is made from, which may be millions, are gone with the end of this."""
    costs = price(within(usage.branch_credits, needed), usage.places, prices).within(period)
    runs = named_runs(within(usage.branch_runs, period), costs.lines)
    return break_down("branches", named_costs(costs), runs)


@dataclass(frozen=True)
class _Owned:
    """Costs and job runs with their teams.

    Attributes:
        costs: by the names of jobs' groups, and of credit types where there is no project or job.
        runs: by the same names.
        unnamed: the costs before they were named by credit types.
        allocated_runs: by the names that the export has.
    """

    costs: Costs
    runs: pd.DataFrame
    unnamed: Costs
    allocated_runs: pd.DataFrame


def _owned(
    usage: DailyUsage, costs: Costs, ownership: Ownership, job_groups: JobGroups, days: Period
) -> _Owned:
    """What happened on some days. Teams come first, because a group of jobs may belong to several of them."""
    names = job_groups.renamed(usage.runs["job"].cat.categories)
    allocated_costs = allocated(costs.within(days), ownership)
    allocated_runs = allocate(within(usage.runs, days), ownership)
    unnamed = replace(allocated_costs, lines=_grouped(allocated_costs.lines, names))
    return _Owned(
        costs=named_costs(unnamed),
        runs=_grouped(named_runs(allocated_runs, allocated_costs.lines), names),
        unnamed=unnamed,
        allocated_runs=allocated_runs,
    )


def _complete_days(
    runs: pd.DataFrame, period: Period, known: date | None, yesterday: date
) -> tuple[Period, ...]:
    """The complete days of data whose windows are not known: from the first day with usage to the last.

    If it is known through which day the period is complete, so are its days without usage.
    """
    with_usage = [
        day.date() for day in (runs["date"].min(), runs["date"].max()) if not pd.isna(day)
    ]
    first = min([*with_usage, *([period.first] if known else [])], default=None)
    last = min(known or max(with_usage, default=yesterday), yesterday)
    return (Period.of_days(first, last),) if first and first <= last else ()


def _dated(usage: DailyUsage, day: date) -> DailyUsage:
    """Give rows without a day, such as seats may be, this one: their credits were charged all the same."""

    def dated(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(date=frame["date"].fillna(pd.Timestamp(day)))

    return replace(
        usage,
        runs=dated(usage.runs),
        credits=dated(usage.credits),
        branch_runs=dated(usage.branch_runs),
        branch_credits=dated(usage.branch_credits),
    )


def _grouped(frame: pd.DataFrame, names: Mapping[str, str]) -> pd.DataFrame:
    """The rows with the names of their jobs' groups."""
    jobs = frame["job"].cat
    if not names:
        return frame
    new = [names.get(job, job) for job in jobs.categories]
    categories = pd.Index(sorted(set(new)), dtype="object")
    codes = categories.get_indexer(pd.Index(new, dtype="object"))
    return frame.assign(job=pd.Categorical.from_codes(codes[jobs.codes], categories))


def _priced(costs: Costs, needed: Period, period: Period) -> Period:
    """The needed days from which on all usage before the period has a price: what has none tells nothing of costs."""
    unpriced = [day for day in costs.unpriced_days() if day < period.start]
    return Period(max([needed.start, *(day + ONE_DAY for day in unpriced)]), needed.stop)


def _breakdowns(costs: Costs, runs: pd.DataFrame, **others: Breakdown) -> dict[str, Breakdown]:
    return {name: others.get(name) or break_down(name, costs, runs) for name in BREAKDOWNS}


def _past(costs: Costs, all_runs: pd.DataFrame, period: Period) -> PreviousPeriod | None:
    """The period before, only if the data hold its first day: half a period would look like a rise.

    Nor is it compared with when it has usage without a price.
    """
    runs, costs = within(all_runs, period), costs.within(period)
    if runs.empty or runs["date"].min().date() > period.first or costs.unpriced_days():
        return None
    return PreviousPeriod(period, totals(costs, runs))


def _complete_through(
    known: date | None,
    complete: tuple[Period, ...],
    runs: pd.DataFrame,
    period: Period,
    yesterday: date,
) -> date | None:
    """The last complete day of a period. CircleCI completes a day after it has ended, so today never is."""
    if known is None:
        known = max((days.last for days in complete if days.overlaps(period)), default=None)
    if known is None and not complete and not runs.empty:
        known = runs["date"].max().date()
    if known is None:
        return None
    last = min(known, period.last, yesterday)
    return last if last >= period.first else None


def _missing(complete: tuple[Period, ...], period: Period, through: date) -> tuple[Period, ...]:
    """The days of a period through one of them that nothing is known of; none where nothing is known at all."""
    last = min(period.last, through)
    if not complete or last < period.first:
        return ()
    return uncovered(Period.of_days(period.first, last), complete)


def _usage_warnings(
    runs: pd.DataFrame, period: Period, missing: tuple[Period, ...], undated: int
) -> Iterator[str]:
    if runs.empty and not missing:
        yield f"There is no usage from {period}."
    unreconciled = int(runs["unreconciled_rows"].sum())
    if unreconciled:
        yield (
            f"In {unreconciled:,} of {counted(int(runs['job_runs'].sum()), 'job run')} TOTAL_CREDITS is not the sum of"
            " the credit types; the difference is shown as the credit type other."
        )
    if undated:
        have, are = agreeing(undated, "has", "have"), agreeing(undated, "it is", "they are")
        yield f"{counted(undated, 'row')} {have} no day; {are} shown on {period.last}, the last day of the period."


def _credit_type_warnings(
    usage: DailyUsage, prices: PriceList, ownership: Ownership
) -> Iterator[str]:
    priced = {kind for each in prices.periods for kind in each.by_credit_type}
    shared = ownership.shared.credit_types if ownership.shared else frozenset()
    there = {*CREDIT_TYPES, *usage.credits["credit_type"].cat.categories}
    for kind in sorted(priced.union(shared) - there):
        yield (
            f"The settings file names the credit type {kind}, which is neither known nor in the usage files; there are"
            f" {', '.join(sorted(there))}."
        )


def _price_warnings(
    costs: Costs, owned: Costs, prices: PriceList, period: Period, complete: tuple[Period, ...]
) -> Iterator[str]:
    unpriced = owned.unpriced_days()
    if unpriced:
        yield (
            f"There is no price for {named_days(unpriced)}; the credits of these days are shown as unpriced and are not"
            " part of any cost."
        )
    not_known = _days_of_free_credits(period, prices, complete)
    if not_known and not costs.lines.empty:
        yield (
            f"From {not_known[0].first} to {not_known[-1].last} not all days are known: included credits that were used"
            " then are not known either, so that too much may be shown as free."
        )


def _days_of_free_credits(
    period: Period, prices: PriceList, complete: tuple[Period, ...]
) -> tuple[Period, ...]:
    """The days that are not known on which credits may have been used up that are free on known ones."""
    cycle = billing_period(period.first, prices.billing_cycle_day).start
    last = min(period.last, max((each.last for each in complete), default=date.min))
    return uncovered(Period.of_days(cycle, last), complete) if prices.free and cycle <= last else ()
