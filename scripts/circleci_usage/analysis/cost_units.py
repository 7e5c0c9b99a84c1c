"""The units that costs are divided by: pipelines, workflow runs, deploys, active users, minutes.

What they are:

    pipeline: counted once, on the day of its first job run.
    workflow_run: a workflow's run in a pipeline that has ended or is on hold; likewise.
    default_branch_success: such a run that succeeded on its project's default branch.
    active_user: a user who started at least one job run in the time in question.
    build_minute: a minute that a job ran, whatever its result.

A unit of the settings file, such as `deploy`, is a successful run of a job that it names.
"""

from dataclasses import dataclass
from typing import Final

PIPELINE: Final = "pipeline"
WORKFLOW_RUN: Final = "workflow_run"
DEFAULT_BRANCH_SUCCESS: Final = "default_branch_success"
ACTIVE_USER: Final = "active_user"
BUILD_MINUTE: Final = "build_minute"

UNITS: Final = (PIPELINE, WORKFLOW_RUN, DEFAULT_BRANCH_SUCCESS, ACTIVE_USER, BUILD_MINUTE)
"""The units of every report; those of the settings file come after them."""


@dataclass(frozen=True)
class UnitRule:
    """A unit of the settings file: successful runs of jobs that match a glob of each list.

    Attributes:
        name: what it is called.
        jobs: globs of the jobs' own names.
        workflows: globs of their workflows; without any, all of them.
    """

    name: str
    jobs: tuple[str, ...]
    workflows: tuple[str, ...] = ()
