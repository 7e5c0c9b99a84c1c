"""Days that cost more than they should have: of a project, of one of its jobs, and in all.

A day is judged against the series' own days (see `unusual`). It is an anomaly when it is beyond them, and by at least
`minimum` and 30% of what was expected, so that pennies never alert. Sources: the anomaly rules of the FinOps
Framework's tools (OptScale's 30%; minimum amounts as in Microsoft's FinOps toolkit and Vantage).

A job costs more evenly than its project, so each is judged too, given how busy the rest of its project was. So is a job
that is new and dear, unless its project is new or it took another job's place. What explains a day is told once: a
project's day with the job behind it, else the job, else all projects together. What is charged once a month is left
out.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache, cached_property, partial
from typing import Any, Final, Literal

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import JOB, PROJECT
from circleci_usage.analysis.monthly_charges import charged_monthly
from circleci_usage.analysis.outliers import (
    WEEKS,
    Column,
    Flags,
    Judged,
    Matrix,
    expect,
    judge,
    judge_followers,
)
from circleci_usage.core.decimals import exact_arithmetic, rounded
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.costs import Costs, within

MINIMUM: Final = Decimal(10)
"""In the currency of the report; `anomalies.minimum` in the settings file."""

_AT_LEAST: Final = 0.3
"""Share of the expected cost that an anomaly is beyond it."""

_PROJECT_RATE: Final = 0.0045
"""Share of the days of a project of one job that its restlessness alone may make anomalies of: one in seven months."""

_SHARED_RATE: Final = 0.002
"""The same of a project of several jobs, which are judged too, and of all projects together."""

_JOBS_RATE: Final = 0.0007
"""The same of all its jobs together."""

_OLD: Final = 28
"""Days that a project must be known for, before a job of it can be new."""

_IN_PLACE: Final = 0.5
"""Share of a new job's cost that a job which is gone must have cost to be taken for its old name."""

_SOME: Final = 0.1
"""Share of its project that the others must be expected to cost, to tell how busy it was."""

_DAYS_A_WEEK: Final = 7
_AT_A_TIME: Final = 10_000
"""Jobs that are looked at together, day by day."""

_CENTS: Final = 2

Places = np.ndarray[tuple[int], np.dtype[Any]]

Subject = Literal["project", "job", "all"]


@dataclass(frozen=True)
class MainDriver:
    """The job whose rise on the day is the largest of the project's."""

    workflow: str
    job: str
    expected: Decimal
    actual: Decimal


@dataclass(frozen=True)
class Anomaly:
    """A day that cost too much.

    Attributes:
        day: which.
        project: the values of `analysis.totals.PROJECT`; None when all projects together rose, but none by itself.
        expected: what it should have cost, to the cent: the project, or the job if only that rose.
        actual: what it cost; exact.
        main_driver: the job behind it; None when no single job rose.
        subject: what rose.
    """

    day: date
    project: tuple[str, ...] | None
    expected: Decimal
    actual: Decimal
    main_driver: MainDriver | None
    subject: Subject = "project"

    @property
    def excess(self) -> Decimal:
        """What it cost beyond what was expected."""
        with exact_arithmetic():
            return self.actual - self.expected


@dataclass(frozen=True)
class _Table:
    """Costs with a row per key and a column per day; before its first cost a row has no value at all.

    Attributes:
        names: how many of `JOB` make a key.
        jobs: the jobs that a row sums.
        costs: in float64.
    """

    names: int
    jobs: Callable[[int], range]
    costs: Matrix


