"""Where a report can be looked at, as far as a CircleCI job can know."""

import re
from collections.abc import Mapping
from typing import Final

ARTIFACTS: Final = "usage-report"
"""Where the orb's job stores the report among its artifacts."""

_JOB: Final = re.compile(r"[0-9a-f-]{36}")
_INDEX: Final = re.compile(r"\d{1,6}")


def artifact_link(environment: Mapping[str, str]) -> str | None:
    """The address of the page among this job's artifacts; None outside of a CircleCI job."""
    job, index = (
        environment.get("CIRCLE_WORKFLOW_JOB_ID", ""),
        environment.get("CIRCLE_NODE_INDEX", "0"),
    )
    if not _JOB.fullmatch(job) or not _INDEX.fullmatch(index):
        return None
    return f"https://output.circle-artifacts.com/output/job/{job}/artifacts/{index}/{ARTIFACTS}/index.html"
