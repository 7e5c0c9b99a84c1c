"""Days that cost more than they should have: of a project, of one of its jobs, and in all.

A day is judged against the series' own days (see `unusual`). It is an anomaly when it is beyond them, and by at least
`minimum` and 30% of what was expected, so that pennies never alert. Sources: the anomaly rules of the FinOps
Framework's tools (OptScale's 30%; minimum amounts as in Microsoft's FinOps toolkit and Vantage).

A job costs more evenly than its project, so each is judged too, given how busy the rest of its project was. So is a job
that is new and dear, unless its project is new or it took another job's place. What explains a day is told once: a
project's day with the job behind it, else the job, else all projects together. What is charged once a month is left
out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final, Literal

import numpy as np
import pandas as pd

from circleci_usage.analysis.monthly import charged_monthly
from circleci_usage.analysis.totals import JOB, PROJECT
from circleci_usage.analysis.unusual import WEEKS, Column, Flags, Judged, Matrix, expect, judge, judge_followers
from circleci_usage.days import ONE_DAY, Period
from circleci_usage.money.costs import Costs, within
from circleci_usage.money.exact import exact_arithmetic, rounded
from circleci_usage.money.units import to_decimal

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
_CENTS: Final = 2

Subject = Literal["project", "job", "all"]


@dataclass(frozen=True)
class Cause:
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
        cause: the job behind it; None when no single job rose.
        subject: what rose.
    """

    day: date
    project: tuple[str, ...] | None
    expected: Decimal
    actual: Decimal
    cause: Cause | None
    subject: Subject = "project"

    @property
    def excess(self) -> Decimal:
        """What it cost beyond what was expected."""
        with exact_arithmetic():
            return self.actual - self.expected


@dataclass(frozen=True)
class _Table:
    """Costs with a row per key and a column per day; before its first cost a row has no value at all."""

    keys: list[tuple[str, ...]]
    costs: Matrix

    def rows(self, wanted: Iterable[int]) -> "_Table":
        """Some of the rows."""
        chosen = [*wanted]
        return _Table([self.keys[row] for row in chosen], self.costs[chosen])

    def summed(self, length: int) -> "_Table":
        """The sums of the rows whose keys begin alike, by so much of the keys."""
        members: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
        for row, key in enumerate(self.keys):
            members[key[:length]].append(row)
        sums = [_sum(self.costs[rows]) for rows in members.values()]
        return _Table([*members], np.array(sums))


@dataclass(frozen=True)
class _Day:
    """What a project or a job cost on a day, by its column."""

    key: tuple[str, ...]
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


def find_anomalies(costs: Costs, known: Period, period: Period, minimum: Decimal = MINIMUM) -> tuple[Anomaly, ...]:
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
    if not jobs.keys:
        return ()
    judged = [column for column, day in enumerate(days) if day in period]
    limits = _Limits(float(minimum) * 10.0**places, range(judged[0], judged[-1] + 1))
    found = [_anomaly(each, job, lines, days, places) for each, job in _found(jobs, limits)]
    return tuple(sorted(found, key=lambda each: (-each.excess, each.day, each.project or ())))


def _days_around(known: Period, period: Period) -> Period | None:
    """The known days that can tell something about those of the period; None when it has none itself."""
    if known.start >= period.stop or known.stop <= period.start:
        return None
    weeks = WEEKS * _DAYS_A_WEEK * ONE_DAY
    return Period(max(known.start, period.start - weeks), min(known.stop, period.stop + weeks))


def _by_day(lines: pd.DataFrame, days: Period) -> _Table:
    """The costs of each job."""
    table = lines.groupby([*JOB, "date"], observed=True)["cost"].sum().unstack("date")  # noqa: PD010 - of a series
    table = table.reindex(columns=pd.DatetimeIndex([*days])).astype("float64")
    table = table.fillna(0.0).where(table.ffill(axis=1).notna())
    return _Table([tuple(map(str, key)) for key in table.index], table.to_numpy())


def _sum(costs: Matrix) -> Column:
    sums: Column = np.where(np.isnan(costs).all(axis=0), np.nan, np.nansum(costs, axis=0))
    return sums


def _found(jobs: _Table, limits: _Limits) -> Iterator[tuple[_Day, _Day | None]]:
    """What explains each day, and the job behind it: a project, else a job, else all together, told once."""
    projects, in_all = jobs.summed(len(PROJECT)), jobs.summed(0)
    of_projects = judge(projects.costs, _rates(jobs, projects))
    new = [*_new_jobs(jobs, projects, of_projects.expected, limits)]
    risen = [each for each in _beyond(projects, of_projects, limits) if not _is_told(each, new, jobs, limits)]
    told = {(each.project, each.column) for each in risen}
    jobs_risen = {(each.key, each.column): each for each in (*_unusual_jobs(jobs, projects, of_projects, limits), *new)}
    alone = [each for each in jobs_risen.values() if (each.project, each.column) not in told]
    yield from ((each, _cause(each, jobs)) for each in risen)
    yield from ((each, each) for each in alone)
    explained = {each.column for each in (*risen, *alone)}
    for each in _beyond(in_all, judge(in_all.costs, _rates(jobs, in_all)), limits):
        if each.column not in explained:
            yield each, _cause(each, jobs)


def _rates(jobs: _Table, sums: _Table) -> Column:
    """What share of the days of each project, or of all together, may be beyond by themselves."""
    jobs_of = Counter(job[: len(key)] for key in sums.keys[:1] for job in jobs.keys)
    has_one = [jobs_of[key] == 1 for key in sums.keys]
    rates: Column = np.where(has_one, _PROJECT_RATE, _SHARED_RATE)
    return rates


