"""Jobs that are new and expensive: without a history, their own days say nothing about them."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import Final

import numpy as np

from circleci_usage.analysis.anomalies.job_series import (
    DayCost,
    JobSeries,
    Limits,
    SeriesTable,
    only,
)
from circleci_usage.analysis.outliers import Matrix

_OLD: Final = 28
"""Days that a project must be known for before one of its jobs can be new."""

_REPLACED: Final = 0.5
"""Share of a new job's cost from which jobs that are gone are taken for its old name."""

_DAYS_A_WEEK: Final = 7


def new_jobs(
    jobs: JobSeries, projects: SeriesTable, expected: Matrix, limits: Limits
) -> Iterator[DayCost]:
    """Jobs that begin in the period, each with the first expensive day of its first week.

    A job that replaced others, which cost as much before and nothing since, is not new.

    Args:
        jobs: what they cost.
        projects: what their projects cost,
        expected: and what was expected of these.
        limits: of anomalies.
    """
    begin = np.argmax(~np.isnan(projects.costs), axis=1)
    bars = limits.bars(expected)
    in_period = (jobs.firsts >= limits.columns.start) & (jobs.firsts < limits.columns.stop)
    are_old = jobs.firsts - begin[jobs.projects] >= _OLD
    are_expensive = jobs.highest(limits.columns) >= limits.least
    cost_of_gone = cache(partial(_cost_of_gone, jobs))
    for row in np.flatnonzero(in_period & are_old & are_expensive).tolist():
        day = _first_expensive_day(jobs, row, bars, limits, cost_of_gone)
        if day:
            yield day


def _first_expensive_day(
    jobs: JobSeries,
    row: int,
    bars: Matrix,
    limits: Limits,
    cost_of_gone: Callable[[int, range], float],
) -> DayCost | None:
    """The first day of a job's first week that reaches the bar.

    None where there is none, or where the job replaced others.
    """
    first, project = int(jobs.firsts[row]), int(jobs.projects[row])
    (costs,) = jobs.costs(np.array([row]))
    week = range(first, min(first + _DAYS_A_WEEK, limits.columns.stop))
    reached = [column for column in week if costs[column] >= bars[project, column]]
    if not reached:
        return None
    if cost_of_gone(project, week) >= _REPLACED * costs[week.start : week.stop].sum():
        return None
    return DayCost(jobs.key(row), only(row), reached[0], 0.0, float(costs[reached[0]]))


def _cost_of_gone(jobs: JobSeries, project: int, week: range) -> float:
    """The mean cost, on these weekdays of the weeks before, of jobs that cost nothing in a week."""
    lines = jobs.lines_of(jobs.of_project(project))
    columns, rows, costs = jobs.columns[lines], jobs.rows[lines], jobs.amounts[lines]
    is_in_week = (columns >= week.start) & (columns < week.stop)
    is_gone = ~np.isin(rows, rows[is_in_week & (costs != 0)])
    is_same_weekday = (columns - week.start) % _DAYS_A_WEEK < len(week)
    is_before = (columns >= week.start - _OLD) & (columns < week.start) & is_same_weekday
    weeks = _OLD // _DAYS_A_WEEK
    return float(costs[is_gone & is_before].sum()) / weeks


def is_explained_by(new: Sequence[DayCost], day: DayCost, jobs: JobSeries, limits: Limits) -> bool:
    """Whether a project's day is an anomaly only because of new jobs.

    These are reported on the day they came.
    """
    earlier = [each.jobs.start for each in new if each.column < day.column]
    if not earlier:
        return False
    rows = np.intersect1d(jobs.on(day), earlier)
    rest = day.actual - float(jobs.costs(rows)[:, day.column].sum())
    return not limits.reached(np.array([[rest]]), np.array([[day.expected]])).item()