@dataclass(frozen=True)
class _Jobs:
    """What jobs cost on the days on which they cost anything: of a million jobs, few have to be looked at day by day.

    Attributes:
        lines: a row per job and day, in this order: `JOB` (categoricals) and `cost` (exact counts).
        columns: which day each line is of.
        rows: which job each line is of.
        length: of all days.
    """

    lines: pd.DataFrame
    columns: Places
    rows: Places
    length: int

    @cached_property
    def amounts(self) -> Column:
        """The cost of each line, as near as a float64 is."""
        amounts: Column = self.lines["cost"].to_numpy(dtype="float64")
        return amounts

    @cached_property
    def starts(self) -> Places:
        """The first line of each job, and behind the last one the end."""
        return np.searchsorted(self.rows, np.arange(len(self) + 1))

    @cached_property
    def firsts(self) -> Places:
        """The first day of each job."""
        return self.columns[self.starts[:-1]]

    @cached_property
    def projects(self) -> Places:
        """The project of each job, by its row in `summed(len(PROJECT))`."""
        return _numbered(self.lines.iloc[self.starts[:-1]], PROJECT)

    def __len__(self) -> int:
        return int(self.rows[-1]) + 1 if len(self.rows) else 0

    def key(self, row: int, length: int = len(JOB)) -> tuple[str, ...]:
        """The names of a job, or the first of them."""
        at = self.starts[row]
        return tuple(str(names[at]) for names in self._names[:length])

    @cached_property
    def _names(self) -> Sequence[Any]:
        """The names of each line; a frame finds a single one a hundred times slower."""
        return [self.lines[name].array for name in JOB]

    def highest(self, columns: range) -> Column:
        """What each job cost on the dearest of some days."""
        inside = (self.columns >= columns.start) & (self.columns < columns.stop)
        found: Column = np.maximum.reduceat(np.where(inside, self.amounts, 0.0), self.starts[:-1])
        return found

    def costs(self, wanted: Places) -> Matrix:
        """What some of the jobs cost, day by day; not a number before their first cost."""
        starts = self.starts[wanted]
        lengths = self.starts[wanted + 1] - starts
        places = np.repeat(np.arange(len(wanted)), lengths)
        lines = np.arange(len(places)) + np.repeat(starts - np.cumsum(lengths) + lengths, lengths)
        found = np.zeros((len(wanted), self.length))
        found[places, self.columns[lines]] = self.amounts[lines]
        return self._begun(found, self.firsts[wanted])

    def of(self, project: int) -> range:
        """The jobs of a project."""
        return range(*np.searchsorted(self.projects, [project, project + 1]).tolist())

    def lines_of(self, jobs: range) -> slice:
        """The lines of jobs that follow each other."""
        return slice(int(self.starts[jobs.start]), int(self.starts[jobs.stop]))

    def on(self, day: "_Day") -> Places:
        """The jobs of a project, or of all, that cost anything on a day."""
        lines = self._lines_on(day)
        return self.rows[lines[self.amounts[lines] > 0]]

    def exactly(self, day: "_Day") -> int:
        """What was paid on a day, to the last digit."""
        return int(self._counts[self._lines_on(day)].sum())

    @cached_property
    def _counts(self) -> Places:
        return self.lines["cost"].to_numpy()

    def _lines_on(self, day: "_Day") -> Places:
        lines = self.lines_of(day.jobs)
        places: Places = lines.start + np.flatnonzero(self.columns[lines] == day.column)
        return places

    def by_project(self) -> _Table:
        """The sums of each project's jobs."""
        return _Table(len(PROJECT), self.of, self._summed(self.projects))

    def in_all(self) -> _Table:
        """The sum of all jobs."""
        return _Table(
            0, lambda _: range(len(self)), self._summed(np.zeros(len(self), dtype="int64"))
        )

    def _summed(self, of_jobs: Places) -> Matrix:
        count = int(of_jobs[-1]) + 1
        places = of_jobs[self.rows] * self.length + self.columns
        sums = np.zeros(count * self.length)
        np.add.at(sums, places, self.amounts)
        begins = np.full(count, self.length)
        np.minimum.at(begins, of_jobs, self.firsts)
        return self._begun(sums.reshape(count, self.length), begins)

    def _begun(self, costs: Matrix, begins: Places) -> Matrix:
        return np.where(np.arange(self.length) < begins[:, np.newaxis], np.nan, costs)


@dataclass(frozen=True)
class _Day:
    """What a project or a job cost on a day, by its column.

    Attributes:
        key: names of the project or job; none of all together.
        jobs: which these are.
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
        """The project of the key."""
        return self.key[: len(PROJECT)]


@dataclass(frozen=True)
class _Limits:
    """What can be an anomaly.

    Attributes:
        least: what it is beyond what was expected, as counts.
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


def find_anomalies(
    costs: Costs, known: Period, period: Period, minimum: Decimal = MINIMUM
) -> tuple[Anomaly, ...]:
    """The anomalies of the period, the largest first.

    Args:
        costs: of the known days, and maybe of more.
        known: the complete days that there are data of.
        period: the days that are judged, as far as they are known.
        minimum: the least amount beyond what was expected.
    """
    days, places = _days_around(known, period), costs.places("cost")
    if days is None:
        return ()
    lines = within(costs.lines[~charged_monthly(costs.lines, known)], days)
    jobs = _by_day(lines, days)
    if not len(jobs):
        return ()
    judged = [column for column, day in enumerate(days) if day in period]
    limits = _Limits(float(minimum) * 10.0**places, range(judged[0], judged[-1] + 1))
    found = [
        _anomaly(
            each,
            job,
            days.start + each.column * ONE_DAY,
            to_decimal(jobs.exactly(each), places),
            places,
        )
        for each, job in _found(jobs, limits)
    ]
    return tuple(sorted(found, key=lambda each: (-each.excess, each.day, each.project or ())))


