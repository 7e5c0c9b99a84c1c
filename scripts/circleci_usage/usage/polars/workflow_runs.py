"""Runs of workflows, from all parts of them."""

from typing import Final

import numpy as np
import polars as pl

from circleci_usage.usage.job_run_rules import WORKFLOW_OUTCOMES
from circleci_usage.usage.polars.group_numbers import Flags, Numbers, gathered, pairs, with_group
from circleci_usage.usage.polars.sliced_columns import NO_NUMBER, Columns
from circleci_usage.usage.polars.workflow_records import PartNames, PartRecords, flags_of

WorkflowRuns = Columns
"""Fields:
    who, workflow, date, branch, order, pipeline_number: as of `PartRecords`.
    seconds: NaN where not known, or where no job ever was on a machine, whatever times the export
        tells.
    outcome: its place in `OUTCOMES`.
    never_started: whether it was canceled without any job on a machine.
"""

OUTCOMES: Final = ("failed", *WORKFLOW_OUTCOMES)


def workflow_runs(parts: PartRecords) -> WorkflowRuns:
    """All parts of some workflow runs → the runs, with their outcomes.

    CircleCI sets the end of a workflow also while it is on hold: then some of its jobs wait, and
    none has failed. Without an end, a run has ended when all of its rows have; without
    IS_WORKFLOW_SUCCESSFUL, it was successful when all of its jobs were.

    It belongs to the day of its first row, and has the first branch by name.
    """
    workflows = pairs(parts["who"], parts["workflow"])
    rows = gathered(with_group(parts["run"], workflows))
    lowest = {
        name: rows.reduced(np.minimum, parts[name])
        for name in ("date", "branch", "order", "pipeline_number")
    }
    flags = flags_of(rows.reduced(np.bitwise_or, parts["flags"]))
    outcome = _outcomes(flags)
    never_started = (outcome == OUTCOMES.index("canceled")) & flags["had_nothing"]
    seconds = rows.reduced(np.fmax, parts["seconds"])
    return {
        **{name: parts[name].take(rows.firsts) for name in ("who", "workflow")},
        **lowest,
        "seconds": np.where(never_started, np.float32(np.nan), seconds),
        "outcome": outcome,
        "never_started": never_started,
    }


def _outcomes(flags: Columns) -> Numbers:
    is_successful = flags["successful"] | (flags["untold"] & flags["all_passed"])
    goes_on = ~flags["stopped"] & ~flags["all_ended"]
    waits = flags["waiting"] & ~flags["failed"]
    rules = {
        "canceled": flags["canceled"],
        "succeeded": is_successful,
        "running": goes_on,
        "on_hold": waits,
    }
    places = [np.uint8(OUTCOMES.index(name)) for name in rules]
    found: Numbers = np.select([*rules.values()], places, np.uint8(OUTCOMES.index("failed")))
    return found


def have_outcome(runs: WorkflowRuns, outcome: str) -> Flags:
    """Which runs had an outcome."""
    flags: Flags = runs["outcome"] == OUTCOMES.index(outcome)
    return flags


def have_ended(runs: WorkflowRuns) -> Flags:
    """Which runs ended, or are on hold."""
    return ~have_outcome(runs, "running")


def as_frame(runs: WorkflowRuns, names: PartNames) -> pl.DataFrame:
    """Runs with names and nulls.

    Columns:
        `who`, `workflow` (a categorical), `date`, `branch`, `order`, `pipeline_number`, `seconds`,
        `outcome`, `never_started`.
    """
    numbers = {name: pl.Series(runs[name]) for name in ("order", "pipeline_number")}
    return pl.DataFrame(
        {
            "who": runs["who"],
            "workflow": names.workflow.at(runs["workflow"]).cast(pl.Categorical),
            "date": names.date.at(runs["date"]),
            "branch": names.branch.at(runs["branch"]),
            **numbers,
            "seconds": pl.Series(runs["seconds"].astype(np.float64), nan_to_null=True),
            "outcome": pl.Series(OUTCOMES).gather(runs["outcome"]),
            "never_started": runs["never_started"],
        }
    ).with_columns(pl.col(*numbers).replace(NO_NUMBER, None))
