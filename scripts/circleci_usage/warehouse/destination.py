"""What a destination has to do: keep tables whose days are replaced as a whole or not at all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from circleci_usage.core.periods import Period
from circleci_usage.warehouse.tables import WarehouseTable


@dataclass(frozen=True)
class Days:
    """Days of some organizations.

    Attributes:
        period: the days; None for rows without a day.
        organizations: ids; none is all organizations. Rows whose organization is unknown belong to
            every organization.
    """

    period: Period | None
    organizations: frozenset[str]

    def overlaps(self, other: Self) -> bool:
        """Whether both may have the same rows."""
        if self.period is None or other.period is None:
            return self.period is other.period and self._shares_rows_with(other)
        return self._shares_rows_with(other) and self.period.overlaps(other.period)

    def _shares_rows_with(self, other: Self) -> bool:
        both = (self.organizations, other.organizations)
        return not all(both) or bool(self.organizations & other.organizations)


@dataclass(frozen=True)
class Load:
    """A line of the table `loads`: rows that the warehouse has.

    Attributes:
        name: what was loaded: a window, or the costs of a month.
        days: whose rows they are.
        fingerprint: of what was loaded; the same fingerprint means the same rows.
        rows: how many.
    """

    name: str
    days: Days
    fingerprint: str
    rows: int


@dataclass(frozen=True)
class Staged:
    """Rows for a table, in a Parquet file that has its columns and types."""

    table: WarehouseTable
    file: Path
    rows: int


@dataclass(frozen=True)
class Change:
    """What is replaced at once: afterwards, all of it is there, or nothing has changed.

    Attributes:
        month: the month of all rows, by its first day; None for rows without a day.
        cleared: table → the days whose rows are removed first.
        added: the new rows.
        recorded: new lines of `loads`.
        forgotten: names of lines of `loads` that are removed.
    """

    month: date | None
    cleared: Mapping[WarehouseTable, tuple[Days, ...]]
    added: tuple[Staged, ...]
    recorded: tuple[Load, ...]
    forgotten: tuple[str, ...] = ()


class Destination(Protocol):
    """A warehouse.

    Used as a context: entering it connects, makes or migrates its tables and keeps other loaders
    out; leaving it closes it. Entering raises:
        SettingsError: the address is wrong, a library is missing, or the schema is newer than this
            version.
        AccessError: the credentials are not accepted.
        UnfinishedError: another load is writing to it, or the disk is full.
        ServiceError: it cannot be reached.
    """

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def loads(self) -> Sequence[Load]:
        """What it has."""

    def apply(self, change: Change) -> None:
        """Make a change as a whole.

        Raises as entering does.
        """

    def replace(self, tables: Sequence[Staged]) -> None:
        """Replace small tables without days, such as prices, as a whole."""
