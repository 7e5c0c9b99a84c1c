"""Facts planted in the sample company's data for the analyses to find.

Everything else is ordinary on purpose: no other cost anomaly, no other job far from its right size.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from circleci_usage.demo.company.catalog import LONGEST_JOB_SECONDS, Job


@dataclass(frozen=True)
class PlantedPlace:
    """The project, workflow and name of a job."""

    project: str
    workflow: str
    job: str


RUNAWAY: Final = PlantedPlace("data-lake", "nightly", "compact")
"""The one cost anomaly: on `RUNAWAY_DAY` only, this job runs until CircleCI stops it."""
RUNAWAY_DAY: Final = date(2026, 10, 14)

FLAKY: Final = PlantedPlace("web-storefront", "build", "end-to-end")
"""Fails in about every fifth run and passes when it is rerun in the same pipeline."""

BROKEN: Final = PlantedPlace("ios-merchant", "nightly", "ui-snapshots")
"""Has failed every night from the start."""

OVERSIZED: Final = (
    PlantedPlace("pay-ledger", "build", "unit-tests"),
    PlantedPlace("risk-scoring", "build", "unit-tests"),
)
"""On docker xlarge, with peaks of at most 20% CPU and 15% RAM."""

STARVING: Final = PlantedPlace("android-wallet", "build", "assemble")
"""On docker large, always with a peak of 100% CPU and more than 90% RAM."""


def as_planted(place: PlantedPlace, job: Job, *, on_runaway_day: bool) -> Job:
    """The job, changed if something is planted at its place."""
    if place == RUNAWAY and on_runaway_day:
        return replace(job, seconds=2 * LONGEST_JOB_SECONDS)
    if place == FLAKY:
        return replace(job, fails=0.2, flaky=True)
    if place == BROKEN:
        return replace(job, fails=1.0)
    if place in OVERSIZED:
        return replace(job, resource_class="xlarge", peaks=(18, 13))
    if place == STARVING:
        return replace(job, resource_class="large", peaks=(106, 96))
    return job
