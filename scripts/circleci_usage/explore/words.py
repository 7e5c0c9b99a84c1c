"""The words of a question, apart from what answers it: a shell that completes them cannot wait."""

from enum import StrEnum
from typing import Final

from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import BRANCH_GROUP

DEFAULT_BY: Final = ("project",)
DEFAULT_TOP: Final = 20
MOST_TOP: Final = 10_000


class Metric(StrEnum):
    """What groups are ranked by."""

    COST = "cost"
    CREDITS = "credits"
    LIST_COST = "list_cost"
    JOB_RUNS = "job_runs"
    RUN_MINUTES = "run_minutes"
    COST_PER_RUN = "cost_per_run"


class Granularity(StrEnum):
    """How long a bucket of days is."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


def explored_names() -> tuple[str, ...]:
    """The dimensions that a question knows; branches are given by their group, as in the cube."""
    return tuple(map(explored_name, names_in(Place.EXPLORER)))


def explored_name(name: str) -> str:
    """What the explorer calls a dimension.

    >>> explored_name("project"), explored_name("branch_group")
    ('project', 'branch')
    """
    return "branch" if name == BRANCH_GROUP else name
