"""Which days of a report are complete, which are missing, and which are needed to understand it.

This is the only place that decides it: every comparison, forecast and warning relies on it.
"""

from dataclasses import dataclass
from datetime import date
from typing import Final

import pandas as pd

from circleci_usage.core.periods import (
    ONE_DAY,
    Period,
    add_months,
    month_start,
    previous_period,
    uncovered,
)
from circleci_usage.costs.costs import within
from circleci_usage.costs.pricing import PriceList

_MONTHS_BEFORE: Final = 12
"""Older months say nothing about the period."""


@dataclass(frozen=True)
class ExportedDays:
    """What the export knows about the days of its data.

    Attributes:
        complete_through: the last complete day of the period; None when it is not known.
        complete: all complete days, including those without usage; None when they are not known.
        ready_through: the last day that CircleCI has completed by now; None is yesterday.
    """

    complete_through: date | None = None
    complete: tuple[Period, ...] | None = None
    ready_through: date | None = None


UNKNOWN_DAYS: Final = ExportedDays()
"""For files that come without a ledger."""


@dataclass(frozen=True)
class ReportDays:
    """The days of a report.

    Attributes:
        period: the days reported on.
        complete: all complete days, also those before the period and those without usage.
        complete_through: the last complete day of the period; None when it has none.
        missing: the days before that, or before today, without data: their usage is not known.
        should_be_through: the last day of the period that should be complete by now; it may lie
            before the period.
    """

    period: Period
    complete: tuple[Period, ...]
    complete_through: date | None
    missing: tuple[Period, ...]
    should_be_through: date

    @property
    def has_previous_period(self) -> bool:
        """Whether every day of the previous period is complete."""
        return not uncovered(previous_period(self.period), self.complete)


def report_days(
    runs: pd.DataFrame, period: Period, exported: ExportedDays, today: date
) -> ReportDays:
    """The days of a report on a period.

    A file with usage from March 2 to March 20, about which nothing else is known, reported on for
    March: complete are March 2 to 20, March 1 is missing.

    Args:
        runs: daily usage by `date` (NaT where the export has none).
        period: the days reported on.
        exported: what the export knows about them.
        today: in UTC.
    """
    yesterday = today - ONE_DAY
    complete = exported.complete
    if complete is None:
        complete = _complete_days(runs, period, exported.complete_through, yesterday)
    through = _complete_through(exported.complete_through, complete, runs, period, yesterday)
    return ReportDays(
        period=period,
        complete=complete,
        complete_through=through,
        missing=_missing(complete, period, through or yesterday),
        should_be_through=min(period.last, exported.ready_through or yesterday),
    )


def days_with_usage(runs: pd.DataFrame) -> Period | None:
    """The days from the first to the last with usage; None without any."""
    days = runs["date"].dropna()
    return None if days.empty else Period.of_days(days.min().date(), days.max().date())


def _complete_days(
    runs: pd.DataFrame, period: Period, known: date | None, yesterday: date
) -> tuple[Period, ...]:
    """The complete days of files with unknown windows: from the first with usage to the last.

    Where it is known through which day the period is complete, its days without usage are complete
    too.
    """
    used = days_with_usage(runs)
    firsts = [used.first] if used else []
    if known:
        firsts.append(period.first)
    last_used = used.last if used else yesterday
    first, last = min(firsts, default=None), min(known or last_used, yesterday)
    return (Period.of_days(first, last),) if first and first <= last else ()


def _complete_through(
    known: date | None,
    complete: tuple[Period, ...],
    runs: pd.DataFrame,
    period: Period,
    yesterday: date,
) -> date | None:
    """The last complete day of a period.

    It is never today, because CircleCI completes a day after it has ended.
    """
    if known is None:
        known = max((days.last for days in complete if days.overlaps(period)), default=None)
    if known is None and not complete:
        used = days_with_usage(within(runs, period))
        known = used.last if used else None
    if known is None:
        return None
    last = min(known, period.last, yesterday)
    return last if last >= period.first else None


def _missing(complete: tuple[Period, ...], period: Period, through: date) -> tuple[Period, ...]:
    """The days of a period, through one of them, that are not complete.

    None where no complete day is known at all.
    """
    last = min(period.last, through)
    if not complete or last < period.first:
        return ()
    return uncovered(Period.of_days(period.first, last), complete)


def days_to_price(period: Period, prices: PriceList) -> Period:
    """The days whose costs show what is usual, from the first day of a billing cycle on.

    Included credits are used up from the first day of their cycle on, so the first cycle has to be
    whole.
    """
    before = previous_period(period)
    year_before = add_months(month_start(before.start), -_MONTHS_BEFORE)
    return Period(prices.cycle_start(year_before), period.stop)
