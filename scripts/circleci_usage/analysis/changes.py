"""What changed against the period before, and what drove it.

Method: every project's and every job's change is the plain difference of its cost in both periods, so that the changes
of all projects, and of all jobs, sum exactly to the total's. The drivers are those that moved in the total's direction,
largest first, until they explain `EXPLAINED` of it. A job's change is split into runs and cost a run as in price-volume
analysis: more runs at the old cost of a run, and the rest. Only runs count for that which took time or cost something:
what was canceled before it had a machine makes nothing dearer.

A month of 31 days costs more than one of 30 without a rise, so that every change is also told per day. Seats are left
out of that, because they cost the same however many days a month has.

Like is compared with like: the days of the period that are complete, with as many of `days.previous_period`; and seats,
which are charged once a month, only where both periods begin with a month and have them, or are whole months.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.daily import by_day, of_days, once_a_month
from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.days import Period, month_start, previous_period, uncovered
from circleci_usage.money.costs import Costs, within
from circleci_usage.money.exact import ZERO, estimating, exact_arithmetic, ratio, rounded, total
from circleci_usage.money.units import to_decimal

EXPLAINED: Final = Decimal("0.8")
"""This share of the total's change is enough of an explanation."""

MOST_DRIVERS: Final = 5
"""More than that, and nobody reads them."""

_CENTS: Final = 2


@dataclass(frozen=True)
class Change:
    """What something cost before and costs now; `key` names it, and is empty for the total.

    Attributes:
        key: the names.
        before: cost of the days before.
        after: cost of the days now.
        runs_before: job runs of these days.
        runs_after: likewise.
        days_before: how many days they are.
        days_after: likewise.
        seats_before: what of the cost is charged once a month, not by the day.
        seats_after: likewise.
        has_same_seats: whether it is nothing but seats, as many as before, whatever they cost: no reason for a change.
        started_before: how many of the runs before took time or cost something.
        started_after: likewise.
    """

    key: tuple[str, ...]
    before: Decimal
    after: Decimal
    runs_before: int
    runs_after: int
    days_before: int = 1
    days_after: int = 1
    seats_before: Decimal = ZERO
    seats_after: Decimal = ZERO
    has_same_seats: bool = False
    started_before: int = 0
    started_after: int = 0

    @property
    def difference(self) -> Decimal:
        """How much more it costs now; negative when it costs less."""
        with exact_arithmetic():
            return self.after - self.before

    @property
    def share(self) -> Decimal | None:
        """The difference as a share of the cost before; None of what is new."""
        return ratio(self.difference, self.before) if self.before else None

    @property
    def before_a_day(self) -> Decimal:
        """What a day cost before, without seats, to the cent."""
        with estimating():
            return rounded((self.before - self.seats_before) / self.days_before, _CENTS)

    @property
    def after_a_day(self) -> Decimal:
        """What a day costs now, without seats, to the cent."""
        with estimating():
            return rounded((self.after - self.seats_after) / self.days_after, _CENTS)

    @property
    def difference_a_day(self) -> Decimal:
        """How much more a day costs now, without seats, to the cent."""
        with estimating():
            now = (self.after - self.seats_after) / self.days_after
            return rounded(now - (self.before - self.seats_before) / self.days_before, _CENTS)

    @property
    def share_a_day(self) -> Decimal | None:
        """The difference a day as a share of the cost a day before; None of what is new."""
        with exact_arithmetic():
            past = (self.before - self.seats_before) * self.days_after
            now = (self.after - self.seats_after) * self.days_before
        return ratio(now - past, past) if past else None

    @property
    def by_runs(self) -> Decimal | None:
        """How much of the difference more (or fewer) runs make up, to the cent; None of what is new or gone.

        The rest is what a run costs more or less than before.
        """
        if not (self.started_before and self.started_after and self.before):
            return None
        more = self.started_after - self.started_before
        with estimating():
            return rounded(self.before / self.started_before * more, _CENTS)


@dataclass(frozen=True)
class Changes:
    """Two periods compared: the total, and all projects and jobs, the largest change first.

    Attributes:
        now: the days of the period that are compared: the complete ones.
        before: the days that they are compared with.
        without_seats: whether seats cost something but are left out of every change.
        total: all together.
        projects: each project.
        jobs: each job.
        days_before: what each day of the period before cost, without seats.
    """

    now: Period
    before: Period
    without_seats: bool
    total: Change
    projects: tuple[Change, ...]
    jobs: tuple[Change, ...]
    days_before: tuple[Decimal, ...]

    @property
    def project_drivers(self) -> tuple[Change, ...]:
        """The projects that explain the total's change."""
        return drivers(_without_steady(self.projects), self.total.difference)

    @property
    def job_drivers(self) -> tuple[Change, ...]:
        """The jobs that explain the total's change."""
        return drivers(_without_steady(self.jobs), self.total.difference)


def compare(
    costs: Costs,
    runs: pd.DataFrame,
    period: Period,
    complete_through: date | None,
    complete: tuple[Period, ...] | None = None,
) -> Changes | None:
    """A period against the one before.

    Args:
        costs: owned costs of both, and maybe of other days.
        runs: owned job runs of the same days.
        period: what is reported on.
        complete_through: its last complete day; None when it has none.
        complete: all complete days; None when only those with usage are known.

    Returns:
        None when the days before are not all there with a price: half a period would look like a rise.
    """
    if complete_through is None:
        return None
    now, before = _days(period, complete_through)
    if complete is not None and uncovered(before, complete):
        return None
    first, past = runs["date"].min(), costs.within(before)
    if pd.isna(first) or first.date() > before.first or within(runs, before).empty or past.unpriced_days():
        return None
    return _compared(
        _Compared(costs.within(now), within(runs, now)), _Compared(past, within(runs, before)), now, before
    )


