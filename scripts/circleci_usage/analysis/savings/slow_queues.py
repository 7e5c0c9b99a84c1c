"""Self-hosted runners that jobs wait for."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Final

import pandas as pd

from circleci_usage.analysis.evidence import ENOUGH_FOR_P95
from circleci_usage.analysis.savings.actions import Action
from circleci_usage.analysis.savings.known import SavingsInput
from circleci_usage.schema.keys import JobClassKey, JobKey, OrganizationKey

LONG_QUEUE: Final = 300
"""Seconds. Whoever waits longer for a machine turns to something else."""

_RUNNER: Final = "runner"

_COLUMNS: Final = [*JobKey._fields, "runs", "p95_queued"]

_Runner = tuple[OrganizationKey, str]
"""An organization and the resource class of its runners."""


def slow_queues(known: SavingsInput) -> Iterator[Action]:
    """Classes of self-hosted runners with jobs whose p95 queue time is long.

    Waiting costs no credits, so a saving is not known. One action for all jobs of a class, because
    they wait for the same machines.
    """
    jobs = known.statistics.jobs
    is_long = (jobs["p95_queued"] >= LONG_QUEUE) & (jobs["runs_with_queued"] >= ENOUGH_FOR_P95)
    classes = _runner_classes(known.statistics.machines)
    waiting: defaultdict[_Runner, list[tuple[int, float]]] = defaultdict(list)
    for *names, runs, p95 in jobs.loc[is_long, _COLUMNS].itertuples(index=False, name=None):
        key = JobKey(*names)
        if key in classes:
            organization = OrganizationKey(key.organization_id, key.organization)
            waiting[organization, classes[key]].append((int(runs), float(p95)))
    for (organization, name), slow in waiting.items():
        yield Action(
            kind="slow queue",
            where=JobClassKey(*organization, "", "", "", "", _RUNNER, name),
            certainty="worth a look",
            effort="medium",
            lever="runs",
            parts=(),
            evidence={
                "runs": sum(runs for runs, _ in slow),
                "jobs": len(slow),
                "p95_queued": max(p95 for _, p95 in slow),
            },
        )


def _runner_classes(machines: pd.DataFrame) -> dict[JobKey, str]:
    """The runner class of each job that runs on one only: queue times are known by job."""
    names = [*JobKey._fields]
    found = machines[~machines.duplicated(names, keep=False) & (machines["executor"] == _RUNNER)]
    keys = found[names].itertuples(index=False, name=None)
    return dict(zip(map(JobKey._make, keys), found["resource_class"], strict=True))
