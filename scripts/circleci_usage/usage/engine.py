"""What an engine provides: it reads usage files and returns their sums.

There are two: Polars on this machine (`usage.polars.engine`) and Spark on a cluster
(`usage.spark.engine`). Each says in its own expressions how job runs are read and summed. They
share the names, limits and patterns (`job_run_rules`), which credits a total includes
(`new_credits`), which of several rows of a job run counts (`repeats`), the warnings (`outside`,
`repeats`), and the shape of what comes back (`aggregates.Sums`: small Polars frames).

Tests hold the engines together, not shared expressions: `tests/usage/test_spark.py` compares both
with the same independent oracle, and the reports that they lead to byte by byte.

An engine is a function that returns a `Source`. It must give

- `read`: the daily sums, the sums of branches and users and the run statistics, with a warning for
  whatever a reader must know; it raises `DataError` where a file is damaged, and never skips rows;
- `merge`, where the rows can be written into one file on this machine;
- what is known before reading: how many files and bytes, and which days are complete.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from circleci_usage.core.periods import Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.day_statistics import ReadDays
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns


class Read(Protocol):
    """Sums up the parts.

    Args:
        period: the days that the run statistics are about; None for all days.
        patterns: what branches and users are grouped by.
        job_groups: what jobs are called in the run statistics.
    """

    def __call__(  # noqa: D102
        self, period: Period | None, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> Sums: ...


class Merge(Protocol):
    """Writes the rows into one file and returns what a reader should know of it, a line each.

    Args:
        file: the file to write.
        only: the days whose rows are written; None for all.
        has_repeats: whether rows repeat job runs; None when that is not known.
        progress: shows how many bytes of the parts are done.
    """

    def __call__(  # noqa: D102
        self, file: Path, *, only: Period | None, has_repeats: bool | None, progress: Progress
    ) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Source:
    """Parts, and the engine that reads them.

    Attributes:
        files: how many parts there are, as files.
        size: their bytes.
        read: sums them up.
        merge: writes their rows into one file; None where the rows stay where they are.
        read_days: computes statistics of each day; None where the engine has none.
        warnings: what a reader should know, a line each.
        complete_through: the last UTC day whose data are complete; None when that is not known.
        complete: all days whose data are complete, also those without usage; None when that is not
            known.
        facts_only: how many parts there are of which only facts are kept.
    """

    files: int
    size: int
    read: Read
    merge: Merge | None = None
    read_days: ReadDays | None = None
    warnings: tuple[str, ...] = ()
    complete_through: date | None = None
    complete: tuple[Period, ...] | None = None
    facts_only: int = 0

    @property
    def extent(self) -> str:
        """How much there is to read: `3 usage files (9.5 MB) and the facts of 2 pruned ones`."""
        files = f"{counted(self.files, 'usage file')} ({self.size / 1e6:,.1f} MB)"
        if not self.facts_only:
            return files
        return f"{files} and the facts of {counted(self.facts_only, 'pruned one')}"