def _days(period: Period, complete_through: date) -> tuple[Period, Period]:
    """The complete days of a period and as many of the one before; all of that when the period is complete."""
    before = previous_period(period)
    if complete_through >= period.last:
        return period, before
    now = Period.of_days(period.first, complete_through)
    return now, Period(before.start, min(before.start + timedelta(days=len(now)), before.stop))


@dataclass(frozen=True)
class _Compared:
    """Owned costs and job runs of one period."""

    costs: Costs
    runs: pd.DataFrame

    def without_seats(self) -> "_Compared":
        return replace(self, costs=replace(self.costs, lines=of_days(self.costs)))


def _compared(now: _Compared, past: _Compared, days: Period, before: Period) -> Changes:
    by_month = all(each.start == month_start(each.start) for each in (days, before))
    charged = [once_a_month(each.costs)["cost"].any() for each in (now, past)]
    # Seats that are charged later in the month than last time are no saving yet.
    is_whole = days.stop == month_start(days.stop)
    comparable = by_month and (is_whole or all(charged))
    seats = any(charged)
    if seats and not comparable:
        now, past = now.without_seats(), past.without_seats()
    jobs = _changes(now, past, len(days), len(before))
    (everything,) = _summed(jobs, 0) or (Change((), ZERO, ZERO, 0, 0, len(before), len(days)),)
    places = past.costs.places("cost")
    return Changes(
        now=days,
        before=before,
        without_seats=seats and not comparable,
        total=everything,
        projects=_summed(jobs, len(PROJECT)),
        jobs=jobs,
        days_before=tuple(to_decimal(cost, places) for cost in by_day(of_days(past.costs), before).values()),
    )


def _without_steady(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if not change.has_same_seats]


def drivers(changes: Sequence[Change], difference: Decimal) -> tuple[Change, ...]:
    """The fewest changes in the direction of `difference` that explain `EXPLAINED` of it; at most `MOST_DRIVERS`."""
    explaining: list[Change] = []
    explained = ZERO
    for change in changes:
        if len(explaining) == MOST_DRIVERS or abs(explained) >= abs(difference) * EXPLAINED:
            break
        if change.difference * difference > 0:
            explaining.append(change)
            explained += change.difference
    return tuple(explaining)


def _changes(now: _Compared, past: _Compared, days_after: int, days_before: int) -> tuple[Change, ...]:
    """The changes of all jobs."""
    after, before = _sum(now.costs.lines, "cost"), _sum(past.costs.lines, "cost")
    seats_after, seats_before = (_sum(once_a_month(each.costs), "cost") for each in (now, past))
    runs_after, runs_before = _sum(now.runs, "job_runs"), _sum(past.runs, "job_runs")
    started_after, started_before = (_sum(_started(each.runs), "job_runs") for each in (now, past))
    steady = _steady_seats(now.costs, past.costs)
    places = now.costs.places("cost")
    return _ordered(
        Change(
            job,
            to_decimal(before.get(job, 0), places),
            to_decimal(after.get(job, 0), places),
            runs_before.get(job, 0),
            runs_after.get(job, 0),
            days_before,
            days_after,
            to_decimal(seats_before.get(job, 0), places),
            to_decimal(seats_after.get(job, 0), places),
            has_same_seats=job in steady,
            started_before=started_before.get(job, 0),
            started_after=started_after.get(job, 0),
        )
        for job in {*before, *after, *runs_before, *runs_after}
    )


def _started(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs but for those alike that took no time and cost nothing."""
    used = runs.reindex(columns=["job_seconds", "total_credits"])
    return runs[~(used == 0).all(axis=1)]


def _steady_seats(now: Costs, past: Costs) -> set[tuple[str, ...]]:
    """The jobs that are nothing but seats, as many as before."""
    after, before = (_sum(once_a_month(each), "credits") for each in (now, past))
    others = _sum(of_days(now), "credits").keys() | _sum(of_days(past), "credits").keys()
    return {job for job, seats in after.items() if before.get(job) == seats and job not in others}


def _summed(changes: Iterable[Change], names: int) -> tuple[Change, ...]:
    """Changes added up by the first so many names of their keys."""
    groups: defaultdict[tuple[str, ...], list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.key[:names]].append(change)
    return _ordered(
        Change(
            key,
            total(each.before for each in group),
            total(each.after for each in group),
            sum(each.runs_before for each in group),
            sum(each.runs_after for each in group),
            group[0].days_before,
            group[0].days_after,
            total(each.seats_before for each in group),
            total(each.seats_after for each in group),
            has_same_seats=all(each.has_same_seats for each in group),
            started_before=sum(each.started_before for each in group),
            started_after=sum(each.started_after for each in group),
        )
        for key, group in groups.items()
    )


def _ordered(changes: Iterable[Change]) -> tuple[Change, ...]:
    return tuple(sorted(changes, key=lambda change: (-abs(change.difference), -change.after, change.key)))


def _sum(frame: pd.DataFrame, measure: str) -> dict[tuple[str, ...], int]:
    sums = frame.groupby([*JOB], observed=True)[measure].sum()
    return {tuple(map(str, job)): int(amount) for job, amount in zip(sums.index, sums.tolist(), strict=True)}
