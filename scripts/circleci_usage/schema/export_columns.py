"""The columns of a CircleCI usage export: names, order, null marks and credit types.

Source: the Usage API's export format as published by CircleCI, and real export files.
"""

import re
from collections.abc import Iterable
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
"""All 48 columns in the order CircleCI writes them.

Older exports lack the three JOB_RUN_*_AT columns.
"""

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

LONGEST_NAME: Final = 10_000
"""Characters that a name in an export may have: lists, pages and tables repeat it."""

OTHER: Final = "other"
"""What TOTAL_CREDITS holds beyond the eight credit types: nothing in real exports."""

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

_CREDITS: Final = "_CREDITS"
_RESERVED: Final = frozenset({"total", "job", *CREDIT_TYPES})
"""Names whose columns mean something else already."""

_ABBREVIATIONS: Final = frozenset(
    {"ai", "api", "arm", "cpu", "gpu", "ip", "llm", "mcp", "ml", "ssh", "vm"}
)
_LONGEST_TYPE: Final = 40

CREDIT_TYPE_PATTERN: Final = rf"[a-z][a-z0-9_]{{0,{_LONGEST_TYPE - 1}}}"
"""What the name of a credit type looks like, including ones that CircleCI may add."""


def new_credit_columns(columns: Iterable[str]) -> dict[str, str]:
    """Credit columns that are not known yet: new credit type → its column.

    Whatever a column is called, its type follows `CREDIT_TYPE_PATTERN`: only letters, digits and
    underscores, so that it is harmless wherever it is shown.

        >>> new_credit_columns(["COMPUTE_CREDITS", "AI_AGENT_CREDITS"])
        {'ai_agent': 'AI_AGENT_CREDITS'}
    """
    known = {*CREDIT_COLUMNS.values(), TOTAL_CREDITS}
    found: dict[str, str] = {}
    for column in sorted(set(columns) - known):
        if column.endswith(_CREDITS):
            words = re.sub("[^a-z0-9]+", "_", column.removesuffix(_CREDITS).lower()).strip("_")
            name = words if words[:1].isalpha() else f"credits_{words}".strip("_")
            short = name[: _LONGEST_TYPE - 4].strip("_")
            found[_unlike(short, _RESERVED.union(found))] = column
    return found


def _unlike(name: str, taken: frozenset[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(each for each in numbered if each not in taken)


def credit_types(found: Iterable[str]) -> tuple[str, ...]:
    """All known credit types and the new ones among those found, in the order of lists."""
    return (*CREDIT_COLUMNS, *sorted(set(found) - set(CREDIT_TYPES)), OTHER)


def credit_types_of(names: Iterable[str]) -> tuple[str, ...]:
    """As `credit_types`, of those that have a column `<credit type>_credits`."""
    amounts = [
        name for name in names if name.endswith(_CREDITS.lower()) and name != TOTAL_CREDITS.lower()
    ]
    return credit_types(name.removesuffix(_CREDITS.lower()) for name in amounts)


def credit_type_name(credit_type: str) -> str:
    """A credit type as people read it; a new one gets its name from its column.

    >>> credit_type_name("dlc"), credit_type_name("ai_agent")
    ('Docker layer caching', 'AI agent')
    """
    if credit_type in CREDIT_TYPE_NAMES:
        return CREDIT_TYPE_NAMES[credit_type]
    words = [word.upper() if word in _ABBREVIATIONS else word for word in credit_type.split("_")]
    text = " ".join(words)
    return text[:1].upper() + text[1:]


OF_NO_PROJECT: Final = frozenset({"user", "lease", "lease_overage", "ipranges"})
"""Credit types that an organization is charged, not a project."""


def charge_description(credit_type: str) -> str:
    """What a charge is for: `Compute credits`, `User seats`."""
    name = credit_type_name(credit_type)
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
"""Shown where the export has null, such as the job name of a blocked run."""


def is_credit_type(name: str, credit_types: Iterable[str] = CREDIT_TYPES) -> bool:
    """Whether a name is that of a credit type, which stands for a missing project or job."""
    return name in map(credit_type_name, credit_types)


def job_in_words(job: str, credit_types: Iterable[str]) -> str:
    """How a sentence names a job, with `{}` for its name; a credit type is not called a job.

        >>> job_in_words("test", []), job_in_words("User seats", ["user"])
        ('the job {}', '{}')

    Args:
        job: its name, or the credit type that stands for it.
        credit_types: those of the report.
    """
    if job == NO_NAME:
        return "job runs without a name"
    return "{}" if is_credit_type(job, credit_types) else "the job {}"


BRANCH_GROUP: Final = "branch_group"
"""Stands for the branch where branches themselves would be too many: the globs it matches."""

USER_GROUP: Final = "user_group"
"""Patterns of the settings file that the user matches; stands for the user, as `BRANCH_GROUP`."""

OTHER_USERS: Final = "(other users)"
"""The group of users that no pattern matches."""

UNKNOWN_USER: Final = "(unknown)"
"""The user of job runs whose facts were kept before users were."""

OTHER_BRANCHES: Final = "(other branches)"
"""The group of a branch that matches none."""
