"""The engine of this machine: Polars, with kept sums beside the parts."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from circleci_usage.core.periods import Period
from circleci_usage.core.progress import Progress
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.cache import cache_beside, read_sums
from circleci_usage.usage.day_statistics import DayStatistics
from circleci_usage.usage.engine import Source
from circleci_usage.usage.input_files import FoundParts, Part
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.merge import merge
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.aggregate import read_day_statistics


def on_this_machine(found: FoundParts) -> Source:
    """Parts as this machine reads them; their sums are kept beside the first of them."""
    parts, with_files = found.parts, found.with_files

    def read(
        period: Period | None, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> Sums:
        cache = cache_beside(parts) if parts else None
        with at_least_a_header(parts) as some:
            return read_sums(some, patterns, period, cache, job_groups)

    def read_days(patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS) -> DayStatistics:
        cache = cache_beside(parts) if parts else None
        with at_least_a_header(parts) as some:
            return read_day_statistics(some, patterns, job_groups, cache)

    def merge_all(
        file: Path, *, only: Period | None, has_repeats: bool | None, progress: Progress
    ) -> tuple[str, ...]:
        with at_least_a_header(with_files) as some:
            return merge(some, file, only=only, has_repeats=has_repeats, progress=progress)

    return Source(
        files=len(with_files),
        size=sum(part.path.stat().st_size for part in with_files),
        read=read,
        merge=merge_all,
        read_days=read_days,
        warnings=found.warnings,
        complete_through=found.complete_through,
        complete=found.complete,
        facts_only=len(parts) - len(with_files),
    )


@contextmanager
def at_least_a_header(parts: Sequence[Part]) -> Iterator[Sequence[Part]]:
    """The parts, or one with only a header when CircleCI exported no file: both mean no usage."""
    if parts:
        yield parts
        return
    with working_folder() as folder:
        path = folder / "no-usage.csv"
        path.write_text(",".join(EXPORT_COLUMNS) + "\n", encoding="ascii")
        yield (Part(path, EXPORT_COLUMNS),)
