"""The columns of a CircleCI usage export: their names, order, null marks and credit types, said once.

Source: the Usage API's export format as published by CircleCI, and real export files.
"""

from typing import Final

EXPORT_COLUMNS: Final = (
    "ORGANIZATION_ID",
    "ORGANIZATION_NAME",
    "ORGANIZATION_CREATED_DATE",
    "PROJECT_ID",
    "PROJECT_NAME",
    "PROJECT_CREATED_DATE",
    "LAST_BUILD_FINISHED_AT",
    "VCS_NAME",
    "VCS_URL",
    "VCS_BRANCH",
    "PIPELINE_ID",
    "PIPELINE_CREATED_AT",
    "PIPELINE_NUMBER",
    "IS_UNREGISTERED_USER",
    "PIPELINE_TRIGGER_SOURCE",
    "PIPELINE_TRIGGER_USER_ID",
    "WORKFLOW_ID",
    "WORKFLOW_NAME",
    "WORKFLOW_FIRST_JOB_QUEUED_AT",
    "WORKFLOW_FIRST_JOB_STARTED_AT",
    "WORKFLOW_STOPPED_AT",
    "IS_WORKFLOW_SUCCESSFUL",
    "JOB_NAME",
    "JOB_RUN_NUMBER",
    "JOB_ID",
    "JOB_RUN_DATE",
    "JOB_RUN_QUEUED_AT",
    "JOB_RUN_STARTED_AT",
    "JOB_RUN_STOPPED_AT",
    "JOB_BUILD_STATUS",
    "RESOURCE_CLASS",
    "OPERATING_SYSTEM",
    "EXECUTOR",
    "PARALLELISM",
    "JOB_RUN_SECONDS",
    "MEDIAN_CPU_UTILIZATION_PCT",
    "MAX_CPU_UTILIZATION_PCT",
    "MEDIAN_RAM_UTILIZATION_PCT",
    "MAX_RAM_UTILIZATION_PCT",
    "COMPUTE_CREDITS",
    "DLC_CREDITS",
    "USER_CREDITS",
    "STORAGE_CREDITS",
    "NETWORK_CREDITS",
    "LEASE_CREDITS",
    "LEASE_OVERAGE_CREDITS",
    "IPRANGES_CREDITS",
    "TOTAL_CREDITS",
)
"""All 48 columns in the order CircleCI writes them. Older exports lack the three JOB_RUN_*_AT columns."""

NULL_MARKS: Final = ("\\N", "\\\\N")
"""How exports write null: with one backslash or with two, quoted or not."""

CREDIT_COLUMNS: Final = {
    "compute": "COMPUTE_CREDITS",
    "dlc": "DLC_CREDITS",
    "user": "USER_CREDITS",
    "storage": "STORAGE_CREDITS",
    "network": "NETWORK_CREDITS",
    "lease": "LEASE_CREDITS",
    "lease_overage": "LEASE_OVERAGE_CREDITS",
    "ipranges": "IPRANGES_CREDITS",
}
"""Credit type → its column."""

TOTAL_CREDITS: Final = "TOTAL_CREDITS"

OTHER: Final = "other"
"""What TOTAL_CREDITS holds beyond the eight credit types: nothing in real exports, shown rather than lost."""

CREDIT_TYPES: Final = (*CREDIT_COLUMNS, OTHER)

CREDIT_TYPE_NAMES: Final = {
    "compute": "Compute",
    "dlc": "Docker layer caching",
    "user": "User seats",
    "storage": "Storage",
    "network": "Network",
    "lease": "Lease",
    "lease_overage": "Lease overage",
    "ipranges": "IP ranges",
    OTHER: "Other",
}

OF_NO_PROJECT: Final = frozenset({"user", "lease", "lease_overage", "ipranges"})
"""Credit types that an organization is charged, not a project."""


def charge_description(credit_type: str) -> str:
    """What a charge is for: `Compute credits`, `User seats`."""
    name = CREDIT_TYPE_NAMES[credit_type]
    return name if credit_type == "user" else f"{name} credits"


REQUIRED_COLUMNS: Final = (
    "ORGANIZATION_NAME",
    "PROJECT_NAME",
    "WORKFLOW_NAME",
    "JOB_NAME",
    "JOB_RUN_DATE",
    "COMPUTE_CREDITS",
    TOTAL_CREDITS,
)
"""A file without one of these is not a usage export; every other column may be missing."""

NO_NAME: Final = "(none)"
"""Shown where the export has a null, e.g. the job name of a run that was blocked."""

BRANCH_GROUP: Final = "branch_group"
"""What stands for the branch where the branches themselves would be too many: the globs that it matches."""

OTHER_BRANCHES: Final = "(other branches)"
"""The group of a branch that matches none."""

DAILY_CHARGES: Final = "daily_charges"
"""The report's table of credits and cost per day, for programs that read reports back."""

CHARGEBACK: Final = "chargeback"
"""The report's table of what finance posts: month, team, the tags of the settings file, amounts, currency."""

DAILY_RUNS: Final = "daily_runs"
"""The report's table of job runs per day."""
