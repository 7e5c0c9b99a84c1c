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

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.breakdowns import JOB, PROJECT
from circleci_usage.analysis.daily_costs import by_day, of_days, once_a_month
from circleci_usage.core.columnar import Cells, Records, columns_of, order, summed
from circleci_usage.core.decimals import ZERO, estimating, exact_arithmetic, ratio, rounded
from circleci_usage.core.periods import Period, month_start, previous_period, uncovered
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within

EXPLAINED: Final = Decimal("0.8")
"""This share of the total's change is enough of an explanation."""

MOST_DRIVERS: Final = 5
"""More than that, and nobody reads them."""

_MEASURES: Final = (
    *("before", "after", "runs_before", "runs_after", "seats_before", "seats_after"),
    *("started_before", "started_after"),
)
_SEATS: Final = (
    *("seat_credits_before", "seat_credits_after", "has_seats_before", "has_seats_after"),
    "others",
)

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
    def relative_change(self) -> Decimal | None:
        """The difference as a share of the cost before; None of what is new."""
        return ratio(self.difference, self.before) if self.before else None

    @property
    def before_per_day(self) -> Decimal:
        """What a day cost before, without seats, to the cent."""
        with estimating():
            return rounded((self.before - self.seats_before) / self.days_before, _CENTS)

    @property
    def after_per_day(self) -> Decimal:
        """What a day costs now, without seats, to the cent."""
        with estimating():
            return rounded((self.after - self.seats_after) / self.days_after, _CENTS)

    @property
    def difference_per_day(self) -> Decimal:
        """How much more a day costs now, without seats, to the cent."""
        with estimating():
            now = (self.after - self.seats_after) / self.days_after
            return rounded(now - (self.before - self.seats_before) / self.days_before, _CENTS)

    @property
    def relative_change_per_day(self) -> Decimal | None:
        """The difference a day as a share of the cost a day before; None of what is new."""
        with exact_arithmetic():
            past = (self.before - self.seats_before) * self.days_after
            now = (self.after - self.seats_after) * self.days_before
        return ratio(now - past, past) if past else None

    @property
    def volume_effect(self) -> Decimal | None:
        """How much of the difference more (or fewer) runs make up, to the cent; None of what is new or gone.

        The rest is what a run costs more or less than before.
        """
        if not (self.started_before and self.started_after and self.before):
            return None
        more = self.started_after - self.started_before
        with estimating():
            return rounded(self.before / self.started_before * more, _CENTS)


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
        days_before: what each day of the period before cost, without seats.
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


def compare_periods(
    costs: Costs,
    runs: pd.DataFrame,
    period: Period,
    complete_through: date | None,
    complete: tuple[Period, ...] | None = None,
) -> PeriodComparison | None:
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
    if (
        pd.isna(first)
        or first.date() > before.first
        or within(runs, before).empty
        or past.unpriced_days()
    ):
        return None
    return _compared(
        _Compared(costs.within(now), within(runs, now)),
        _Compared(past, within(runs, before)),
        now,
        before,
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


def _compared(now: _Compared, past: _Compared, days: Period, before: Period) -> PeriodComparison:
    by_month = all(each.start == month_start(each.start) for each in (days, before))
    charged = [once_a_month(each.costs)["cost"].any() for each in (now, past)]
    # Seats that are charged later in the month than last time are no saving yet.
    is_whole = days.stop == month_start(days.stop)
    comparable = by_month and (is_whole or all(charged))
    seats = any(charged)
    if seats and not comparable:
        now, past = now.without_seats(), past.without_seats()
    places = past.costs.places("cost")
    table = _table(now, past)
    jobs, projects, (everything,) = (
        _changes(_added(table, keys), keys, places, len(before), len(days))
        for keys in (JOB, PROJECT, ())
    )
    return PeriodComparison(
        now=days,
        before=before,
        without_seats=seats and not comparable,
        total=everything,
        projects=projects,
        jobs=jobs,
        days_before=tuple(
            to_decimal(cost, places) for cost in by_day(of_days(past.costs), before).values()
        ),
    )


def _without_steady(changes: Sequence[Change]) -> Iterator[Change]:
    return (change for change in changes if not change.has_same_seats)


def drivers(changes: Iterable[Change], difference: Decimal) -> tuple[Change, ...]:
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


def costing(changes: Records[Change]) -> Records[Change]:
    """Those that cost anything, before or now."""
    return changes.where(lambda before, after: (before != 0) | (after != 0), "before", "after")


def _table(now: _Compared, past: _Compared) -> pd.DataFrame:
    """A row per job of either period: `JOB`, `_MEASURES` as counts, and whether it is nothing but as many seats."""
    frames = [
        *_named("before", past),
        *_named("after", now),
        *(_sum(of_days(each.costs), "credits", "others").assign(others=1) for each in (now, past)),
    ]
    table = summed(frames, JOB).reindex(columns=[*JOB, *_MEASURES, *_SEATS], fill_value=0)
    has_seats = (table["has_seats_before"] > 0) & (table["has_seats_after"] > 0)
    are_as_many = table["seat_credits_before"] == table["seat_credits_after"]
    return table.assign(steady=has_seats & are_as_many & (table["others"] == 0))


def _named(when: str, compared: _Compared) -> Iterator[pd.DataFrame]:
    """What there is to know of the jobs of one period, under the names that tell it from the other's."""
    seats = once_a_month(compared.costs)
    yield _sum(compared.costs.lines, "cost", when)
    yield _sum(compared.runs, "job_runs", f"runs_{when}")
    yield _sum(_started(compared.runs), "job_runs", f"started_{when}")
    yield _sum(seats, "cost", f"seats_{when}")
    yield _sum(seats, "credits", f"seat_credits_{when}").assign(**{f"has_seats_{when}": 1})


def _added(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows added up by some names of the jobs' keys; one is steady when all of it is."""
    if [*keys] == [*JOB]:
        return table
    if keys:
        return (
            table.groupby([*keys], sort=False)
            .agg(dict.fromkeys(_MEASURES, "sum") | {"steady": "all"})
            .reset_index()
        )
    sums = {name: [int(table[name].sum())] for name in _MEASURES}
    return pd.DataFrame(sums, dtype="object").assign(
        steady=bool(len(table)) and bool(table["steady"].all())
    )


def _changes(
    table: pd.DataFrame, keys: Sequence[str], places: int, days_before: int, days_after: int
) -> Records[Change]:
    """The rows as changes, the largest first."""
    rows = order(table.assign(gap=(table["after"] - table["before"]).abs()), ("gap", "after"), keys)

    def change(values: Cells) -> Change:
        before, after, runs_before, runs_after, seats_before, seats_after, *more = values[
            len(keys) :
        ]
        started_before, started_after, steady = more
        return Change(
            values[: len(keys)],
            to_decimal(before, places),
            to_decimal(after, places),
            runs_before,
            runs_after,
            days_before,
            days_after,
            to_decimal(seats_before, places),
            to_decimal(seats_after, places),
            has_same_seats=steady,
            started_before=started_before,
            started_after=started_after,
        )

    return Records(change, columns_of(table, [*keys, *_MEASURES, "steady"]), rows)


def _started(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs but for those alike that took no time and cost nothing."""
    used = runs.reindex(columns=["job_seconds", "total_credits"])
    return runs[~(used == 0).all(axis=1)]


def _sum(frame: pd.DataFrame, measure: str, name: str) -> pd.DataFrame:
    return frame.groupby([*JOB], observed=True)[measure].sum().rename(name).reset_index()
