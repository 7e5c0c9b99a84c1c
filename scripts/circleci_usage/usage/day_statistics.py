"""How runs went on each UTC day: by workflow and branch group, and by job."""

from dataclasses import dataclass
from typing import Protocol

import polars as pl

from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns


@dataclass(frozen=True)
class DayStatistics:
    """Statistics of the runs of each day.

    Attributes:
        workflows: a row per `date`, `WORKFLOW_KEYS` and `branch_group`: `runs` (that ended on this
            day), and of these `succeeded`, `failed`, `canceled`; `runs_with_seconds`,
            `p50_seconds`, `p95_seconds` (null where no duration is known).
        jobs: a row per `date` and `JOB_KEYS` with the same, and `runs_with_queued`, `p50_queued`,
            `p95_queued`, `median_cpu`, `max_cpu`, `median_ram`, `max_ram`.

    Names that the export lacks are `NO_NAME`; rows without a day have a null date.
    """

    workflows: pl.DataFrame
    jobs: pl.DataFrame


class ReadDays(Protocol):
    """Computes the statistics of all days.

    Args:
        patterns: what branches and users are grouped by.
        job_groups: what jobs are called.
    """

    def __call__(  # noqa: D102
        self, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> DayStatistics: ...
