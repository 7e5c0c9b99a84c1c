"""Where sums come from: the one thing that is different between engines."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Protocol

from circleci_usage.core.periods import Period
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.cache import cache_beside, read_sums
from circleci_usage.usage.input_files import FoundParts, Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.merge import merge


class Read(Protocol):
    """The days that performance is about (None: all of them), the branches' globs, the jobs' groups → the sums."""

    def __call__(  # noqa: D102
        self, period: Period | None, branch_globs: Sequence[str], job_groups: JobGroups = NO_GROUPS
    ) -> Sums: ...


class Merge(Protocol):
    """Writes the rows into one file, `only` those of some days; says what a reader should know of it.

    `has_repeats` tells whether rows repeat job runs.
    """

    def __call__(  # noqa: D102
        self, file: Path, *, only: Period | None, has_repeats: bool | None
    ) -> tuple[str, ...]: ...


@dataclass(frozen=True)
class Source:
    """Parts, and the engine that reads them.

    Attributes:
        files: how many parts there are.
        size: their bytes.
        read: sums them up.
        merge: writes their rows into one file; None where the rows stay where they are.
        warnings: what a reader should know, a line each.
        complete_through: the last UTC day whose data are complete; None when that is not known.
        complete: all days whose data are complete, also those without usage; None when that is not known.
    """

    files: int
    size: int
    read: Read
    merge: Merge | None = None
    warnings: tuple[str, ...] = ()
    complete_through: date | None = None
    complete: tuple[Period, ...] | None = None


def on_this_machine(found: FoundParts) -> Source:
    """Parts as this machine reads them, with a cache of the sums beside the first."""
    parts = found.parts

    def read(
        period: Period | None, branch_globs: Sequence[str], job_groups: JobGroups = NO_GROUPS
    ) -> Sums:
        cache = cache_beside(parts) if parts else None
        with at_least_a_header(parts) as some:
            return read_sums(some, branch_globs, period, cache, job_groups)

    def merge_all(file: Path, *, only: Period | None, has_repeats: bool | None) -> tuple[str, ...]:
        with at_least_a_header(parts) as some:
            return merge(some, file, only=only, has_repeats=has_repeats)

    return Source(
        files=len(parts),
        size=sum(part.path.stat().st_size for part in parts),
        read=read,
        merge=merge_all,
        warnings=found.warnings,
        complete_through=found.complete_through,
        complete=found.complete,
    )


@contextmanager
def at_least_a_header(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts, or one with nothing but a header when CircleCI exported no file at all: both are no usage."""
    if parts:
        yield parts
        return
    with working_folder() as folder:
        path = folder / "no-usage.csv"
        path.write_text(",".join(EXPORT_COLUMNS) + "\n", encoding="ascii")
        yield (Part(path, EXPORT_COLUMNS),)
