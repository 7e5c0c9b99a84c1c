"""What usage is broken down by, one row a dimension; every list of dimensions is derived from it."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Dimension:
    """What usage can be broken down by.

    Attributes:
        name: our column.
        column: the export's column; None for what is derived from others.
        label: one of its values, as people read it.
        plural: several of them.
        identity: the dimension whose value stays when this one is renamed.
    """

    name: str
    column: str | None
    label: str
    plural: str
    identity: str | None = None


DIMENSIONS: Final = (
    Dimension("date", "JOB_RUN_DATE", "Day", "Days"),
    Dimension("organization_id", "ORGANIZATION_ID", "Organization id", "Organization ids"),
    Dimension(
        "organization", "ORGANIZATION_NAME", "Organization", "Organizations", "organization_id"
    ),
    Dimension("project_id", "PROJECT_ID", "Project id", "Project ids"),
    Dimension("project", "PROJECT_NAME", "Project", "Projects", "project_id"),
    Dimension("vcs_url", "VCS_URL", "Repository", "Repositories", "project_id"),
    Dimension("workflow", "WORKFLOW_NAME", "Workflow", "Workflows"),
    Dimension("job", "JOB_NAME", "Job", "Jobs"),
    Dimension("resource_class", "RESOURCE_CLASS", "Resource class", "Resource classes"),
    Dimension("executor", "EXECUTOR", "Executor", "Executors"),
    Dimension("operating_system", "OPERATING_SYSTEM", "OS", "Operating systems"),
    Dimension("status", "JOB_BUILD_STATUS", "Status", "Statuses"),
    Dimension("trigger", "PIPELINE_TRIGGER_SOURCE", "Trigger", "Triggers"),
    Dimension("branch", "VCS_BRANCH", "Branch", "Branches"),
)
