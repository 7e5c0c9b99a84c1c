"""Export files that must stay as they are: numbers of several readings belong together."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.usage.aggregates import Sums
from circleci_usage.usage.engine import Merge, Read, Source
from circleci_usage.usage.file_hashes import state_of
from circleci_usage.usage.input_files import FoundParts
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.engine import on_this_machine

_Version = tuple[int, int]
"""Size, and time of the last change in nanoseconds."""


@dataclass(frozen=True)
class _Watch:
    """Files as they were found.

    Attributes:
        versions: of each file.
        function: what to call to read them again.
    """

    versions: dict[Path, _Version]
    function: str

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Something is read from the files, which are the same before and after.

        Raises:
            DataError: a file changed or is gone.
        """
        self._check()
        yield
        self._check()

    def _check(self) -> None:
        for path, version in self.versions.items():
            if _version_now(path) != version:
                raise DataError(
                    f"{inert(path.name)} changed or is gone since it was read; call"
                    f" {self.function} again."
                )


def watched(found: FoundParts, function: str) -> Source:
    """Parts as this machine reads them, as long as they are as they were found.

    Args:
        found: the parts.
        function: what to call to read them again, for a message.

    Raises:
        SettingsError: a part cannot be read.
    """
    watch = _Watch({part.path: _version(part.path) for part in found.with_files}, function)
    source = on_this_machine(found)
    merge = source.merge and _merging(source.merge, watch)
    return replace(source, read=_reading(source.read, watch), merge=merge)


def _reading(read: Read, watch: _Watch) -> Read:
    def watched_read(
        period: Period | None, patterns: NamePatterns, job_groups: JobGroups = NO_GROUPS
    ) -> Sums:
        with watch.unchanged():
            return read(period, patterns, job_groups)

    return watched_read


def _merging(merge: Merge, watch: _Watch) -> Merge:
    def watched_merge(
        file: Path, *, only: Period | None, has_repeats: bool | None, progress: Progress
    ) -> tuple[str, ...]:
        with watch.unchanged():
            return merge(file, only=only, has_repeats=has_repeats, progress=progress)

    return watched_merge


def _version(path: Path) -> _Version:
    state = state_of(path)
    return state.size, state.modified


def _version_now(path: Path) -> _Version | None:
    try:
        return _version(path)
    except SettingsError:
        return None
