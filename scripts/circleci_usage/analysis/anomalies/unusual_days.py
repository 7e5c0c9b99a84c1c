"""Days on which projects, jobs or all together cost more than their own days explain."""

from collections.abc import Iterator
from typing import Final

import numpy as np

from circleci_usage.analysis.anomalies.job_series import (
    JOB_LENGTH,
    DayCost,
    JobSeries,
    Limits,
    Places,
    SeriesTable,
    only,
)
from circleci_usage.analysis.outliers import Column, Judged, expect, judge, judge_followers

_PROJECT_RATE: Final = 0.0045
"""Share of days that may be anomalies by chance in a project with one job: one in seven months."""

_SHARED_RATE: Final = 0.002
"""The same of a project with several jobs, which are judged too, and of all projects together."""

_JOBS_RATE: Final = 0.0007
"""The same of all jobs of a project together."""

_SOME: Final = 0.1
"""Expected share of its project from which the other jobs show how busy it was."""


def judge_projects(jobs: JobSeries, projects: SeriesTable) -> Judged:
    """Judge every day of every project."""
    return judge(projects.costs, _rates(jobs.jobs_per_project))


def judge_all(jobs: JobSeries, in_all: SeriesTable) -> Judged:
    """Judge every day of all projects together."""
    return judge(in_all.costs, _rates(np.array([len(jobs)])))


def _rates(jobs_of: Places) -> Column:
    """What share of days may be anomalies by chance, given how many jobs each series sums."""
    rates: Column = np.where(jobs_of == 1, _PROJECT_RATE, _SHARED_RATE)
    return rates


def unusual_days(
    jobs: JobSeries, table: SeriesTable, judged: Judged, limits: Limits
) -> Iterator[DayCost]:
    """The days of the period that are far beyond what was expected of them."""
    are_found = judged.is_beyond & limits.reached(table.costs, judged.expected)
    for row, column in np.argwhere(are_found).tolist():
        if column not in limits.columns:
            continue
        summed = table.jobs(row)
        yield DayCost(
            key=jobs.key(summed.start, table.key_length),
            jobs=summed,
            column=column,
            expected=float(judged.expected[row, column]),
            actual=float(table.costs[row, column]),
        )


def unusual_days_of_jobs(
    jobs: JobSeries, projects: SeriesTable, of_projects: Judged, limits: Limits
) -> Iterator[DayCost]:
    """The same of jobs that cost enough for an anomaly and are not their whole project."""
    are_several = jobs.jobs_per_project[jobs.projects] > 1
    chosen = np.flatnonzero((jobs.highest(limits.columns) >= limits.least) & are_several)
    if not len(chosen):
        return
    table = SeriesTable(JOB_LENGTH, lambda place: only(int(chosen[place])), jobs.costs(chosen))
    rows = jobs.projects[chosen]
    rates = _JOBS_RATE / jobs.jobs_per_project[rows]
    expected, of_project = expect(table.costs), of_projects.expected[rows]
    others_actual = projects.costs[rows] - np.nan_to_num(table.costs)
    others_expected = of_project - np.nan_to_num(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        can_tell = others_expected > _SOME * of_project
        # How busy the rest of the project was, as a multiple of what was expected.
        pace = np.where(can_tell, others_actual / others_expected, 1.0)
    judged = judge_followers(table.costs, expected, pace, rates)
    yield from unusual_days(jobs, table, judged, limits)
