"""Jobs that moved from one resource class to another, found day by day."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Final, NamedTuple

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.core.grouping import group_numbers, sum_by
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey

DAYS_BEFORE: Final = 28
"""Four weeks before a change show what the job cost, whatever the weekday."""

MOSTLY: Final = Decimal("0.8")
"""The share of runs on one class that makes it the job's class: on the day of a change, and on
branches that do not have it yet, jobs run on both."""

_JOB: Final = [*JobKey._fields]
_CLASS: Final = ["executor", "resource_class"]
_MEASURES: Final = ["job_runs", "credits", "contracted_cost"]


class ClassName(NamedTuple):
    """A resource class, as the export spells it."""

    executor: str
    resource_class: str


@dataclass(frozen=True)
class ClassRuns:
    """Runs of a job on one class.

    Attributes:
        name: the class.
        days: the days that are counted.
        runs: that used compute credits.
        credits: compute credits of these runs.
        cost: what they cost, contracted.
    """

    name: ClassName
    days: Period
    runs: int
    credits: Decimal
    cost: Decimal


@dataclass(frozen=True)
class ClassChange:
    """A job that moved to another class.

    Attributes:
        job: the job.
        day: the first day on the new class.
        before: the runs on the old class in the `DAYS_BEFORE`.
        after: the runs on the new class since then, in the period.
    """

    job: JobKey
    day: date
    before: ClassRuns
    after: ClassRuns


class _DayRuns(NamedTuple):
    """The runs of a job on a class on a day; amounts as whole numbers."""

    day: date
    name: ClassName
    runs: int
    credits: int
    cost: int


class _Stretch(NamedTuple):
    """Days in a row on which most runs were on one class."""

    name: ClassName
    first: date
    runs: int


def class_changes(costs: Costs, period: Period) -> Iterator[ClassChange]:
    """The last change of each job, where enough runs on both classes show it.

    A job that runs on several classes all the time has not changed.

    Args:
        costs: of the period, and of the days before it as far as they are known; by the names of
            `RunStatistics`, day by day.
        period: the days reported on, as far as they are complete.
    """
    for job, runs in _jobs_on_several_classes(costs, period.last):
        stretches = _merged(_stretches(runs))
        if len(stretches) > 1:
            change = _change(job, runs, stretches, costs, period)
            if change:
                yield change


def _jobs_on_several_classes(
    costs: Costs, last: date
) -> Iterator[tuple[JobKey, Sequence[_DayRuns]]]:
    """These jobs, with their runs in the order of the days."""
    lines = costs.lines
    are_known = (lines["credit_type"] == "compute") & (lines["date"] <= pd.Timestamp(last))
    lines = lines[are_known]
    classes = pd.Series(group_numbers(lines, _CLASS)).groupby(group_numbers(lines, _JOB))
    have_several = classes.transform("min") != classes.transform("max")
    lines = lines[have_several.to_numpy()]
    sums = sum_by(lines, [*_JOB, "date", *_CLASS], _MEASURES).reset_index()
    rows = sums.itertuples(index=False, name=None)
    width = len(_JOB)
    for key, of_job in groupby(rows, lambda row: row[:width]):
        yield JobKey(*key), [_day_runs(*row[width:]) for row in of_job]


def _day_runs(
    day: pd.Timestamp, executor: str, resource_class: str, runs: int, credits: int, cost: int
) -> _DayRuns:
    return _DayRuns(day.date(), ClassName(executor, resource_class), runs, credits, cost)


def _stretches(runs: Sequence[_DayRuns]) -> Iterator[_Stretch]:
    """The class of most runs of each day."""
    for day, of_day in groupby(runs, attrgetter("day")):
        most = max(of_day, key=lambda each: each.runs)
        yield _Stretch(most.name, day, most.runs)


def _merged(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    """Neighbors on one class as one; those of fewer than `ENOUGH_RUNS` are trials, and left out."""
    merged = _joined(stretches)
    while len(merged) > 1:
        smallest = min(merged, key=attrgetter("runs"))
        if smallest.runs >= ENOUGH_RUNS:
            break
        merged = _joined(each for each in merged if each is not smallest)
    return merged


def _joined(stretches: Iterable[_Stretch]) -> list[_Stretch]:
    joined = []
    for name, some in groupby(stretches, attrgetter("name")):
        first, *others = some
        runs = first.runs + sum(each.runs for each in others)
        joined.append(_Stretch(name, first.first, runs))
    return joined


def _change(
    job: JobKey,
    runs: Sequence[_DayRuns],
    stretches: Sequence[_Stretch],
    costs: Costs,
    period: Period,
) -> ClassChange | None:
    """The last change; None where one of the classes was not that of most runs, or of too few."""
    old, new = stretches[-2:]
    start = max(new.first, period.start)
    days_before = Period(new.first - timedelta(days=DAYS_BEFORE), new.first)
    before = _runs_on(old.name, runs, days_before, costs)
    after = _runs_on(new.name, runs, Period(start, period.stop), costs)
    return ClassChange(job, new.first, before, after) if before and after else None


def _runs_on(
    name: ClassName, runs: Sequence[_DayRuns], days: Period, costs: Costs
) -> ClassRuns | None:
    """The runs of some days on a class, if that is the class of most and enough of them."""
    counts: defaultdict[ClassName, int] = defaultdict(int)
    credits = cost = 0
    for each in runs:
        if each.day in days:
            counts[each.name] += each.runs
            if each.name == name:
                credits += each.credits
                cost += each.cost
    if counts[name] < ENOUGH_RUNS or counts[name] < MOSTLY * sum(counts.values()):
        return None
    return ClassRuns(
        name,
        days,
        counts[name],
        to_decimal(credits, costs.places("credits")),
        to_decimal(cost, costs.places("contracted_cost")),
    )
