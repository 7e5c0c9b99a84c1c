"""The report: one object with everything that is shown. Every file and every metric is drawn from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime

import pandas as pd

from circleci_usage.allocation import allocate
from circleci_usage.analysis.totals import BREAKDOWNS, Amount, Breakdown, break_down, charges, totals
from circleci_usage.days import ONE_DAY, Period, previous_period, today_utc
from circleci_usage.exact import exact_arithmetic
from circleci_usage.pricing import PriceList, price
from circleci_usage.usage import DailyUsage

SCHEMA_VERSION = 1
"""Of summary.json: raised when a key changes its meaning or goes away."""


@dataclass(frozen=True)
class PastPeriod:
    """The period before, to compare with."""

    period: Period
    totals: Amount


@dataclass(frozen=True)
class Report:
    """What was spent in a period, and on what.

    Attributes:
        period: the days reported on.
        complete_through: the last day whose data are complete; None when the period has none.
        generated_at: when, in UTC.
        prices: what credits cost; all money is in its currency.
        totals: all credits, their cost, all job runs.
        breakdowns: the same totals by dimension, under the names of `analysis.totals.BREAKDOWNS`.
        charges: cost per day, project, team and credit type (see `analysis.totals.charges`).
        previous: the period before, if the data reach back that far.
        warnings: what a reader should know before trusting the numbers, a sentence each.
    """

    period: Period
    complete_through: date | None
    generated_at: datetime
    prices: PriceList
    totals: Amount
    breakdowns: Mapping[str, Breakdown]
    charges: pd.DataFrame
    previous: PastPeriod | None
    warnings: tuple[str, ...]

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
    complete_through: date | None = None,
    warnings: tuple[str, ...] = (),
) -> Report:
    """Daily usage → the report on one period.

    Args:
        usage: may hold more days than the period; days of the period before are compared with.
        prices: cover every day with usage.
        period: the days to report on.
        generated_at: now.
        complete_through: the last complete day as the export knows it; without one, the last day with usage.
        warnings: what earlier stages have to say.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    undated = int(usage.runs.loc[usage.runs["date"].isna(), "job_runs"].sum())
    usage = _dated(usage, period.last)
    with exact_arithmetic():
        owned = allocate(price(_within(usage.credits, period), prices))
        runs = allocate(_within(usage.runs, period))
        return Report(
            period=period,
            complete_through=_complete_through(complete_through, runs, period, today_utc(generated_at)),
            generated_at=generated_at,
            prices=prices,
            totals=totals(owned, runs),
            breakdowns={name: break_down(name, owned, runs) for name in BREAKDOWNS},
            charges=charges(owned),
            previous=_past(usage, prices, previous_period(period)),
            warnings=(*warnings, *_own_warnings(usage, runs, period, undated)),
        )


def _dated(usage: DailyUsage, day: date) -> DailyUsage:
    """Give rows without a day, such as seats may be, this one: their credits were charged all the same."""
    runs, credits = (
        frame.assign(date=frame["date"].fillna(pd.Timestamp(day))) for frame in (usage.runs, usage.credits)
    )
    return replace(usage, runs=runs, credits=credits)


def _within(frame: pd.DataFrame, period: Period) -> pd.DataFrame:
    start, stop = pd.Timestamp(period.start), pd.Timestamp(period.stop)
    return frame[(frame["date"] >= start) & (frame["date"] < stop)]


def _past(usage: DailyUsage, prices: PriceList, period: Period) -> PastPeriod | None:
    """The period before, only if the data hold its first day: half a period would look like a rise."""
    runs = _within(usage.runs, period)
    if runs.empty or runs["date"].min().date() > period.first:
        return None
    return PastPeriod(period, totals(price(_within(usage.credits, period), prices), runs))


def _complete_through(known: date | None, runs: pd.DataFrame, period: Period, today: date) -> date | None:
    if known is None and not runs.empty:
        known = runs["date"].max().date()
    if known is None:
        return None
    # CircleCI completes a day after it has ended, so today never is.
    last = min(known, period.last, today - ONE_DAY)
    return last if last >= period.first else None


def _own_warnings(usage: DailyUsage, runs: pd.DataFrame, period: Period, undated: int) -> tuple[str, ...]:
    warnings = []
    if runs.empty:
        warnings.append(f"There is no usage from {period}.")
    if usage.unreconciled_rows:
        warnings.append(
            f"In {usage.unreconciled_rows:,} of {usage.rows:,} job runs TOTAL_CREDITS is not the sum of the credit"
            " types; the difference is shown as the credit type other."
        )
    if undated:
        warnings.append(f"{undated:,} rows have no day; they are shown on {period.last}, the last day of the period.")
    return tuple(warnings)
