"""The latest runs of the most expensive workflows, one by one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Any, TypeVar

import pandas as pd

from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import WorkflowKey
from circleci_usage.usage.job_run_rules import HIGH, WORKFLOW_KEYS
from circleci_usage.usage.run_statistics import RunStatistics

_Made = TypeVar("_Made")


@dataclass(frozen=True)
class RecentRun:
    """A run of a workflow.

    Attributes:
        day: of its first job.
        position: from 0, the oldest of those that are listed.
        outcome: succeeded, failed, canceled, on_hold or running.
        seconds: from the start of its first job to the end; None where that is not known.
        branch: None where the export has none, as for tags.
        pipeline_number: None where the export has none.
    """

    day: date | None
    position: int
    outcome: str
    seconds: float | None
    branch: str | None
    pipeline_number: int | None


@dataclass(frozen=True)
class RecentRuns:
    """The latest runs of a workflow.

    Attributes:
        key: the workflow.
        runs: the oldest first.
    """

    key: WorkflowKey
    runs: Sequence[RecentRun]

    @property
    def most_seconds(self) -> float | None:
        """95% of them finished within this time, or all where they are too few for a p95.

        Charts end there, so that one stuck run does not flatten the others; None where no times
        are known.
        """
        known = sorted(run.seconds for run in self.runs if run.seconds is not None)
        if len(known) < ENOUGH_FOR_P95:
            return known[-1] if known else None
        return known[ceil(HIGH * len(known)) - 1]


def recent_runs(
    run_statistics: RunStatistics, workflows: Sequence[DurationStats]
) -> Sequence[RecentRuns]:
    """The workflows whose latest runs are known, in the order of all workflows.

    Args:
        run_statistics: of the period.
        workflows: all that ran, the most expensive first.
    """
    found = run_statistics.recent_runs
    if found.empty:
        return ()
    places = {each.key: place for place, each in enumerate(workflows)}
    groups = found.groupby([*WORKFLOW_KEYS], sort=False)
    every = [RecentRuns(WorkflowKey(*map(str, key)), [*_runs(runs)]) for key, runs in groups]
    return sorted(every, key=lambda recent: places.get(recent.key, len(places)))


def _runs(found: pd.DataFrame) -> Iterator[RecentRun]:
    for row in found.sort_values("position").to_dict("records"):
        yield RecentRun(
            day=_known(row["date"], lambda moment: moment.date()),
            position=int(row["position"]),
            outcome=row["outcome"],
            seconds=_known(row["seconds"], float),
            branch=None if row["branch"] == NO_NAME else _known(row["branch"], str),
            pipeline_number=_known(row["pipeline_number"], int),
        )


def _known(value: date | float | str | None, make: Callable[[Any], _Made]) -> _Made | None:
    return None if pd.isna(value) else make(value)
