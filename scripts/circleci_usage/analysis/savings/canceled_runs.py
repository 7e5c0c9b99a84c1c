"""Actions on runs that are canceled after they have started."""

from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.core.grouping import sum_by
from circleci_usage.schema.keys import JobClassKey, WorkflowKey

LEAST_OF: Final = 20
"""One credit of so many that the workflow uses: everywhere somebody cancels a run now and then."""


def canceled_late(known: SavingsInput) -> Iterator[Action]:
    """Workflows whose runs are canceled after they have started: what these runs cost.

    It is the most that there can be to save: how much of it an earlier end would have spared, the
    export does not say.
    """
    canceled = known.places.part(_are_canceled)
    all_credits = known.places.workflow_credits
    much = {
        key: credits
        for key, credits in canceled.workflow_credits.items()
        if credits * LEAST_OF >= all_credits[key]
    }
    counts = _counts(known) if much else {}
    for key in much:
        runs, canceled_runs = counts.get(key, (0, 0))
        spent = canceled.of_workflow(key)
        if spent and canceled_runs >= ENOUGH_RUNS:
            yield Action(
                kind="canceled late",
                where=JobClassKey(*key, "", "", ""),
                certainty="worth a look",
                effort="low",
                lever="runs",
                parts=known.places.saved_of(spent),
                evidence={"runs": runs, "canceled_runs": canceled_runs},
            )


def _are_canceled(lines: pd.DataFrame) -> pd.Series:
    are_canceled: pd.Series = lines["status"] == "canceled"
    return are_canceled


def _counts(known: SavingsInput) -> Mapping[WorkflowKey, tuple[int, int]]:
    """How many job runs of each workflow ended, and how many were canceled after their start."""
    jobs = known.statistics.jobs
    started = jobs["canceled"] - jobs["never_started"]
    sums = sum_by(jobs.assign(canceled=started), WorkflowKey._fields, ["runs", "canceled"])
    rows = zip(sums.index, sums["runs"], sums["canceled"], strict=True)
    return {WorkflowKey(*names): (int(runs), int(canceled)) for names, runs, canceled in rows}
