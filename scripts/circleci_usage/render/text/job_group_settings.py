"""The text that groups numbered jobs, to be pasted into the settings file."""

from collections.abc import Iterable
from typing import Final

import yaml

from circleci_usage.analysis.numbered_jobs import NumberedJob

_NO_FOLD: Final = 1_000_000


def job_group_settings(jobs: Iterable[NumberedJob]) -> str:
    r"""The section `job_groups` with a group for each name, as YAML in ASCII.

    Its form: `job_groups:\n  lint: [lint-*]\n`. Whatever a name contains stays text.
    """
    groups = {job.name: [*job.globs] for job in jobs}
    text: str = yaml.safe_dump(
        {"job_groups": groups}, default_flow_style=None, sort_keys=False, width=_NO_FOLD
    )
    return text
