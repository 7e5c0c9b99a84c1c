"""Runs over time as lines: what tables have of them, without a record for each."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.breakdowns import JOB, WORKFLOW
from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.analysis.runs_over_time import RunsOverTime, TimedRuns, spans_of
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.columnar import Records, Values
from circleci_usage.core.periods import Period
from circleci_usage.core.scaled_integers import RATIO_PLACES, ratios

_COUNTS: Final = ("runs", "succeeded", "failed", "canceled")


def workflow_lines(found: RunsOverTime, grain: str, period: Period) -> ScaledLines:
    """The workflows of a grain, as `TimedRuns` has them, in their order.

    Columns: `first` and `last` of the days, the names, and the attributes that workflows have.

    Args:
        found: the runs.
        grain: one of `GRAINS`.
        period: that they are of.
    """
    every = found.workflows[grain]
    lines = _lines(every, [*spans_of(period, grain)], WORKFLOW, [*_COUNTS, "on_hold"])
    return _with_amounts(lines, every, found)


def job_lines(found: RunsOverTime, grain: str, period: Period) -> ScaledLines:
    """The same of jobs, which have queue times and are not on hold."""
    every = found.jobs[grain]
    lines = _lines(every, [*spans_of(period, grain)], JOB, _COUNTS)
    lines |= {
        "p50_queued": every.column("p50_queued"),
        "p95_queued": _p95(every, "queued"),
        "queued_seconds": every.column("queued_seconds").astype("int64"),
    }
    return _with_amounts(lines, every, found)


def _lines(
    every: Records[TimedRuns], spans: Sequence[Period], names: Sequence[str], counts: Sequence[str]
) -> dict[str, Values]:
    of_line = every.column("span").astype("int64")
    first = np.array([span.first for span in spans], dtype="object")
    last = np.array([span.last for span in spans], dtype="object")
    every_count = {name: every.column(name).astype("int64") for name in counts}
    finished = every_count["runs"] - every_count["canceled"]
    return {
        "first": first[of_line],
        "last": last[of_line],
        **{name: every.column(name) for name in names},
        **every_count,
        "success_rate": ratios(every_count["succeeded"], finished),
        "p50_seconds": every.column("p50_seconds"),
        "p95_seconds": _p95(every, "seconds"),
    }


def _p95(every: Records[TimedRuns], unit: str) -> Values:
    has_enough = every.column(f"runs_with_{unit}") >= ENOUGH_FOR_P95
    found: Values = np.where(has_enough, every.column(f"p95_{unit}"), np.nan)
    return found


def _with_amounts(
    lines: dict[str, Values], every: Records[TimedRuns], found: RunsOverTime
) -> ScaledLines:
    amounts = {name: every.column(name) for name in found.places}
    return ScaledLines(
        pd.DataFrame({**lines, **amounts}),
        found.places,
        rates={"success_rate": RATIO_PLACES},
        unknown={"success_rate": _is_without_end},
    )


def _is_without_end(lines: pd.DataFrame) -> pd.Series:
    """Where all runs were canceled, or there are none."""
    return lines["runs"] == lines["canceled"]
