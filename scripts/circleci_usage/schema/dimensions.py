"""What usage is broken down by: every list of dimensions derives from this table.

To add a dimension is to add a row: its export column is read, it appears in the places that the row
names, gets a table and a list in `summary.json`, and is in the generated documentation.

The order of the rows is the order of columns in our tables.

    >>> names_in(Place.BRANCH_USAGE)
    ('date', 'organization_id', 'organization', 'project_id', 'project', 'branch')
    >>> BREAKDOWN_TABLES["executors"].keys
    ('operating_system', 'executor')
"""

from typing import Final

from circleci_usage.schema.dimension import BreakdownTable, Dimension, OwnTable, Place, Tag
from circleci_usage.schema.export_columns import BRANCH_GROUP, USER_GROUP
from circleci_usage.schema.keys import BranchKey, JobKey, OrganizationKey, ProjectKey, WorkflowKey

CREDIT_TYPE: Final = "credit_type"
"""The dimension that pricing adds: a row of costs has one, a row of job runs has none."""

TEAM: Final = "team"
"""The dimension that allocation adds, from the rules of the settings file."""


_USAGE: Final = Place.DAILY_USAGE | Place.BRANCH_USAGE | Place.USER_USAGE
_COSTS: Final = Place.CHARGES | Place.CUBE
_NAMED: Final = (
    _USAGE | _COSTS | Place.DAILY_TABLES | Place.ALLOCATION | Place.CUSTOM_COSTS | Place.EXPLORER
)
_JOB: Final = Place.DAILY_USAGE | Place.OF_JOBS | Place.CUBE | Place.EXPLORER

DIMENSIONS: Final = (
    Dimension(
        name="date",
        column="JOB_RUN_DATE",
        label="Day",
        plural="Days",
        meaning="UTC day of the job run.",
        places=_USAGE | Place.CHARGES | Place.DAILY_TABLES,
        breakdown=OwnTable("daily", summary_key="daily", position=300),
    ),
    Dimension(
        name="organization_id",
        column="ORGANIZATION_ID",
        label="Organization id",
        plural="Organization ids",
        meaning="Id of the organization; it stays when the organization is renamed.",
        places=_USAGE | _COSTS | Place.DAILY_TABLES,
    ),
    Dimension(
        name="organization",
        column="ORGANIZATION_NAME",
        label="Organization",
        plural="Organizations",
        meaning="Name of the organization, as of its last day in the report.",
        identity="organization_id",
        places=_NAMED,
        tag=Tag.DEFAULT,
        breakdown=OwnTable("organizations", OrganizationKey._fields, position=20),
    ),
    Dimension(
        name="project_id",
        column="PROJECT_ID",
        label="Project id",
        plural="Project ids",
        meaning="Id of the project; it stays when the project is renamed.",
        places=_USAGE | _COSTS | Place.DAILY_TABLES,
    ),
    Dimension(
        name="project",
        column="PROJECT_NAME",
        label="Project",
        plural="Projects",
        meaning=(
            "Name of the project, as of its last day in the report;"
            " the credit type for charges without a project."
        ),
        identity="project_id",
        places=_NAMED | Place.RESERVED,
        tag=Tag.DEFAULT,
        breakdown=OwnTable("projects", ProjectKey._fields, position=30),
    ),
    Dimension(
        name="vcs_url",
        column="VCS_URL",
        label="Repository",
        plural="Repositories",
        meaning="URL of the project's repository.",
        identity="project_id",
        places=Place.DAILY_USAGE | Place.CHARGES,
    ),
    Dimension(
        name=TEAM,
        label="Team",
        plural="Teams",
        meaning="Owner of the cost, by the rules of the settings file.",
        places=_COSTS | Place.DAILY_TABLES | Place.CUSTOM_COSTS | Place.EXPLORER | Place.RESERVED,
        tag=Tag.DEFAULT,
        breakdown=OwnTable("teams", position=200),
    ),
    Dimension(
        name=CREDIT_TYPE,
        label="Credit type",
        plural="Credit types",
        meaning="What the credits were charged for: compute, storage, user seats, …",
        places=_COSTS | Place.ALLOCATION | Place.CUSTOM_COSTS | Place.EXPLORER | Place.RESERVED,
        tag=Tag.DEFAULT,
        breakdown=OwnTable("credit_types", position=10),
    ),
    Dimension(
        name="workflow",
        column="WORKFLOW_NAME",
        label="Workflow",
        plural="Workflows",
        meaning="Name of the workflow.",
        places=_JOB | Place.DAILY_TABLES | Place.ALLOCATION,
        tag=Tag.OPT_IN,
        breakdown=OwnTable("workflows", WorkflowKey._fields, position=40),
    ),
    Dimension(
        name="job",
        column="JOB_NAME",
        label="Job",
        plural="Jobs",
        meaning="Name of the job; the credit type for charges without a job.",
        places=_JOB | Place.DAILY_TABLES | Place.ALLOCATION,
        tag=Tag.OPT_IN,
        breakdown=OwnTable("jobs", JobKey._fields, position=50),
    ),
    Dimension(
        name="operating_system",
        column="OPERATING_SYSTEM",
        label="OS",
        plural="Operating systems",
        meaning="Operating system that the job ran on.",
        places=_JOB,
    ),
    Dimension(
        name="executor",
        column="EXECUTOR",
        label="Executor",
        plural="Executors",
        meaning="Kind of execution environment: Docker, machine, macOS, …",
        places=_JOB | Place.ALLOCATION,
        breakdown=OwnTable(
            "executors", ("operating_system", "executor"), heading="OS and executor", position=70
        ),
    ),
    Dimension(
        name="resource_class",
        column="RESOURCE_CLASS",
        label="Resource class",
        plural="Resource classes",
        meaning="Size of the machine, which decides the credits per minute.",
        places=_JOB | Place.DAILY_TABLES | Place.ALLOCATION,
        tag=Tag.OPT_IN,
        breakdown=OwnTable("resource_classes", position=60),
    ),
    Dimension(
        name="branch",
        column="VCS_BRANCH",
        label="Branch",
        plural="Branches",
        meaning="Branch that the pipeline ran for.",
        places=Place.BRANCH_USAGE | Place.OF_JOBS,
        tag=Tag.OPT_IN,
        breakdown=OwnTable("branches", BranchKey._fields, in_summary=False, position=80),
    ),
    Dimension(
        name=BRANCH_GROUP,
        label="Branch group",
        plural="Branch groups",
        meaning=(
            "Globs of the settings file, or main branches, that the branch matches;"
            " it stands for the branch where branches themselves would be too many."
        ),
        places=Place.DAILY_USAGE | Place.ALLOCATION | Place.CUBE | Place.EXPLORER,
    ),
    Dimension(
        name=USER_GROUP,
        label="User group",
        plural="User groups",
        meaning=(
            "Patterns of the settings file that the user who triggered the pipeline matches;"
            " it stands for the user where users themselves would be too many."
        ),
        places=Place.DAILY_USAGE | Place.ALLOCATION,
    ),
    Dimension(
        name="status",
        column="JOB_BUILD_STATUS",
        label="Status",
        plural="Statuses",
        meaning="How the job run ended: success, failed, canceled, …",
        places=_JOB,
        breakdown=OwnTable("statuses", position=90),
    ),
    Dimension(
        name="trigger",
        column="PIPELINE_TRIGGER_SOURCE",
        label="Trigger",
        plural="Triggers",
        meaning="What started the pipeline: a webhook, a schedule, the API, …",
        places=_JOB | Place.USER_USAGE | Place.ALLOCATION,
        breakdown=OwnTable("triggers"),
    ),
    Dimension(
        name="user",
        column="PIPELINE_TRIGGER_USER_ID",
        label="User",
        plural="Users",
        meaning="Id of the user who triggered the pipeline; schedules have none.",
        places=Place.USER_USAGE,
    ),
    Dimension(
        name="unregistered",
        column="IS_UNREGISTERED_USER",
        label="Unregistered",
        plural="Unregistered",
        meaning="Whether that user has no account at CircleCI, as the export says it: true, false.",
        places=Place.USER_USAGE,
    ),
)


