"""Days that cost more than they should have, per project and in all, each with the job that explains it.

Method: a day is compared with the same weekday in the weeks around it, because builds follow the week: what it should
have cost is the median of those. It is an anomaly when the rest, actual minus expected, lies beyond Tukey's outer
fence, the third quartile of all rests plus three times their interquartile range (Exploratory Data Analysis, 1977,
"far out"), and is at least `minimum` and 30% of what was expected, so that pennies never alert. Sources: the anomaly
rules of the FinOps Framework's tools (OptScale's 30%; minimum amounts as in Microsoft's FinOps toolkit and Vantage).

Seats are left out, because they are charged once a month. A day that a project explains is not listed in all again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.daily import of_days
from circleci_usage.analysis.totals import PROJECT
from circleci_usage.days import ONE_DAY, Period
from circleci_usage.money.costs import Costs, within
from circleci_usage.money.exact import rounded
from circleci_usage.money.units import to_decimal

MINIMUM: Final = Decimal(10)
"""In the currency of the report; `anomalies.minimum` in the settings file."""

_AT_LEAST: Final = 0.3
"""Share of the expected cost that an anomaly is beyond it."""
_FAR_OUT: Final = 3.0
"""Interquartile ranges beyond the third quartile."""
WEEKS: Final = 8
"""How many weeks before and after a day tell what it should cost."""
_ENOUGH: Final = 3
"""With fewer weekdays alike, nothing can be said of a day."""
_DAYS_A_WEEK: Final = 7
_CENTS: Final = 2

Matrix = np.ndarray[tuple[int, int], np.dtype[np.float64]]


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
        expected: what it should have cost, to the cent.
        actual: what it cost; exact.
        cause: the job behind it; None when no single job rose.
    """

    day: date
    project: tuple[str, ...] | None
    expected: Decimal
    actual: Decimal
    cause: Cause | None


def find_anomalies(costs: Costs, known: Period, period: Period, minimum: Decimal = MINIMUM) -> tuple[Anomaly, ...]:
    """The anomalies of the period, the largest first.

    Args:
        costs: of the known days, and maybe of more.
        known: the complete days that there are data of.
        period: the days that are judged, as far as they are known.
        minimum: the least amount beyond what was expected.
    """
    lines, places = of_days(costs), costs.places("cost")
    days = _days_around(known, period)
    if days is None or lines.empty:
        return ()
    scaled = float(minimum) * 10.0**places
    lines = within(lines, days)
    keys = [*PROJECT]
    projects = _by_day(lines, keys, days)
    found = [
        _explained(lines, tuple(map(str, name)), day, expected, days, places)
        for name, day, expected in _beyond_fence(projects, scaled)
        if day in period
    ]
    explained = {anomaly.day for anomaly in found}
    in_all = _by_day(lines, [], days)
    found += [
        _explained(lines, None, day, expected, days, places)
        for _, day, expected in _beyond_fence(in_all, scaled)
        if day in period and day not in explained
    ]
    return tuple(sorted(found, key=lambda each: (each.expected - each.actual, each.day, each.project or ())))


def _days_around(known: Period, period: Period) -> Period | None:
    """The known days that can tell something about those of the period."""
    week = _DAYS_A_WEEK * ONE_DAY
    start, stop = max(known.start, period.start - WEEKS * week), min(known.stop, period.stop + WEEKS * week)
    return Period(start, stop) if start < stop else None


def _by_day(lines: pd.DataFrame, keys: list[str], days: Period) -> pd.DataFrame:
    """Costs, a row per combination of keys and a column per day; before its first cost a row has no value at all."""
    sums = lines.groupby([*keys, "date"], observed=True)["cost"].sum()
    table = sums.unstack("date") if keys else sums.to_frame(0).T  # noqa: PD010 - of a series
    table = table.reindex(columns=pd.DatetimeIndex([*days])).astype("float64")
    return table.fillna(0.0).where(table.ffill(axis=1).notna())


def _beyond_fence(table: pd.DataFrame, minimum: float) -> Iterator[tuple[tuple[str, ...], date, float]]:
    """Name, day and expected cost of whatever is an anomaly in a table of `_by_day`."""
    actual: Matrix = table.to_numpy()
    expected = _expected(actual)
    rest = actual - expected
    # A row of which nothing is known gets fences that nothing lies beyond.
    known = np.where(np.isnan(rest), np.nan, rest)
    known[np.isnan(known).all(axis=1)] = 0.0
    first, third = np.nanquantile(known, [0.25, 0.75], axis=1)
    fence = (third + _FAR_OUT * (third - first))[:, np.newaxis]
    with np.errstate(invalid="ignore"):
        beyond = (rest > fence) & (rest >= minimum) & (rest >= _AT_LEAST * expected)
    for row, column in np.argwhere(beyond):
        name = table.index[row]
        yield name if isinstance(name, tuple) else (), table.columns[column].date(), float(expected[row, column])


def _expected(actual: Matrix) -> Matrix:
    """The median of the same weekday in the weeks around each day; NaN where too few of them are known."""
    width = actual.shape[1]
    expected = np.full_like(actual, np.nan)
    weeks = _DAYS_A_WEEK * np.array([step for step in range(-WEEKS, WEEKS + 1) if step])
    for column in range(width):
        others = column + weeks
        alike = actual[:, others[(others >= 0) & (others < width)]]
        enough = (~np.isnan(alike)).sum(axis=1) >= _ENOUGH
        if enough.any():
            expected[enough, column] = np.nanmedian(alike[enough], axis=1)
    return expected


def _explained(
    lines: pd.DataFrame, project: tuple[str, ...] | None, day: date, expected: float, days: Period, places: int
) -> Anomaly:
    if project is not None:
        mine = [(lines[key] == value).to_numpy() for key, value in zip(PROJECT, project, strict=True)]
        lines = lines[np.logical_and.reduce(mine)]
    actual = int(lines.loc[lines["date"] == pd.Timestamp(day), "cost"].sum())
    return Anomaly(day, project, _money(expected, places), to_decimal(actual, places), _cause(lines, day, days, places))


def _cause(lines: pd.DataFrame, day: date, days: Period, places: int) -> Cause | None:
    jobs = _by_day(lines, [*PROJECT, "workflow", "job"], days)
    actual: Matrix = jobs.to_numpy()
    column = (day - days.start).days
    # A job that is new has no history: all of its cost is a rise.
    expected = np.nan_to_num(_expected(actual)[:, column])
    rises = np.nan_to_num(actual[:, column]) - expected
    row = int(np.argmax(rises))
    if rises[row] <= 0:
        return None
    *_, workflow, job = map(str, jobs.index[row])
    return Cause(workflow, job, _money(float(expected[row]), places), _money(float(actual[row, column]), places))


def _money(count: float, places: int) -> Decimal:
    return rounded(Decimal(count).scaleb(-places), _CENTS)
