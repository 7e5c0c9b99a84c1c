"""Facts planted in the sample company's data for the analyses to find.

Everything else is ordinary on purpose: no other cost anomaly, no other job far from its right size.
What a job is changed into draws as many random numbers as before, and whole pipelines have random
numbers of their own, so that planting leaves the rest of the data alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

from circleci_usage.demo.company.projects import LONGEST_JOB_SECONDS, Job


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

OVERSIZED: Final = {
    PlantedPlace("pay-ledger", "build", "unit-tests"): ("xlarge", "medium"),
    PlantedPlace("risk-scoring", "build", "unit-tests"): ("xlarge", "medium"),
    PlantedPlace("platform-agent", "build", "linux-amd64"): ("2xlarge", "large"),
}
"""With peaks of at most 20% CPU and 15% RAM; their class, and the smallest that fits them."""

STARVING: Final = PlantedPlace("android-wallet", "build", "assemble")
"""On docker large, always with a peak of 100% CPU and more than 90% RAM."""

DEARER_THAN_NEXT: Final = {
    RUNAWAY: "2xlarge.gen2",
    PlantedPlace("data-warehouse", "nightly", "compact"): "2xlarge.gen2",
    PlantedPlace("android-wallet", "nightly", "device-matrix"): "xlarge.gen2",
    PlantedPlace("android-merchant", "nightly", "device-matrix"): "xlarge.gen2",
}
"""On machines whose next generation has a lower rate, and that; Docker would be cheaper still."""

MOVED: Final = PlantedPlace("web-dashboard", "nightly", "visual-regression")
"""Ran on docker 2xlarge before `MOVED_ON`, and takes as long on xlarge since."""
MOVED_ON: Final = date(2026, 9, 7)

IDLE_CONTAINERS: Final = PlantedPlace("web-admin", "build", "end-to-end")
"""Splits its tests so unevenly that seven of its eight containers soon have nothing to do."""

SLOW_QUEUE: Final = PlantedPlace("platform-kubernetes", "plan", "plan")
"""Waits for its self-hosted runner for minutes."""

USELESS_CACHE: Final = PlantedPlace("pay-checkout", "build", "image")
"""About a third of its runs go without layer caching, and take a few seconds longer."""

USEFUL_CACHE: Final = PlantedPlace("ci-images", "images", "build-amd64")
"""Likewise, but they take three times as long: caching is worth more than its charge."""

STORING: Final = PlantedPlace("data-warehouse", "build", "dry-run")
"""Stores far more than any other job."""

FETCHING: Final = PlantedPlace("platform-terraform", "plan", "plan")
"""Transfers more to its self-hosted runner than any other job."""

UNUSED_SEATS: Final = 3
"""Seats of people who push to no project."""

_CHANGES: Final[Mapping[PlantedPlace, Mapping[str, Any]]] = {
    FLAKY: {"fails": 0.2, "flaky": True},
    BROKEN: {"fails": 1.0},
    **{
        place: {"resource_class": machine, "peaks": (18, 13)}
        for place, (machine, _) in OVERSIZED.items()
    },
    STARVING: {"resource_class": "large", "peaks": (106, 96)},
    IDLE_CONTAINERS: {"parallelism": 8, "others_busy": (0.3, 0.5)},
    SLOW_QUEUE: {"queue_seconds": 420},
    USELESS_CACHE: {"uncached_seconds": 165},
    USEFUL_CACHE: {"uncached_seconds": 1500},
    STORING: {"saves_mb": 600},
}
"""What is different from the other projects' job of that name."""


def is_unlike_now(project: str, day: date) -> bool:
    """Whether a job of the project was different on a day from what it is on the demo's."""
    is_runaway = project == RUNAWAY.project and day == RUNAWAY_DAY
    return is_runaway or (project == MOVED.project and day < MOVED_ON)


def as_planted(place: PlantedPlace, job: Job, day: date | None = None) -> Job:
    """The job on a day, changed if something is planted at its place; None for the demo's day."""
    if place == RUNAWAY and day == RUNAWAY_DAY:
        return replace(job, seconds=2 * LONGEST_JOB_SECONDS)
    if place == MOVED and day and day < MOVED_ON:
        return replace(job, resource_class="2xlarge")
    changes = _CHANGES.get(place)
    return replace(job, **changes) if changes else job