def _days_around(known: Period, period: Period) -> Period | None:
    """The known days that can tell something about those of the period; None when it has none itself."""
    if not known.overlaps(period):
        return None
    weeks = WEEKS * _DAYS_A_WEEK * ONE_DAY
    return Period(max(known.start, period.start - weeks), min(known.stop, period.stop + weeks))


def _by_day(lines: pd.DataFrame, days: Period) -> _Jobs:
    """The costs of each job."""
    sums = lines.groupby([*JOB, "date"], observed=True)["cost"].sum().reset_index()
    columns = (sums["date"] - pd.Timestamp(days.start)).dt.days.to_numpy()
    return _Jobs(sums.drop(columns="date"), columns, _numbered(sums, JOB), len(days))


def _numbered(ordered: pd.DataFrame, names: Sequence[str]) -> Places:
    """Which combination of categoricals each row has, from zero on, where equal ones follow each other."""
    codes = [ordered[name].cat.codes.to_numpy() for name in names]
    changes = np.logical_or.reduce([np.diff(each, prepend=each[:1]) != 0 for each in codes])
    return np.cumsum(changes)


def _found(jobs: _Jobs, limits: _Limits) -> Iterator[tuple[_Day, _Day | None]]:
    """What explains each day, and the job behind it: a project, else a job, else all together, told once."""
    projects, in_all = jobs.by_project(), jobs.in_all()
    of_projects = judge(projects.costs, _rates(np.bincount(jobs.projects)))
    new = [*_new_jobs(jobs, projects, of_projects.expected, limits)]
    new_of = _by_project(new)
    beyond = _beyond(jobs, projects, of_projects, limits)
    risen = [
        each for each in beyond if not _is_told(each, new_of.get(each.project, ()), jobs, limits)
    ]
    told = {(each.project, each.column) for each in risen}
    jobs_risen = {
        (each.key, each.column): each
        for each in (*_unusual_jobs(jobs, projects, of_projects, limits), *new)
    }
    alone = [each for each in jobs_risen.values() if (each.project, each.column) not in told]
    yield from ((each, _cause(each, jobs)) for each in risen)
    yield from ((each, each) for each in alone)
    explained = {each.column for each in (*risen, *alone)}
    for each in _beyond(jobs, in_all, judge(in_all.costs, _rates(np.array([len(jobs)]))), limits):
        if each.column not in explained:
            yield each, _cause(each, jobs)


def _by_project(days: Iterable[_Day]) -> Mapping[tuple[str, ...], Sequence[_Day]]:
    found: dict[tuple[str, ...], list[_Day]] = {}
    for day in days:
        found.setdefault(day.project, []).append(day)
    return found


def _rates(jobs_of: Places) -> Column:
    """What share of the days of each project, or of all together, may be beyond by themselves."""
    rates: Column = np.where(jobs_of == 1, _PROJECT_RATE, _SHARED_RATE)
    return rates


def _beyond(jobs: _Jobs, table: _Table, judged: Judged, limits: _Limits) -> Iterator[_Day]:
    """The anomalies of a table."""
    are_found = judged.is_beyond & limits.reached(table.costs, judged.expected)
    for row, column in np.argwhere(are_found).tolist():
        if column in limits.columns:
            summed = table.jobs(row)
            key = jobs.key(summed.start, table.names)
            yield _Day(
                key,
                summed,
                column,
                float(judged.expected[row, column]),
                float(table.costs[row, column]),
            )


