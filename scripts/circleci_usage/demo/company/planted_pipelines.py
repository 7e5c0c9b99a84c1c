"""Whole pipelines planted in the sample company's data: what nobody needs runs in them."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from circleci_usage.demo.company import catalog
from circleci_usage.demo.company.planted import PlantedPlace
from circleci_usage.demo.company.projects import Job, Workflow

_SATURDAY: Final = 5


@dataclass(frozen=True)
class PlantedPipelines:
    """Pipelines that a project has besides its ordinary ones.

    Attributes:
        project: its name.
        workflow: what they run.
        source: what triggers them: `webhook` for a push, or a schedule.
        branch: that they run on; None for other branches every time.
        a_day: how many; pushed ones on weekdays only.
    """

    project: str
    workflow: Workflow
    source: str
    branch: str | None
    a_day: int

    @property
    def is_pushed(self) -> bool:
        """Whether a person triggers them."""
        return self.source == "webhook"

    def count(self, day: date) -> int:
        """How many there are on a day."""
        return 0 if self.is_pushed and day.weekday() >= _SATURDAY else self.a_day


def _always_failing(workflow: Workflow, name: str) -> Workflow:
    def fail(job: Job) -> Job:
        return replace(job, fails=1.0) if job.name == name else job

    return replace(workflow, stages=tuple(tuple(map(fail, stage)) for stage in workflow.stages))


DEAD_SCHEDULE: Final = PlantedPipelines(
    "web-landing",
    Workflow(
        "link-check",
        (
            (Job("crawl", "docker", "xlarge", 900, fails=0.0),),
            (Job("upload-results", "docker", "small", 60, fails=1.0),),
        ),
        "nightly",
    ),
    "scheduled_pipeline",
    "main",
    1,
)
"""Runs every night and has never succeeded: its last job always fails."""
BROKEN_UPLOAD: Final = PlantedPlace("web-landing", "link-check", "upload-results")
"""The last job of `DEAD_SCHEDULE`."""

DEAD_BRANCH: Final = PlantedPipelines(
    "ml-forecast",
    _always_failing(catalog.ML_BUILD, "smoke-train"),
    "webhook",
    "spike/transformer",
    1,
)
"""Somebody pushes to it every weekday, and it has never passed."""

CANCELED_LATE: Final = PlantedPipelines(
    "web-dashboard",
    replace(catalog.WEB_BUILD, is_superseded=True),
    "webhook",
    None,
    3,
)
"""Newer pushes cancel them when they are almost done."""

PLANTED_PIPELINES: Final = (DEAD_SCHEDULE, DEAD_BRANCH, CANCELED_LATE)
