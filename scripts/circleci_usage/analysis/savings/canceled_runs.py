"""Actions on runs that are canceled after they have started."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_RUNS
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.analysis.savings.monthly_places import Spent
from circleci_usage.core.decimals import ratio, total
from circleci_usage.schema.keys import JobClassKey, JobKey, WorkflowKey

MUCH: Final = Decimal("0.05")
"""Of what a workflow costs: everywhere somebody cancels a run now and then."""


def canceled_late(known: SavingsInput) -> Iterator[Action]:
    """Workflows whose runs are canceled after they have started: what these runs cost.

    It is the most that there can be to save: how much of it an earlier end would have spared, the
    export does not say.
    """
    canceled = known.places.part(_are_canceled).by_workflow
    counts = _counts(known)
    for key, spent in canceled.items():
        runs = counts[key]
        share = ratio(_credits(spent), _credits(known.places.by_workflow[key]))
        if runs.canceled >= ENOUGH_RUNS and share >= MUCH:
            yield Action(
                kind="canceled late",
                where=JobClassKey(*key, "", "", ""),
                certainty="worth a look",
                effort="low",
                lever="runs",
                parts=known.places.saved_of(spent),
                evidence={"runs": runs.ended, "canceled_runs": runs.canceled},
            )


def _credits(spent: Sequence[Spent]) -> Decimal:
    return total(each.credits for each in spent)


def _are_canceled(lines: pd.DataFrame) -> pd.Series:
    are_canceled: pd.Series = lines["status"] == "canceled"
    return are_canceled


@dataclass
class _JobRuns:
    """The job runs of a workflow: those that ended, and those canceled after their start."""

    ended: int = 0
    canceled: int = 0


def _counts(known: SavingsInput) -> Mapping[WorkflowKey, _JobRuns]:
    """How many job runs each workflow had."""
    found: defaultdict[WorkflowKey, _JobRuns] = defaultdict(_JobRuns)
    for each in known.waste.jobs:
        counts = found[JobKey(*each.key).workflow_key]
        counts.ended += each.runs
        counts.canceled += each.stopped_runs
    return found
