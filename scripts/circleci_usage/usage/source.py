"""Where daily usage comes from: the one thing that is different between engines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Protocol

from circleci_usage.days import Period
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.merge import merge
from circleci_usage.usage.parts import FoundParts

Read = Callable[[Period | None, Sequence[str]], DailyUsage]
"""The days that performance is about (None: all of them) and the branches' globs → daily usage."""


class Merge(Protocol):
    """Writes the rows into one file, `only` those of some days."""

    def __call__(self, file: Path, *, only: Period | None) -> None: ...  # noqa: D102


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
    """

    files: int
    size: int
    read: Read
    merge: Merge | None = None
    warnings: tuple[str, ...] = ()
    complete_through: date | None = None


def on_this_machine(found: FoundParts) -> Source:
    """Parts as this machine reads them, with a cache of the sums beside the first."""
    parts = found.parts

    def read(period: Period | None, branch_globs: Sequence[str]) -> DailyUsage:
        cache = cache_beside(parts) if parts else None
        return read_daily_usage(parts, period=period, branch_globs=branch_globs, cache=cache)

    return Source(
        files=len(parts),
        size=sum(part.path.stat().st_size for part in parts),
        read=read,
        merge=partial(merge, parts),
        warnings=found.warnings,
        complete_through=found.complete_through,
    )
