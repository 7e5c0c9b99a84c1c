"""The section of the settings file that groups numbered jobs, to be pasted there as it is."""

from collections.abc import Mapping, Sequence
from typing import Final

import yaml

_NO_FOLD: Final = 1_000_000


def job_group_settings(groups: Mapping[str, Sequence[str]]) -> str:
    r"""The section `job_groups`, as YAML in ASCII: whatever a name holds stays text.

    Args:
        groups: name of a group → the patterns of its jobs.

    Example:
        >>> job_group_settings({"lint": ["lint-*"]})
        'job_groups:\n  lint: [lint-*]\n'
    """
    listed = {name: [*globs] for name, globs in groups.items()}
    text: str = yaml.safe_dump(
        {"job_groups": listed}, default_flow_style=None, sort_keys=False, width=_NO_FOLD
    )
    return text
