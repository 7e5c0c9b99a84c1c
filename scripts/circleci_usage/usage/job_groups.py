"""Jobs that the settings file puts together under one name (`job_groups`).

CircleCI numbers a job that a workflow uses several times (`lint-1`, `lint-2`), so that one job is
listed as many.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from circleci_usage.core.globs import matcher
from circleci_usage.schema.export_columns import NO_NAME


@dataclass(frozen=True)
class JobGroups:
    """Name of a group → globs of the names of its jobs; the first group that matches wins."""

    globs: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def renamed(self, jobs: Iterable[str]) -> dict[str, str]:
        """Jobs that a group gives another name → that name.

        A run whose job has no name belongs to no group.

        >>> JobGroups({"lint": ("lint-*",)}).renamed(["lint-1", "lint-2", "test"])
        {'lint-1': 'lint', 'lint-2': 'lint'}
        """
        groups = {name: matcher(globs) for name, globs in self.globs.items()}
        names: dict[str, str] = {}
        for job in jobs:
            matching = (name for name, matches in groups.items() if matches(job))
            group = next(matching, job)
            if job not in (NO_NAME, group):
                names[job] = group
        return names


NO_GROUPS: Final = JobGroups()
