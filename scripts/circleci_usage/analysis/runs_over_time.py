"""Runs over time: the runs of workflows and jobs by day, week and month, with what they cost.

Runs and percentiles are those of the run statistics, computed exactly over the rows of each day,
week or month: the p95 of a week is not made of those of its days. Credits and costs are the sums of
the same days. What was charged without a run that ended, such as seats, has its row too, so that
the rows of each grain sum to all that the period cost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial
from math import nan
from operator import eq
from typing import Any, Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.durations import (
    Durations,
    DurationStats,
    known_number,
    known_p95,
    success_rate,
)
from circleci_usage.core.columnar import Cells, Records, Values, columns_of, narrowed, order
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.grouping import group_numbers, sum_by
from circleci_usage.core.groups import Codes, groups_of, shared_codes
from circleci_usage.core.periods import Period, months, uncovered, weeks
from circleci_usage.core.scaled_integers import Counts, to_decimal
from circleci_usage.costs.costs import Costs
from circleci_usage.schema.keys import JobKey, WorkflowKey
from circleci_usage.usage.job_run_rules import GRAINS
from circleci_usage.usage.run_statistics import RunStatistics

MOST_MARKS: Final = 60
"""Of a series: more days are shown as weeks, more weeks as months."""

TOP: Final = 6
"""Workflows, and jobs, that have a series."""

_AMOUNTS: Final = ("credits", "cost")
_COUNTS: Final = (
    *("runs", "succeeded", "failed", "canceled", "on_hold"),
    *("runs_with_seconds", "runs_with_queued", "queued_seconds"),
)
_PERCENTILES: Final = ("p50_seconds", "p95_seconds", "p50_queued", "p95_queued")
_SPAN: Final = "span"
_KEY: Final = "key"
"""The number of the workflow or job: numbers are in the order of names, and cheaper to compare."""

_Key = WorkflowKey | JobKey


@dataclass(frozen=True)
class TimedRuns:
    """The runs of a workflow or a job in a day, a week or a month.

    Attributes:
        key: the workflow or the job.
        days: those of the period that are in it.
        runs: that ended, or are on hold; 0 for what was charged without such a run.
        succeeded: those that ended well.
        failed: those that did not, and were not canceled.
        canceled: those that somebody stopped; for a workflow, those with a canceled job.
        on_hold: runs in which a job still waits, mostly for an approval; None for jobs.
        p50_seconds: 50% of the runs finished within this time; None where no times are known.
        p95_seconds: 95% of the runs finished within this time; None where there are too few.
        p50_queued: 50% of the runs started within this time; None for workflows, and where no
            times are known.
        p95_queued: likewise, None where there are too few.
        queued_seconds: how long all runs waited together; None for workflows.
        credits: all that it used on these days.
        cost: what they cost.
    """

    key: _Key
    days: Period
    runs: int = 0
    succeeded: int = 0
    failed: int = 0
    canceled: int = 0
    on_hold: int | None = None
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    p50_queued: float | None = None
    p95_queued: float | None = None
    queued_seconds: int | None = None
    credits: Decimal = ZERO
    cost: Decimal = ZERO

    @property
    def success_rate(self) -> Decimal | None:
        """Successful runs as a share of those that were not canceled; None when all were."""
        return success_rate(self.succeeded, self.runs, self.canceled)


@dataclass(frozen=True)
class RunSeries:
    """A workflow or job over the whole period.

    Attributes:
        stats: of the whole period.
        times: of each day, week or month of it, in their order; None where its data are missing.
    """

    stats: DurationStats
    times: Sequence[TimedRuns | None]


@dataclass(frozen=True)
class RunsOverTime:
    """All workflows and jobs over time.

    Attributes:
        workflows: grain → its rows by day, the most expensive first; see `GRAINS`.
        jobs: likewise.
        grain: that of the series.
        top_workflows: the series of the most expensive workflows.
        top_jobs: those of the most expensive jobs.
        places: the decimal places of credits and costs in the columns of workflows and jobs.
    """

    workflows: Mapping[str, Records[TimedRuns]]
    jobs: Mapping[str, Records[TimedRuns]]
    grain: str
    top_workflows: Sequence[RunSeries]
    top_jobs: Sequence[RunSeries]
    places: Mapping[str, int] = field(default_factory=dict)


def runs_over_time(
    costs: Costs,
    run_statistics: RunStatistics,
    found: Durations,
    period: Period,
    missing: Sequence[Period] = (),
) -> RunsOverTime:
    """Run statistics over time joined with the costs of the same days.

    Args:
        costs: of the period, day by day.
        run_statistics: of the same period.
        found: its workflows and jobs, the most expensive first.
        period: the days reported on.
        missing: those without data.
    """
    workflows = _by_grain(costs, run_statistics.workflow_times, WorkflowKey, period)
    jobs = _by_grain(costs, run_statistics.job_times, JobKey, period)
    grain = fitting_grain(period)
    spans = [*spans_of(period, grain)]
    unknown = {span for span in spans if not uncovered(span, missing)}
    return RunsOverTime(
        workflows,
        jobs,
        grain,
        [_series(stats, workflows[grain], spans, unknown) for stats in found.workflows[:TOP]],
        [_series(stats, jobs[grain], spans, unknown) for stats in found.jobs[:TOP]],
        {name: costs.places(name) for name in _AMOUNTS},
    )


def fitting_grain(period: Period) -> str:
    """The finest grain of which a period has at most `MOST_MARKS`."""
    for grain in GRAINS[:-1]:
        if sum(1 for _ in spans_of(period, grain)) <= MOST_MARKS:
            return grain
    return GRAINS[-1]


def spans_of(period: Period, grain: str) -> Iterator[Period]:
    """The days, weeks or months of a period, the first and the last clipped to it."""
    if grain == "day":
        return (Period.of_days(day, day) for day in period)
    return weeks(period) if grain == "week" else months(period)


def _by_grain(
    costs: Costs, times: pd.DataFrame, key: type[_Key], period: Period
) -> dict[str, Records[TimedRuns]]:
    """The rows of each grain; those of costs are summed by day only once."""
    names = [*key._fields]
    by_day = sum_by(costs.lines, ["date", *names], [*_AMOUNTS], sort=False).reset_index()
    daily = by_day[(by_day["credits"] != 0) | (by_day["cost"] != 0)]
    keys, (of_runs, of_costs) = _numbered([times.reindex(columns=names), daily[names]])
    numbered = times.assign(**{_KEY: of_runs})
    daily = daily[["date", *_AMOUNTS]].assign(**{_KEY: of_costs})
    places = costs.places("credits"), costs.places("cost")
    found = {}
    for grain in GRAINS:
        spans = [*spans_of(period, grain)]
        runs = _placed(_measured(numbered, grain), spans)
        amounts = sum_by(_placed(daily, spans), [_SPAN, _KEY], [*_AMOUNTS], sort=False)
        table = _joined(runs, amounts.reset_index())
        found[grain] = _records(table, key, keys, spans, places)
    return found


def _numbered(frames: Sequence[pd.DataFrame]) -> tuple[pd.DataFrame, Sequence[Counts]]:
    """The different rows of frames of names, in their order, and which of them each row is."""
    codes, names = {}, {}
    for name in frames[0]:
        shared, names[name] = shared_codes([frame[name] for frame in frames])
        codes[name] = np.concatenate(shared)
    columns = (Codes(codes[name], len(names[name])) for name in codes)
    groups = groups_of(columns, sort=True)
    keys = {
        name: pd.Categorical.from_codes(of_rows[groups.firsts], names[name])
        for name, of_rows in codes.items()
    }
    ends = np.cumsum([len(frame) for frame in frames])[:-1]
    return pd.DataFrame(keys), np.split(groups.of_rows, ends)


def _measured(times: pd.DataFrame, grain: str) -> pd.DataFrame:
    """Run statistics of a grain with all measures: those that workflows or jobs lack are 0."""
    wanted = ["date", _KEY, *_COUNTS, *_PERCENTILES]
    of_grain = times[times["grain"] == grain] if len(times) else times
    known = of_grain.reindex(
        columns=[name for name in wanted if name in of_grain or name == "date"]
    )
    counts: dict[str, Any] = {name: known[name].fillna(0) for name in _COUNTS if name in known}
    if "failed" not in counts and len(known):
        others = known[["succeeded", "canceled", "on_hold"]].astype("int64").sum(axis=1)
        counts["failed"] = known["runs"].astype("int64") - others
    missing = {name: 0 for name in _COUNTS if name not in counts}
    unknown = {name: nan for name in _PERCENTILES if name not in known}
    return known.assign(date=pd.to_datetime(known["date"]), **counts, **missing, **unknown)


def _placed(frame: pd.DataFrame, spans: Sequence[Period]) -> pd.DataFrame:
    """The rows with the index of the span that their day is in; a week may begin before it."""
    dated = frame[frame["date"] < pd.Timestamp(spans[-1].stop)]
    starts = pd.DatetimeIndex([span.start for span in spans])
    places = starts.searchsorted(dated["date"].to_numpy(), side="right") - 1
    return dated.assign(**{_SPAN: np.maximum(places, 0)})


def _joined(runs: pd.DataFrame, amounts: pd.DataFrame) -> pd.DataFrame:
    """The rows of runs with their amounts, and below them the amounts of no runs."""
    keys = [_SPAN, _KEY]
    every = pd.concat([runs[keys], amounts[keys]], ignore_index=True)
    numbers = group_numbers(every, keys)
    of_runs, of_amounts = numbers[: len(runs)], numbers[len(runs) :]
    is_alone = ~np.isin(of_amounts, of_runs)
    alone = amounts.loc[is_alone, keys].reindex(columns=runs.columns, fill_value=0)
    alone = alone.assign(**dict.fromkeys(_PERCENTILES, nan))
    parts = [part for part in (runs, alone) if len(part)] or [alone]
    # Of millions of rows, a copy takes much memory.
    table = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0]
    rows = np.concatenate([of_runs, of_amounts[is_alone]])
    found = {name: _looked_up(amounts[name].to_numpy(), of_amounts, rows) for name in _AMOUNTS}
    return table.reset_index(drop=True).assign(**found)


def _looked_up(amounts: Values, numbers: Values, rows: Values) -> Values:
    """The amount of each row by its number; 0 for numbers that have none."""
    known = np.zeros(max(numbers.max(initial=-1), rows.max(initial=-1)) + 1, amounts.dtype)
    known[numbers] = amounts
    found: Values = known[rows]
    return found


def _records(
    table: pd.DataFrame,
    key: type[_Key],
    keys: pd.DataFrame,
    spans: Sequence[Period],
    places: tuple[int, int],
) -> Records[TimedRuns]:
    """The rows by their days, the most expensive first."""
    names = [*key._fields]
    others = [_SPAN, *_COUNTS, *_PERCENTILES, *_AMOUNTS]

    def record(values: Cells) -> TimedRuns:
        row = dict(zip(others, values[len(names) :], strict=True))
        return _record(key(*values[: len(names)]), spans[row[_SPAN]], row, places)

    table = narrowed(table, [_SPAN, *_COUNTS])
    by_cost = order(table, ("cost", "runs"), [_KEY])
    by_day = np.argsort(table[_SPAN].to_numpy()[by_cost], kind="stable")
    named = keys.iloc[table[_KEY].to_numpy()]
    columns = columns_of(named, names) | columns_of(table, others)
    return Records(record, columns, by_cost[by_day])


def _record(key: _Key, days: Period, row: Mapping[str, Any], places: tuple[int, int]) -> TimedRuns:
    is_job = isinstance(key, JobKey)
    return TimedRuns(
        key=key,
        days=days,
        runs=row["runs"],
        succeeded=row["succeeded"],
        failed=row["failed"],
        canceled=row["canceled"],
        on_hold=None if is_job else row["on_hold"],
        p50_seconds=known_number(row, "p50_seconds"),
        p95_seconds=known_p95(row, "seconds"),
        p50_queued=known_number(row, "p50_queued"),
        p95_queued=known_p95(row, "queued"),
        queued_seconds=row["queued_seconds"] if is_job else None,
        credits=to_decimal(row["credits"], places[0]),
        cost=to_decimal(row["cost"], places[1]),
    )


def _series(
    stats: DurationStats,
    every: Records[TimedRuns],
    spans: Sequence[Period],
    unknown: set[Period],
) -> RunSeries:
    key = stats.key
    known = {each.days: each for each in _of_key(every, key)}
    of_job = isinstance(key, JobKey)
    on_hold, queued = (None, 0) if of_job else (0, None)
    times: list[TimedRuns | None] = []
    for span in spans:
        empty = TimedRuns(key, span, on_hold=on_hold, queued_seconds=queued)
        times.append(None if span in unknown else known.get(span, empty))
    return RunSeries(stats, times)


def _of_key(every: Records[TimedRuns], key: _Key) -> Records[TimedRuns]:
    # Few rows have the last name, so that the others are compared with little.
    for column, name in reversed([*zip(key._fields, key, strict=True)]):
        every = every.where(partial(eq, name), column)
    return every
