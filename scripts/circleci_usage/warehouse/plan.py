"""What to change in a warehouse: which rows are new, which days they replace; pure decisions."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from circleci_usage.core.periods import Period, months
from circleci_usage.export.ledger_checks import job_of_prefix
from circleci_usage.usage.input_files import Part
from circleci_usage.warehouse.destination import Change, Days, Load, Staged
from circleci_usage.warehouse.staged_files import organizations_of
from circleci_usage.warehouse.staging import StagedRuns
from circleci_usage.warehouse.tables import SCHEMA_VERSION, WarehouseTable

There = Mapping[str, Load]
"""What a destination has, by name."""

UNDATED: Final = "undated"


@dataclass(frozen=True)
class Window:
    """An export of a store, whose days no other has.

    Attributes:
        export: CircleCI's id of the export job.
        days: its days.
        organizations: whose usage it is.
        parts: its files.
        fingerprint: of their bytes.
    """

    export: str
    days: Period
    organizations: frozenset[str]
    parts: tuple[Part, ...]
    fingerprint: str

    def name(self, month: date) -> str:
        """What its job runs of a month are called in the table `loads`."""
        return runs_name(self.export, month)

    @property
    def months(self) -> tuple[Period, ...]:
        """Its days by calendar month."""
        return tuple(months(self.days))

    @property
    def is_gone(self) -> bool:
        """Whether the store has only what its job runs say, not the job runs."""
        return any(part.is_gone for part in self.parts)

    def is_in(self, there: There) -> bool:
        """Whether the destination has all of its job runs."""
        return all(_has(there, self.name(each.first), self.fingerprint) for each in self.months)

    def missing_in(self, there: There) -> Iterator[Period]:
        """The months that the destination lacks."""
        for each in self.months:
            if not _has(there, self.name(each.first), self.fingerprint):
                yield each


@dataclass(frozen=True)
class Unit:
    """Rows that replace those of the same days.

    Attributes:
        month: of the rows, by its first day; None for rows without a day.
        load: what is recorded of them.
        staged: the rows, by table.
    """

    month: date | None
    load: Load
    staged: tuple[Staged, ...]


def windows_of(parts: Iterable[Part]) -> tuple[Window, ...]:
    """The parts of a store by their export, in the order of their days."""
    of_exports: defaultdict[str, list[Part]] = defaultdict(list)
    for part in parts:
        if part.recorded:
            of_exports[part.recorded.export].append(part)
    windows = [_window(export, those) for export, those in of_exports.items()]
    return tuple(sorted(windows, key=lambda window: (window.days.start, window.export)))


def runs_name(what: str, month: date | None) -> str:
    """What job runs of a month are called in the table `loads`.

    >>> runs_name("files", date(2026, 3, 1)), runs_name("files", None)
    ('job_runs files 2026-03', 'job_runs files undated')
    """
    return f"job_runs {what} {UNDATED if month is None else f'{month:%Y-%m}'}"


def costs_name(month: date) -> str:
    """As `runs_name`, of costs."""
    return f"daily_costs {month:%Y-%m}"


def fingerprint(texts: Iterable[str]) -> str:
    """A checksum of what was loaded, and of how.

    >>> len(fingerprint(["a", "b"]))
    64
    """
    whole = "\n".join([f"version {SCHEMA_VERSION}", *texts])
    return hashlib.sha256(whole.encode(errors="surrogateescape")).hexdigest()


def has_all(there: There, names: Iterable[str], wanted: str) -> bool:
    """Whether the destination has all of these with the same fingerprint."""
    return all(_has(there, name, wanted) for name in names)


def is_astray(staged: StagedRuns, window: Window) -> bool:
    """Whether a window has job runs that are not of its days."""
    return not all(
        each.days.period is not None and window.days.covers(each.days.period)
        for each in staged.months
    )


def days_of(window: Window, month: Period, staged: StagedRuns) -> Days:
    """The days that the job runs of a window replace."""
    of_rows = [each.days.organizations for each in staged.months]
    if not all(of_rows):
        return Days(month, frozenset())
    recorded = organizations_of(window.organizations)
    return Days(month, recorded.union(*of_rows))


def changes(units: Iterable[Unit], there: There) -> Iterator[Change]:
    """A change per month, in the order of the months; rows without a day come last."""
    by_month: defaultdict[date | None, list[Unit]] = defaultdict(list)
    for unit in units:
        by_month[unit.month].append(unit)
    for month in sorted(by_month, key=lambda each: each or date.max):
        yield _change(month, by_month[month], there)


def _change(month: date | None, units: Sequence[Unit], there: There) -> Change:
    cleared: defaultdict[WarehouseTable, list[Days]] = defaultdict(list)
    for unit in units:
        for staged in unit.staged:
            cleared[staged.table].append(unit.load.days)
    recorded = tuple(unit.load for unit in units)
    return Change(
        month=month,
        cleared={table: tuple(days) for table, days in cleared.items()},
        added=tuple(staged for unit in units for staged in unit.staged if staged.rows),
        recorded=recorded,
        forgotten=tuple(_overwritten(recorded, there)),
    )


def _overwritten(recorded: Sequence[Load], there: There) -> Iterator[str]:
    """What was loaded before, and whose rows are no longer all there."""
    names = {each.name for each in recorded}
    for old in there.values():
        is_hit = any(_kind(new) == _kind(old) and old.days.overlaps(new.days) for new in recorded)
        if is_hit and old.name not in names:
            yield old.name


def _kind(load: Load) -> str:
    return load.name.partition(" ")[0]


def _has(there: There, name: str, wanted: str) -> bool:
    return name in there and there[name].fingerprint == wanted


def _window(export: str, parts: Sequence[Part]) -> Window:
    entries = [part.recorded for part in parts if part.recorded]
    first = entries[0]
    checksums = sorted(entry.sha256 for entry in entries)
    whose = sorted(first.organizations)
    return Window(
        job_of_prefix(export),
        first.days,
        first.organizations,
        tuple(parts),
        fingerprint([str(first.days), *whose, *checksums]),
    )
