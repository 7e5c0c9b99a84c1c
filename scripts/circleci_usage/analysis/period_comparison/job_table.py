"""The jobs of two periods side by side, and their changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import pandas as pd

from circleci_usage.analysis.daily_costs import of_days, once_a_month
from circleci_usage.analysis.period_comparison.change import Change
from circleci_usage.core.columnar import Cells, Records, columns_of, order, sum_frames
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey

_MEASURES: Final = (
    "before",
    "after",
    "runs_before",
    "runs_after",
    "seats_before",
    "seats_after",
    "started_before",
    "started_after",
)
"""Whole numbers."""

_SEATS: Final = (
    "seat_credits_before",
    "seat_credits_after",
    "has_seats_before",
    "has_seats_after",
    "others",
)
"""What shows whether a job is nothing but as many seats as before."""

JOB: Final = JobKey._fields
"""What makes a row of `job_table`."""


@dataclass(frozen=True)
class OnePeriod:
    """Owned costs and job runs of one of the two periods.

    Attributes:
        costs: of its days.
        runs: likewise.
        days: how many they are.
    """

    costs: Costs
    runs: pd.DataFrame
    days: int

    def without_seats(self) -> "OnePeriod":
        """The same without what is charged once a month."""
        return replace(self, costs=replace(self.costs, lines=of_days(self.costs)))


def job_table(now: OnePeriod, past: OnePeriod, keys: Sequence[str] = JOB) -> pd.DataFrame:
    """A row per job of either period: its key and `_MEASURES`.

    Also `steady`: whether it is nothing but as many seats as before.

    Args:
        now: the later period.
        past: the earlier one.
        keys: what makes a row; with a team, a job has a row for each of its teams.
    """
    frames = [*_measured("before", past, keys), *_measured("after", now, keys)]
    for each in (now, past):
        not_seats = _job_sums(of_days(each.costs), keys, "credits", "others")
        frames.append(not_seats.assign(others=1))
    columns = [*keys, *_MEASURES, *_SEATS]
    table = sum_frames(frames, keys).reindex(columns=columns, fill_value=0)
    has_seats = (table["has_seats_before"] > 0) & (table["has_seats_after"] > 0)
    are_as_many = table["seat_credits_before"] == table["seat_credits_after"]
    return table.assign(steady=has_seats & are_as_many & (table["others"] == 0))


def _measured(when: str, period: OnePeriod, keys: Sequence[str]) -> Iterator[pd.DataFrame]:
    """What is known about the jobs of one period, under names of its own."""
    seats = once_a_month(period.costs)
    seat_credits = _job_sums(seats, keys, "credits", f"seat_credits_{when}")
    yield _job_sums(period.costs.lines, keys, "cost", when)
    yield _job_sums(period.runs, keys, "job_runs", f"runs_{when}")
    yield _job_sums(_started(period.runs), keys, "job_runs", f"started_{when}")
    yield _job_sums(seats, keys, "cost", f"seats_{when}")
    yield seat_credits.assign(**{f"has_seats_{when}": 1})


def _started(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs, without those that took no time and cost nothing."""
    used = runs.reindex(columns=["job_seconds", "total_credits"])
    return runs[~(used == 0).all(axis=1)]


def _job_sums(frame: pd.DataFrame, keys: Sequence[str], measure: str, name: str) -> pd.DataFrame:
    """A measure of each job, under a new name."""
    return sum_by(frame, keys, [measure]).rename(columns={measure: name}).reset_index()


def changes_by(
    table: pd.DataFrame, keys: Sequence[str], places: int, days_before: int, days_after: int
) -> Records[Change]:
    """The changes of jobs, projects or, without keys, the total; the largest first.

    Args:
        table: of `job_table`.
        keys: the first names of a job's key.
        places: the decimal places of costs.
        days_before: how many days are compared.
        days_after: likewise.
    """
    sums = _summed_by(table, keys)
    gaps = (sums["after"] - sums["before"]).abs()
    rows = order(sums.assign(gap=gaps), ("gap", "after"), keys)
    columns = columns_of(sums, [*keys, *_MEASURES, "steady"])

    def change(values: Cells) -> Change:
        key, measures = values[: len(keys)], values[len(keys) :]
        return _change(key, measures, places, days_before, days_after)

    return Records(change, columns, rows)


def _change(
    key: tuple[str, ...], measures: Cells, places: int, days_before: int, days_after: int
) -> Change:
    *counts, is_steady = measures
    found = dict(zip(_MEASURES, counts, strict=True))
    return Change(
        key=key,
        before=to_decimal(found["before"], places),
        after=to_decimal(found["after"], places),
        runs_before=found["runs_before"],
        runs_after=found["runs_after"],
        days_before=days_before,
        days_after=days_after,
        seats_before=to_decimal(found["seats_before"], places),
        seats_after=to_decimal(found["seats_after"], places),
        has_same_seats=is_steady,
        started_before=found["started_before"],
        started_after=found["started_after"],
    )


def _summed_by(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The rows summed by some names of the jobs' keys; a sum is steady when all of it is."""
    if tuple(keys) == JOB:
        return table
    if keys:
        how = dict.fromkeys(_MEASURES, "sum") | {"steady": "all"}
        return table.groupby([*keys], sort=False).agg(how).reset_index()
    sums = {name: [int(table[name].sum())] for name in _MEASURES}
    is_steady = bool(len(table)) and bool(table["steady"].all())
    return pd.DataFrame(sums, dtype="object").assign(steady=is_steady)
