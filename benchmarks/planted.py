"""Anomalies that are planted into daily series, of whole projects and of single jobs, and how many are found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.daily_series import Series, Values
from circleci_usage.analysis.anomalies import find_anomalies
from circleci_usage.core.periods import Period, add_months, month_start
from circleci_usage.costs.costs import Costs

TIMES = (2, 3, 5)
"""What planted days cost, as multiples of what was expected."""

HISTORY = 91
"""Days before the month that is judged."""

_A_DAY = 300.0
"""What a project costs on average."""

_LEAST = 10.0
_AROUND = 8 * 7
_EVERYTHING = "everything"
_SAME = ("organization_id", "organization", "project_id", "project", "workflow", "credit_type")

Jobs = dict[str, Values]


@dataclass
class Score:
    """What was found.

    Attributes:
        months: how many were judged,
        false_alarms: with how many alarms on days that nothing was planted on.
        planted: how many days, by their multiple,
        found: and how many of them.
    """

    months: int
    false_alarms: int
    planted: dict[int, int]
    found: dict[int, int]


Detector = Callable[[Jobs, date, Period], set[tuple[date, str]]]
"""Costs of jobs from a first day on, and the month to judge → days, and what stands out on them."""


def ours(jobs: Jobs, first: date, month: Period) -> set[tuple[date, str]]:
    """What a report says: on which day which job is behind an anomaly."""
    length = (month.stop - first).days
    days = pd.date_range(first, periods=length)
    cents = [np.round(values[:length] * 100).astype("int64") for values in jobs.values()]
    names = pd.Categorical(np.repeat([*jobs], length))
    lines = pd.DataFrame(
        {"date": np.tile(days, len(jobs)), "job": names, "cost": np.concatenate(cents)}
    )
    lines = lines[lines["cost"] != 0].reset_index(drop=True)
    same = pd.Categorical(np.full(len(lines), "one"))
    lines = lines.assign(**dict.fromkeys(_SAME, same), credits=lines["cost"])
    found = find_anomalies(Costs(lines, 0, 2), Period(first, month.stop), month)
    return {(each.day, each.cause.job) for each in found if each.cause}


def judge(series: Series, detect: Detector, *, in_jobs: bool, stride: int = 1) -> Score:
    """Plant days into a series, one at a time.

    Args:
        series: what a project does on each day.
        detect: finds them.
        in_jobs: whether the project has several jobs, of which a single one costs too much.
        stride: judge every n-th month.
    """
    random = np.random.default_rng(11)
    jobs = (
        _jobs(series, random)
        if in_jobs
        else {_EVERYTHING: series.daily * _A_DAY / series.daily.mean()}
    )
    score = Score(0, 0, dict.fromkeys(TIMES, 0), dict.fromkeys(TIMES, 0))
    for start, month in [*_months(series)][::stride]:
        window = {
            name: values[start : start + HISTORY + len(month)] for name, values in jobs.items()
        }
        first = month.start - timedelta(days=HISTORY)
        score.months += 1
        score.false_alarms += len(detect(window, first, month))
        offset, name = int(random.integers(len(month))), [*jobs][int(random.integers(len(jobs)))]
        expected = _expected(jobs[name], start + HISTORY + offset)
        if expected < _LEAST:
            continue
        for times in TIMES:
            planted = window | {name: window[name].copy()}
            planted[name][HISTORY + offset] = times * expected
            score.planted[times] += 1
            score.found[times] += (month.start + timedelta(days=offset), name) in detect(
                planted, first, month
            )
    return score


def _months(series: Series) -> Iterator[tuple[int, Period]]:
    """Whole months that have enough days before them, and where those begin."""
    first = series.first + timedelta(days=HISTORY)
    month = add_months(month_start(first), 0 if first.day == 1 else 1)
    while (add_months(month, 1) - series.first).days <= len(series.daily):
        yield (month - series.first).days - HISTORY, Period(month, add_months(month, 1))
        month = add_months(month, 1)


def _expected(values: Values, day: int) -> float:
    """The mean of the same weekday in the weeks around."""
    around = [
        n for n in range(day - _AROUND, day + _AROUND + 1, 7) if n != day and 0 <= n < len(values)
    ]
    return float(values[around].mean())


def _jobs(series: Series, random: np.random.Generator) -> Jobs:
    """A project whose jobs follow the series, or a timer of their own."""
    count = len(series.daily)
    weekdays = np.array([series.day(n).weekday() for n in range(count)])
    pushes = np.round(series.daily * max(1.0, 8 / series.daily.mean())).astype("int64")

    def noisy(values: np.ndarray[tuple[int, ...], np.dtype[Any]], spread: float) -> Values:
        costs: Values = values * random.lognormal(0, spread, count)
        return costs

    jobs = {
        "build": noisy(pushes * 1.0, 0.1),
        "test": noisy(pushes * 2.0, 0.15),
        "e2e": noisy(4.0 * random.binomial(pushes, 0.3), 0.2),
        "deploy": noisy(3.0 * random.poisson(2, count) * (weekdays < 5), 0.2),
        "nightly": noisy(0.0 * series.daily + 8.0, 0.05),
        "weekly": noisy(25.0 * (weekdays == 0), 0.1),
    }
    scale = _A_DAY / sum(float(values.mean()) for values in jobs.values())
    return {name: values * scale for name, values in jobs.items()}
