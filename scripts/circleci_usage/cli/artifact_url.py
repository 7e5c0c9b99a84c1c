"""The URL of a report among the artifacts of a CircleCI job."""

import re
from collections.abc import Mapping
from typing import Final

from circleci_usage.schema.report_files import PAGE_NAME, REPORT_FOLDER

_JOB: Final = re.compile(r"[0-9a-f-]{36}")
_INDEX: Final = re.compile(r"\d{1,6}")


def artifact_link(environment: Mapping[str, str]) -> str | None:
    """The URL of the page among this job's artifacts; None outside CircleCI."""
    job = environment.get("CIRCLE_WORKFLOW_JOB_ID", "")
    index = environment.get("CIRCLE_NODE_INDEX", "0")
    if not _JOB.fullmatch(job) or not _INDEX.fullmatch(index):
        return None
    artifacts = f"https://output.circle-artifacts.com/output/job/{job}/artifacts/{index}"
    return f"{artifacts}/{REPORT_FOLDER}/{PAGE_NAME}"
