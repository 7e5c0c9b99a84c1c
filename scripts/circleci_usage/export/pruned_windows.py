"""Pruned windows: their files are gone, and what these said is kept as facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from circleci_usage.core.periods import Period, consecutive_periods
from circleci_usage.core.plurals import enumerated
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.store import Store
from circleci_usage.usage.input_files import Part, Recorded
from circleci_usage.usage.kept_facts import without_files


@dataclass(frozen=True)
class PrunedUsage:
    """What is left of pruned windows.

    Attributes:
        kept: the windows whose facts are all there.
        lost: the others. Part of a window would give wrong numbers, so nothing of them is read.
        parts: those of the kept windows; their files are gone.
        unread: windows whose facts are there, for a reader that cannot read them.
    """

    kept: tuple[Window, ...]
    lost: tuple[Window, ...]
    parts: tuple[Part, ...]
    unread: tuple[Window, ...] = ()

    @property
    def missing(self) -> tuple[Window, ...]:
        """The windows whose days are missing."""
        return (*self.lost, *self.unread)

    def without_facts(self) -> "PrunedUsage":
        """The same for a reader that cannot read facts."""
        return PrunedUsage((), self.lost, (), unread=self.kept)


def pruned_usage(store: Store, windows: Iterable[Window]) -> PrunedUsage:
    """What is left of the pruned ones among some windows of a store."""
    pruned = [window for window in windows if window.state is State.PRUNED]
    found = {window: facts_of(store, window) for window in pruned}
    lost = tuple(window for window, parts in found.items() if parts is None)
    kept = {window: parts for window, parts in found.items() if parts is not None}
    return PrunedUsage(tuple(kept), lost, tuple(chain.from_iterable(kept.values())))


def facts_of(store: Store, window: Window) -> tuple[Part, ...] | None:
    """The parts of a window as their facts, whether the files are there; None if some are lost."""
    recorded = with_facts(store.recorded_in([window]))
    found = without_files(recorded)
    return found if len(found) == len(recorded) else None


def with_facts(recorded: Mapping[Path, Recorded]) -> dict[Path, Recorded]:
    """The parts of a window that facts are kept of: those with rows, each once.

    A part with the bytes of another one is a copy, which `find_recorded` leaves out.
    """
    first: dict[str, Path] = {}
    for path, of_part in recorded.items():
        if of_part.rows:
            first.setdefault(of_part.sha256, path)
    return {path: recorded[path] for path in first.values()}


def pruned_usage_warnings(store: Store, usage: PrunedUsage, days: Period) -> tuple[str, ...]:
    """What readers should know of pruned windows with some of the days.

    Args:
        store: has the windows.
        usage: what is left of them.
        days: those that are read.
    """
    windows = (usage.kept, usage.unread, usage.lost)
    kept, unread, lost = (_shared(some, days) for some in windows)
    warnings = []
    if kept:
        warnings.append(
            f"Only facts are kept of {listed_days(kept)}: the export files were pruned. Reports"
            " have these days as before, but a merged file lacks their job runs."
        )
    if unread:
        warnings.append(
            f"Only facts are kept of {listed_days(unread)}: the export files were pruned. Facts are"
            " not read together with files at URLs, so these days are missing; report on them"
            " without URLs."
        )
    if lost:
        warnings.append(
            f"The facts of {listed_days(lost)}, whose export files were pruned, are missing or"
            " cannot be read, so these days are missing; restore a good copy of"
            f" {inert(store.folder)}."
        )
    return tuple(warnings)


def days_of(windows: Iterable[Window]) -> tuple[Period, ...]:
    """The days of some windows.

    Example:
        August and September 2025 → 2025-08-01 to 2025-09-30
    """
    return tuple(consecutive_periods({day for window in windows for day in window.period}))


def listed_days(days: Iterable[Period]) -> str:
    """Days as a sentence lists them: `2025-08-01 to 2025-08-31 and 2025-10-01 to 2025-10-31`."""
    return enumerated(map(str, days))


def _shared(windows: Iterable[Window], days: Period) -> tuple[Period, ...]:
    """The days of the windows that are among some others."""
    shared = {day for window in windows for day in window.period if day in days}
    return tuple(consecutive_periods(shared))