def names_in(place: Place) -> tuple[str, ...]:
    """The dimensions that appear in a place."""
    return tuple(dimension.name for dimension in DIMENSIONS if place in dimension.places)


def names_tagged(tag: Tag) -> tuple[str, ...]:
    """The dimensions that Datadog metrics have as tags always, on request or never."""
    return tuple(dimension.name for dimension in DIMENSIONS if dimension.tag is tag)


def _breakdown_table(dimension: Dimension, own: OwnTable) -> BreakdownTable:
    summary_key = own.summary_key or f"by_{dimension.name}"
    return BreakdownTable(
        name=own.name,
        keys=own.keys or (dimension.name,),
        title=dimension.plural,
        heading=own.heading or dimension.label,
        summary_key=summary_key if own.in_summary else None,
        position=own.position,
    )


def _breakdown_tables() -> dict[str, BreakdownTable]:
    found = [
        _breakdown_table(dimension, dimension.breakdown)
        for dimension in DIMENSIONS
        if dimension.breakdown
    ]
    return {table.name: table for table in sorted(found, key=lambda table: table.position)}


BREAKDOWN_TABLES: Final = _breakdown_tables()
"""All breakdowns by their names, in the order of their lists in summary.json."""

JOB_DETAIL: Final = tuple(
    each.name
    for each in DIMENSIONS
    if Place.CUBE in each.places and Place.CHARGES not in each.places
)
"""What tells charges by job apart, besides the dimensions of all charges."""

EXPORT_NAMES: Final = {each.name: each.column for each in DIMENSIONS if each.column}
"""Our name of a dimension → the export's column that it is read from."""

IDENTITIES: Final = {each.name: each.identity for each in DIMENSIONS if each.identity}
"""Name → the id that stays when it is renamed; a repository is renamed with its project."""

KEY_IDENTITIES: Final = {
    name: identity for name, identity in IDENTITIES.items() if name in names_in(Place.BRANCH_USAGE)
}
"""As `IDENTITIES`, of the names that keys have: organization and project."""
