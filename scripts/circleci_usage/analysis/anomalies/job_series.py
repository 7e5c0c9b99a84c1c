"""What jobs and projects cost, day by day: the series that anomalies are found in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.outliers import Column, Flags, Matrix
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.schema.keys import JobKey, ProjectKey

Places = np.ndarray[tuple[int], np.dtype[Any]]

PROJECT_LENGTH: Final = len(ProjectKey._fields)
"""How many names make the key of a project."""

JOB_LENGTH: Final = len(JobKey._fields)
"""How many names make the key of a job."""

_AT_LEAST: Final = 0.3
"""Share of the expected cost that an anomaly exceeds it by."""


@dataclass(frozen=True)
class Limits:
    """What can be an anomaly.

    Attributes:
        least: the smallest excess, as counts.
        columns: the days of the period.
    """

    least: float
    columns: range

    def reached(self, actual: Matrix, expected: Matrix) -> Flags:
        """Whether costs are far enough beyond what was expected."""
        excess = actual - expected
        with np.errstate(invalid="ignore"):
            flags: Flags = (excess >= self.least) & (excess >= _AT_LEAST * expected)
        return flags

    def bars(self, expected: Matrix) -> Matrix:
        """What a job that cost nothing before must cost to be an anomaly of its project."""
        return np.maximum(self.least, _AT_LEAST * np.nan_to_num(expected))


@dataclass(frozen=True)
class DayCost:
    """What a project, a job or all together cost on a day.

    Attributes:
        key: the names of the project or job; empty for all together.
        jobs: the rows of the jobs that this is the sum of.
        column: the day.
        expected: as counts.
        actual: likewise.
    """

    key: tuple[str, ...]
    jobs: range
    column: int
    expected: float
    actual: float

    @property
    def project(self) -> tuple[str, ...]:
        """The names of the project; empty for all together."""
        if not self.key:
            return ()
        organization_id, organization, project_id, project, *_ = self.key
        return ProjectKey(organization_id, organization, project_id, project)


@dataclass(frozen=True)
class SeriesTable:
    """Costs with a row per key and a column per day; a row begins with its first cost.

    Attributes:
        key_length: how many names make a key.
        jobs: row → the rows of the jobs that it is the sum of.
        costs: in float64.
    """

    key_length: int
    jobs: Callable[[int], range]
    costs: Matrix


@dataclass(frozen=True)
class JobSeries:
    """What jobs cost on the days on which they cost anything.

    Of a million jobs, few have to be judged day by day.

    Attributes:
        lines: a row per job and day, in this order: the names of `JobKey` (categoricals) and `cost`
            (exact counts).
        columns: which day each line is of.
        rows: which job each line is of.
        length: how many days there are.
    """

    lines: pd.DataFrame
    columns: Places
    rows: Places
    length: int

    def __len__(self) -> int:
        return int(self.rows[-1]) + 1 if len(self.rows) else 0

    @cached_property
    def amounts(self) -> Column:
        """The cost of each line, as precise as a float64 is."""
        amounts: Column = self.lines["cost"].to_numpy(dtype="float64")
        return amounts

    @cached_property
    def starts(self) -> Places:
        """The first line of each job; at the end, the number of lines."""
        return np.searchsorted(self.rows, np.arange(len(self) + 1))

    @cached_property
    def firsts(self) -> Places:
        """The first day of each job."""
        return self.columns[self.starts[:-1]]

    @cached_property
    def projects(self) -> Places:
        """The project of each job, by its row in `by_project`."""
        return numbered(self.lines.iloc[self.starts[:-1]], ProjectKey._fields)

    @cached_property
    def jobs_per_project(self) -> Places:
        """How many jobs each project has."""
        return np.bincount(self.projects)

    def key(self, row: int, length: int = JOB_LENGTH) -> tuple[str, ...]:
        """The names of a job, or the first of them."""
        line = self.starts[row]
        return tuple(str(names[line]) for names in self._names[:length])

    @cached_property
    def _names(self) -> Sequence[Any]:
        """The names of each line; a frame finds a single one a hundred times slower."""
        return [self.lines[name].array for name in JobKey._fields]

    def highest(self, columns: range) -> Column:
        """What each job cost on the most expensive of some days."""
        is_inside = (self.columns >= columns.start) & (self.columns < columns.stop)
        amounts = np.where(is_inside, self.amounts, 0.0)
        found: Column = np.maximum.reduceat(amounts, self.starts[:-1])
        return found

    def costs(self, wanted: Places) -> Matrix:
        """What some of the jobs cost, day by day; not a number before their first cost."""
        starts = self.starts[wanted]
        lengths = self.starts[wanted + 1] - starts
        places = np.repeat(np.arange(len(wanted)), lengths)
        offsets = np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        lines = np.arange(len(places)) + offsets
        found = np.zeros((len(wanted), self.length))
        found[places, self.columns[lines]] = self.amounts[lines]
        return self._from_first_day(found, self.firsts[wanted])

    def of_project(self, project: int) -> range:
        """The jobs of a project."""
        start, stop = np.searchsorted(self.projects, [project, project + 1]).tolist()
        return range(start, stop)

    def lines_of(self, jobs: range) -> slice:
        """The lines of jobs that follow each other."""
        return slice(int(self.starts[jobs.start]), int(self.starts[jobs.stop]))

    def on(self, day: DayCost) -> Places:
        """Those of a day's jobs that cost anything on it."""
        lines = self._lines_on(day)
        return self.rows[lines[self.amounts[lines] > 0]]

    def exact_cost(self, day: DayCost) -> int:
        """What a day's jobs cost on it, to the last digit."""
        return int(self._counts[self._lines_on(day)].sum())

    @cached_property
    def _counts(self) -> Places:
        return self.lines["cost"].to_numpy()

    def _lines_on(self, day: DayCost) -> Places:
        lines = self.lines_of(day.jobs)
        places: Places = lines.start + np.flatnonzero(self.columns[lines] == day.column)
        return places

    def by_project(self) -> SeriesTable:
        """The sums of each project's jobs."""
        return SeriesTable(PROJECT_LENGTH, self.of_project, self._summed(self.projects))

    def in_all(self) -> SeriesTable:
        """The sum of all jobs, in one row."""
        one_group = np.zeros(len(self), dtype="int64")
        return SeriesTable(0, lambda _: range(len(self)), self._summed(one_group))

    def _summed(self, groups: Places) -> Matrix:
        """The sums of the jobs of each group, given the group of each job."""
        count = int(groups[-1]) + 1
        places = groups[self.rows] * self.length + self.columns
        sums = np.zeros(count * self.length)
        np.add.at(sums, places, self.amounts)
        begins = np.full(count, self.length)
        np.minimum.at(begins, groups, self.firsts)
        return self._from_first_day(sums.reshape(count, self.length), begins)

    def _from_first_day(self, costs: Matrix, begins: Places) -> Matrix:
        is_before = np.arange(self.length) < begins[:, np.newaxis]
        return np.where(is_before, np.nan, costs)


def job_series(lines: pd.DataFrame, days: Period) -> JobSeries:
    """Lines of costs → the costs of each job, day by day."""
    sums = sum_by(lines, [*JobKey._fields, "date"], ["cost"]).reset_index()
    columns = (sums["date"] - pd.Timestamp(days.start)).dt.days.to_numpy()
    rows = numbered(sums, JobKey._fields)
    return JobSeries(sums.drop(columns="date"), columns, rows, len(days))


def numbered(ordered: pd.DataFrame, names: Sequence[str]) -> Places:
    """The number of each row's combination of categoricals, from zero on.

    Equal rows follow each other.
    """
    codes = [ordered[name].cat.codes.to_numpy() for name in names]
    changes = [np.diff(each, prepend=each[:1]) != 0 for each in codes]
    return np.cumsum(np.logical_or.reduce(changes))


def only(job: int) -> range:
    """The rows of a single job."""
    return range(job, job + 1)
