"""Self-hosted runners that jobs wait for."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pandas as pd

from circleci_usage.analysis.durations import DurationStats
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.schema.keys import JobClassKey, JobKey, OrganizationKey

LONG_QUEUE: Final = 300
"""Seconds. Whoever waits longer for a machine turns to something else."""

_RUNNER: Final = "runner"

_Runner = tuple[OrganizationKey, str]
"""An organization and the resource class of its runners."""


def slow_queues(known: SavingsInput) -> Iterator[Action]:
    """Classes of self-hosted runners with jobs whose p95 queue time is long.

    Waiting costs no credits, so a saving is not known. One action for all jobs of a class, because
    they wait for the same machines.
    """
    waiting: defaultdict[_Runner, list[DurationStats]] = defaultdict(list)
    classes = _runner_classes(known.statistics.machines)
    for job in known.durations.jobs if classes else ():
        key = JobKey(*job.key)
        if key in classes and (job.p95_queued or 0) >= LONG_QUEUE:
            organization = OrganizationKey(key.organization_id, key.organization)
            waiting[organization, classes[key]].append(job)
    for (organization, name), jobs in waiting.items():
        yield Action(
            kind="slow queue",
            where=JobClassKey(*organization, "", "", "", "", _RUNNER, name),
            certainty="worth a look",
            effort="medium",
            lever="runs",
            parts=(),
            evidence={
                "runs": sum(job.runs for job in jobs),
                "jobs": len(jobs),
                "p95_queued": max(job.p95_queued or 0 for job in jobs),
            },
        )


def _runner_classes(machines: pd.DataFrame) -> dict[JobKey, str]:
    """The runner class of each job that runs on one only: queue times are known by job."""
    names = [*JobKey._fields]
    found = machines[~machines.duplicated(names, keep=False) & (machines["executor"] == _RUNNER)]
    keys = found[names].itertuples(index=False, name=None)
    return dict(zip(map(JobKey._make, keys), found["resource_class"], strict=True))
