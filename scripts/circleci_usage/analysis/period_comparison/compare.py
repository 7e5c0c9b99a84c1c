"""Owned costs and job runs of two periods → their comparison."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from circleci_usage.analysis.daily_costs import by_day, of_days, once_a_month
from circleci_usage.analysis.period_comparison.change import Change
from circleci_usage.analysis.period_comparison.job_table import OnePeriod, changes_by, job_table
from circleci_usage.analysis.period_comparison.main_drivers import drivers
from circleci_usage.core.columnar import Records
from circleci_usage.core.periods import Period, month_start, previous_period, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within
from circleci_usage.schema.keys import JobKey, ProjectKey


@dataclass(frozen=True)
class PeriodComparison:
    """Two periods compared: the total, and all projects and jobs, the largest change first.

    Attributes:
        now: the days of the period that are compared: the complete ones.
        before: the days that they are compared with.
        without_seats: whether seats cost something but are left out of every change.
        total: all together.
        projects: each project.
        jobs: each job.
        days_before: what each day of the previous period cost, excluding seats.
    """

    now: Period
    before: Period
    without_seats: bool
    total: Change
    projects: Records[Change]
    jobs: Records[Change]
    days_before: tuple[Decimal, ...]

    @property
    def project_drivers(self) -> tuple[Change, ...]:
        """The projects that explain the total's change."""
        return drivers(_without_steady(self.projects), self.total.difference)

    @property
    def job_drivers(self) -> tuple[Change, ...]:
        """The jobs that explain the total's change."""
        return drivers(_without_steady(self.jobs), self.total.difference)


def _without_steady(changes: Sequence[Change]) -> Iterator[Change]:
    """The changes without those that are nothing but as many seats as before."""
    return (change for change in changes if not change.has_same_seats)


def compare_periods(
    costs: Costs,
    runs: pd.DataFrame,
    period: Period,
    complete_through: date | None,
    complete: tuple[Period, ...] | None = None,
) -> PeriodComparison | None:
    """Compare a period with the previous one.

    Args:
        costs: owned costs of both, and maybe of other days.
        runs: owned job runs of the same days.
        period: the days reported on.
        complete_through: the last complete one; None when there is none.
        complete: all complete days; None when only those with usage are known.

    Returns:
        None when the days before are not all there with a price: half a period would look like a
        rise.
    """
    if complete_through is None:
        return None
    now, before = _compared_days(period, complete_through)
    if complete is not None and uncovered(before, complete):
        return None
    past_costs, past_runs = costs.within(before), within(runs, before)
    if past_runs.empty or _begin_after(before.first, runs) or past_costs.unpriced_days():
        return None
    present = OnePeriod(costs.within(now), within(runs, now), len(now))
    past = OnePeriod(past_costs, past_runs, len(before))
    return _compared(present, past, now, before)


def _begin_after(day: date, runs: pd.DataFrame) -> bool:
    """Whether the first day with usage is later than a day."""
    first: pd.Timestamp = runs["date"].min()
    return first.date() > day


def _compared_days(period: Period, complete_through: date) -> tuple[Period, Period]:
    """The complete days of a period, and as many of the previous one; all if it is complete.

    Of a March that is complete through the 10th: March 1 to 10, and February 1 to 10.
    """
    before = previous_period(period)
    if complete_through >= period.last:
        return period, before
    now = Period.of_days(period.first, complete_through)
    return now, Period(before.start, min(before.start + timedelta(days=len(now)), before.stop))


def _compared(now: OnePeriod, past: OnePeriod, days: Period, before: Period) -> PeriodComparison:
    has_seats = any(_has_seats(each) for each in (now, past))
    leave_out = has_seats and not _are_seats_comparable(now, past, days, before)
    if leave_out:
        now, past = now.without_seats(), past.without_seats()
    places = past.costs.places("cost")
    table = job_table(now, past)
    (total,) = changes_by(table, (), places, past.days, now.days)
    by_day_before = by_day(of_days(past.costs), before)
    return PeriodComparison(
        now=days,
        before=before,
        without_seats=leave_out,
        total=total,
        projects=changes_by(table, ProjectKey._fields, places, past.days, now.days),
        jobs=changes_by(table, JobKey._fields, places, past.days, now.days),
        days_before=tuple(to_decimal(cost, places) for cost in by_day_before.values()),
    )


def _has_seats(period: OnePeriod) -> bool:
    return bool(once_a_month(period.costs)["cost"].any())


def _are_seats_comparable(now: OnePeriod, past: OnePeriod, days: Period, before: Period) -> bool:
    """Whether both periods have their seats: whole months, or both were charged so far.

    Seats that are charged later in the month than last time are no saving yet.
    """
    if any(each.start != month_start(each.start) for each in (days, before)):
        return False
    is_whole_month = days.stop == month_start(days.stop)
    return is_whole_month or (_has_seats(now) and _has_seats(past))
