"""Owned costs and job runs of two periods → their comparison."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pandas as pd

from circleci_usage.analysis.daily_costs import by_day, of_days, once_a_month
from circleci_usage.analysis.period_comparison.change import Change
from circleci_usage.analysis.period_comparison.job_table import (
    JOB,
    OnePeriod,
    changes_by,
    job_table,
)
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


def compare_teams(
    whole: PeriodComparison, costs: Costs, runs: pd.DataFrame
) -> Mapping[str, PeriodComparison]:
    """Each team's part of a comparison: of the same days, and with or without seats like it.

    Args:
        whole: the comparison.
        costs: by the teams that are charged.
        runs: likewise.
    """
    now, past = (
        OnePeriod(costs.within(days), within(runs, days), len(days))
        for days in (whole.now, whole.before)
    )
    if whole.without_seats:
        now, past = now.without_seats(), past.without_seats()
    common = _Compared(whole.now, whole.before, whole.without_seats, costs.places("cost"))
    days_before = _days_by_team(past.costs, whole.before)
    nothing = [0] * len(whole.before)
    tables = job_table(now, past, ("team", *JOB)).groupby("team", sort=False)
    return {
        str(team): common.comparison(table.reset_index(drop=True), days_before.get(team, nothing))
        for team, table in tables
    }


def _days_by_team(costs: Costs, days: Period) -> Mapping[object, Sequence[int]]:
    """Team → what each of some days cost, excluding seats, as counts."""
    lines = of_days(costs)
    return {
        team: [*by_day(of_team, days).values()]
        for team, of_team in lines.groupby("team", observed=True, sort=False)
    }


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
    by_day_before = by_day(of_days(past.costs), before)
    common = _Compared(days, before, leave_out, now.costs.places("cost"))
    return common.comparison(job_table(now, past), [*by_day_before.values()])


@dataclass(frozen=True)
class _Compared:
    """What the comparisons of the whole and of its teams have in common."""

    now: Period
    before: Period
    without_seats: bool
    places: int

    def comparison(self, table: pd.DataFrame, days_before: Sequence[int]) -> PeriodComparison:
        """The comparison made of the rows of `job_table`."""

        def by(keys: Sequence[str]) -> Records[Change]:
            return changes_by(table, keys, self.places, len(self.before), len(self.now))

        (total,) = by(())
        return PeriodComparison(
            now=self.now,
            before=self.before,
            without_seats=self.without_seats,
            total=total,
            projects=by(ProjectKey._fields),
            jobs=by(JobKey._fields),
            days_before=tuple(to_decimal(cost, self.places) for cost in days_before),
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
