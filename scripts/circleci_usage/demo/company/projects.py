"""What the sample company consists of: organizations, projects, their workflows and jobs."""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

LONGEST_JOB_SECONDS: Final = 5 * 60 * 60
"""CircleCI stops a job after five hours."""


@dataclass(frozen=True)
class SampleOrganization:
    """An organization of the sample company.

    Attributes:
        id: its id.
        name: its name.
        slug: like `gh/acme`.
        vcs_type: github, bitbucket or circleci.
        created: its first day.
    """

    id: str
    name: str
    slug: str
    vcs_type: str
    created: date


@dataclass(frozen=True)
class Job:
    """A job of a workflow; `seconds` is what a run typically takes."""

    name: str
    executor: str
    resource_class: str
    seconds: int
    parallelism: int = 1
    peaks: tuple[int, int] | None = None
    """Usual peaks of CPU and RAM in percent; None for peaks that suit the resource class."""
    fails: float = 0.03
    flaky: bool = False
    saves_mb: int = 0
    """Stored in caches, workspaces and artifacts, by about half of the runs."""
    fetches_mb: int = 0
    """Transferred to a self-hosted runner."""
    ip_ranges_mb: int = 0
    layer_caching: bool = False
    uncached_seconds: int | None = None
    """What a run typically takes without layer caching; None where all runs use it."""
    queue_seconds: int | None = None
    """What a run typically waits for a machine; None for what is usual with the executor."""
    others_busy: tuple[float, float] = (0.8, 1.0)
    """Of several containers, one takes as long as the job, and the others these shares of it."""


When = Literal["push", "main", "nightly", "weekly", "evening"]
"""What triggers a workflow: a push, a push to the main branch, or a schedule.

Runs of the evening end after midnight.
"""


@dataclass(frozen=True)
class Workflow:
    """Stages one after the other; the jobs of a stage run at the same time.

    `hold` waits for a person's approval before the last stage. `is_superseded` if a newer push
    cancels each run while its last stage runs.
    """

    name: str
    stages: tuple[tuple[Job, ...], ...]
    when: When = "push"
    hold: bool = False
    is_superseded: bool = False


@dataclass(frozen=True)
class SampleProject:
    """A project, which builds from the day when it was `created` until it was `retired`.

    `pushes` is the number of pipelines on a weekday of the demo's last month.
    """

    name: str
    organization: SampleOrganization
    workflows: tuple[Workflow, ...]
    pushes: float
    created: date
    retired: date | None = None