def _beyond(table: _Table, judged: Judged, limits: _Limits) -> Iterator[_Day]:
    """The anomalies of a table."""
    are_found = judged.is_beyond & limits.reached(table.costs, judged.expected)
    for row, column in np.argwhere(are_found):
        if column in limits.columns:
            yield _Day(
                table.keys[row], int(column), *map(float, (judged.expected[row, column], table.costs[row, column]))
            )


def _unusual_jobs(jobs: _Table, projects: _Table, of_projects: Judged, limits: _Limits) -> Iterator[_Day]:
    """The anomalies of jobs that could be one and are not their whole project."""
    row_of = {key: row for row, key in enumerate(projects.keys)}
    of_a_project = Counter(key[: len(PROJECT)] for key in jobs.keys)
    highest = np.nan_to_num(jobs.costs[:, limits.columns.start : limits.columns.stop]).max(axis=1)
    dear = jobs.rows(
        row
        for row, key in enumerate(jobs.keys)
        if highest[row] >= limits.least and of_a_project[key[: len(PROJECT)]] > 1
    )
    if not dear.keys:
        return
    rows = [row_of[key[: len(PROJECT)]] for key in dear.keys]
    rates = _JOBS_RATE / np.bincount(rows)[rows]
    others_came = projects.costs[rows] - np.nan_to_num(dear.costs)
    expected = expect(dear.costs)
    others_should = of_projects.expected[rows] - np.nan_to_num(expected)
    with np.errstate(divide="ignore", invalid="ignore"):
        pace = np.where(others_should > _SOME * of_projects.expected[rows], others_came / others_should, 1.0)
    yield from _beyond(dear, judge_followers(dear.costs, expected, pace, rates), limits)


def _new_jobs(jobs: _Table, projects: _Table, expected: Matrix, limits: _Limits) -> Iterator[_Day]:
    """Jobs that begin in the period and are dear on a day of their first week, the first such day of each."""
    begin = {key: _first(costs) for key, costs in zip(projects.keys, projects.costs, strict=True)}
    expected_of = dict(zip(projects.keys, np.nan_to_num(expected), strict=True))
    for key, costs in zip(jobs.keys, jobs.costs, strict=True):
        first, project = _first(costs), key[: len(PROJECT)]
        if first not in limits.columns or first - begin[project] < _OLD:
            continue
        week = range(first, min(first + _DAYS_A_WEEK, limits.columns.stop))
        bars = np.maximum(limits.least, _AT_LEAST * expected_of[project])
        column = next((each for each in week if costs[each] >= bars[each]), None)
        if column is not None and not _is_in_place(costs, project, jobs, week):
            yield _Day(key, column, 0.0, float(costs[column]))


def _first(costs: Column) -> int:
    return int(np.argmax(~np.isnan(costs)))


def _is_in_place(costs: Column, project: tuple[str, ...], jobs: _Table, week: range) -> bool:
    """Whether a job took the place of others, which cost as much on these weekdays before and nothing since."""
    others = np.nan_to_num(jobs.costs[[key[: len(PROJECT)] == project for key in jobs.keys]])
    gone = others[(others[:, week.start : week.stop] == 0).all(axis=1)]
    before = [[column - weeks * _DAYS_A_WEEK for column in week] for weeks in range(1, _OLD // _DAYS_A_WEEK + 1)]
    cost_before = gone[:, before].mean(axis=1).sum()
    return bool(cost_before >= _IN_PLACE * costs[week.start : week.stop].sum())


def _is_told(day: _Day, new: Sequence[_Day], jobs: _Table, limits: _Limits) -> bool:
    """Whether a project's day is an anomaly only because of a new job that is told on the day it came."""
    earlier = {each.key for each in new if each.project == day.project and each.column < day.column}
    if not earlier:
        return False
    rows = [row for row, key in enumerate(jobs.keys) if key in earlier]
    rest = day.actual - float(jobs.costs[rows, day.column].sum())
    return not limits.reached(np.array([[rest]]), np.array([[day.expected]])).item()


def _cause(day: _Day, jobs: _Table) -> _Day | None:
    """The job whose rise on the day is the largest."""
    mine = jobs.rows(row for row, key in enumerate(jobs.keys) if key[: len(day.key)] == day.key)
    # A job that is new has no history: all of its cost is a rise.
    expected = np.nan_to_num(expect(mine.costs)[:, day.column])
    actual = np.nan_to_num(mine.costs[:, day.column])
    row = int(np.argmax(actual - expected))
    if actual[row] <= expected[row]:
        return None
    return _Day(mine.keys[row], day.column, float(expected[row]), float(actual[row]))


def _anomaly(found: _Day, job: _Day | None, lines: pd.DataFrame, days: Period, places: int) -> Anomaly:
    subjects: Mapping[int, Subject] = {0: "all", len(PROJECT): "project", len(JOB): "job"}
    day, cause = days.start + found.column * ONE_DAY, None
    if job is not None:
        *_, workflow, name = job.key
        cause = Cause(workflow, name, _money(job.expected, places), _money(job.actual, places))
    return Anomaly(
        day,
        found.project or None,
        _money(found.expected, places),
        _exactly(lines, found.key, day, places),
        cause,
        subjects[len(found.key)],
    )


def _exactly(lines: pd.DataFrame, key: tuple[str, ...], day: date, places: int) -> Decimal:
    """What a key cost on a day, to the last digit, which the tables do not have."""
    lines = lines[lines["date"] == pd.Timestamp(day)]
    alike = [(lines[name] == value).to_numpy() for name, value in zip(JOB, key, strict=False)]
    mine = lines[np.logical_and.reduce(alike)] if alike else lines
    return to_decimal(int(mine["cost"].sum()), places)


def _money(count: float, places: int) -> Decimal:
    return rounded(Decimal(count).scaleb(-places), _CENTS)