def _unusual_jobs(
    jobs: _Jobs, projects: _Table, of_projects: Judged, limits: _Limits
) -> Iterator[_Day]:
    """The anomalies of jobs that could be one and are not their whole project."""
    are_several = np.bincount(jobs.projects)[jobs.projects] > 1
    chosen = np.flatnonzero((jobs.highest(limits.columns) >= limits.least) & are_several)
    if not len(chosen):
        return
    dear = _Table(len(JOB), lambda place: _alone(int(chosen[place])), jobs.costs(chosen))
    rows = jobs.projects[chosen]
    rates = _JOBS_RATE / np.bincount(rows)[rows]
    others_came = projects.costs[rows] - np.nan_to_num(dear.costs)
    expected = expect(dear.costs)
    others_should = of_projects.expected[rows] - np.nan_to_num(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        duration_stats = np.where(
            others_should > _SOME * of_projects.expected[rows], others_came / others_should, 1.0
        )
    yield from _beyond(
        jobs, dear, judge_followers(dear.costs, expected, duration_stats, rates), limits
    )


def _new_jobs(jobs: _Jobs, projects: _Table, expected: Matrix, limits: _Limits) -> Iterator[_Day]:
    """Jobs that begin in the period and are dear on a day of their first week, the first such day of each.

    One that took the place of others, which cost as much before and nothing since, is not new.
    """
    begin = np.argmax(~np.isnan(projects.costs), axis=1)
    bars = np.maximum(limits.least, _AT_LEAST * np.nan_to_num(expected))
    in_period = (jobs.firsts >= limits.columns.start) & (jobs.firsts < limits.columns.stop)
    are_old = jobs.firsts - begin[jobs.projects] >= _OLD
    gone = cache(partial(_cost_of_gone, jobs))
    for row in np.flatnonzero(
        in_period & are_old & (jobs.highest(limits.columns) >= limits.least)
    ).tolist():
        first, project = int(jobs.firsts[row]), int(jobs.projects[row])
        (costs,) = jobs.costs(np.array([row]))
        week = range(first, min(first + _DAYS_A_WEEK, limits.columns.stop))
        column = next((each for each in week if costs[each] >= bars[project, each]), None)
        if (
            column is not None
            and gone(project, week) < _IN_PLACE * costs[week.start : week.stop].sum()
        ):
            yield _Day(jobs.key(row), _alone(row), column, 0.0, float(costs[column]))


def _alone(job: int) -> range:
    return range(job, job + 1)


def _cost_of_gone(jobs: _Jobs, project: int, week: range) -> float:
    """What the jobs of a project that cost nothing in a week cost on these weekdays before, as a mean of some weeks."""
    lines = jobs.lines_of(jobs.of(project))
    columns, rows, costs = jobs.columns[lines], jobs.rows[lines], jobs.amounts[lines]
    is_in_week = (columns >= week.start) & (columns < week.stop)
    is_gone = ~np.isin(rows, rows[is_in_week & (costs != 0)])
    is_alike = (columns - week.start) % _DAYS_A_WEEK < len(week)
    is_before = (columns >= week.start - _OLD) & (columns < week.start) & is_alike
    weeks = _OLD // _DAYS_A_WEEK
    return float(costs[is_gone & is_before].sum()) / weeks


def _is_told(day: _Day, new: Sequence[_Day], jobs: _Jobs, limits: _Limits) -> bool:
    """Whether a project's day is an anomaly only because of new jobs of it that are told on the day they came."""
    earlier = [each.jobs.start for each in new if each.column < day.column]
    if not earlier:
        return False
    rows = np.intersect1d(jobs.on(day), earlier)
    rest = day.actual - float(jobs.costs(rows)[:, day.column].sum())
    return not limits.reached(np.array([[rest]]), np.array([[day.expected]])).item()


def _cause(day: _Day, jobs: _Jobs) -> _Day | None:
    """The job whose rise on the day is the largest."""
    found, highest, rows = None, 0.0, jobs.on(day)
    for first in range(0, len(rows), _AT_A_TIME):
        some = rows[first : first + _AT_A_TIME]
        costs = jobs.costs(some)
        # A job that is new has no history: all of its cost is a rise.
        expected = np.nan_to_num(expect(costs)[:, day.column])
        rises = costs[:, day.column] - expected
        place = int(np.argmax(rises))
        if rises[place] > highest:
            highest = float(rises[place])
            found = int(some[place]), float(expected[place]), float(costs[place, day.column])
    if found is None:
        return None
    row, should, came = found
    return _Day(jobs.key(row), _alone(row), day.column, should, came)


def _anomaly(found: _Day, job: _Day | None, day: date, actual: Decimal, places: int) -> Anomaly:
    subjects: Mapping[int, Subject] = {0: "all", len(PROJECT): "project", len(JOB): "job"}
    cause = None
    if job is not None:
        *_, workflow, name = job.key
        cause = MainDriver(workflow, name, _money(job.expected, places), _money(job.actual, places))
    return Anomaly(
        day,
        found.project or None,
        _money(found.expected, places),
        actual,
        cause,
        subjects[len(found.key)],
    )


def _money(count: float, places: int) -> Decimal:
    return rounded(Decimal(count).scaleb(-places), _CENTS)
