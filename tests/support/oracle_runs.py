"""Job runs as the oracle of run statistics sees them: csv and `decimal`, sharing no tested code.

A row is what CircleCI wrote; nulls, typing and repeated rows are dealt with here, the statistics in
`frame_oracle`. What a field means is said in docs/ARCHITECTURE.md and the glossary.
"""

import csv
import gzip
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from fnmatch import fnmatchcase
from functools import cache, cached_property
from pathlib import Path
from struct import pack, unpack

NULLS = ("", "\\N", "\\\\N")
NONE = "(none)"
OTHER = "other"
TYPES = ("compute", "dlc", "user", "storage", "network", "lease", "lease_overage", "ipranges")
ENDED = ("success", "failed", "canceled")
MOST_USE = 10_000

Fields = Mapping[str, str | None]
Groups = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class File:
    """Rows of a file, in their order.

    Attributes:
        rows: what csv reads.
        place: of two files with the same job run, the one with the higher place counts.
        complete: the first and the last of the days that were complete; by default all before the
            last one of the rows.
    """

    rows: Sequence[Fields]
    place: int = 0
    complete: tuple[str, str] | None = None

    @cached_property
    def last(self) -> str:
        return max(filter(None, map(day_of, self.rows)), default="")

    def is_complete(self, day: str | None) -> bool:
        if day is None:
            return False
        if self.complete:
            first, last = self.complete
            return first <= day <= last
        return day < self.last


def read(path: Path) -> list[Fields]:
    """The rows of a CSV file, compressed or not; None for null."""
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as stream:
        return [*map(without_nulls, csv.DictReader(stream))]


def without_nulls(row: Mapping[str, str]) -> Fields:
    return {name: None if cell in NULLS else cell for name, cell in row.items()}


def each_once(files: Sequence[File]) -> list[Fields]:
    """The rows of all files, of those with the same JOB_ID only the one that counts."""
    kept: dict[str, tuple[tuple[bool, int, int], Fields]] = {}
    rows: list[Fields] = []
    for file in files:
        for number, row in enumerate(file.rows):
            identity = row.get("JOB_ID")
            if identity is None:
                rows.append(row)
                continue
            rank = (file.is_complete(day_of(row)), file.place, number)
            if identity not in kept or rank > kept[identity][0]:
                kept[identity] = (rank, row)
    return [*rows, *(row for _, row in kept.values())]


def day_of(row: Fields) -> str | None:
    day = row["JOB_RUN_DATE"]
    return day[:10] if day else None


@dataclass(frozen=True)
class Names:
    """What rows are called, given all of them.

    Attributes:
        organizations: id → name, as of the last day on which it has rows.
        projects: likewise.
        groups: name of a job group → the globs of its jobs.
        new_columns: columns of credits that are not known.
    """

    organizations: Mapping[str, str]
    projects: Mapping[str, str]
    groups: Groups
    new_columns: Sequence[str]

    @classmethod
    def of(cls, rows: Sequence[Fields], groups: Groups) -> "Names":
        columns = {column for header in {tuple(row) for row in rows} for column in header}
        known = {f"{kind.upper()}_CREDITS" for kind in (*TYPES, "total")}
        return cls(
            _latest(rows, "ORGANIZATION_ID", "ORGANIZATION_NAME"),
            _latest(rows, "PROJECT_ID", "PROJECT_NAME"),
            groups,
            sorted(column for column in columns - known if column.endswith("_CREDITS")),
        )

    def group_of(self, job: str | None) -> str | None:
        if job is None:
            return None
        for group, globs in self.groups.items():
            if any(fnmatchcase(job, glob) for glob in globs):
                return group
        return job


def _latest(rows: Iterable[Fields], identity: str, name: str) -> dict[str, str]:
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        key = row.get(identity)
        if key is not None:
            seen = (day_of(row) or "", row.get(name) or "")
            found[key] = max(found.get(key, seen), seen)
    return {key: last or NONE for key, (_, last) in found.items()}


@dataclass(frozen=True)
class JobRun:
    """A row with the names that statistics have."""

    row: Fields
    names: Names = field(repr=False)

    def text(self, column: str) -> str | None:
        return self.row.get(column)

    def name(self, column: str) -> str:
        return self.row.get(column) or NONE

    def number(self, column: str) -> Decimal:
        return Decimal((self.row.get(column) or "0").strip())

    @cached_property
    def day(self) -> str | None:
        return day_of(self.row)

    @cached_property
    def project(self) -> tuple[str, str, str, str]:
        """Ids and names of the organization and the project."""
        organization, project = self.text("ORGANIZATION_ID"), self.text("PROJECT_ID")
        return (
            organization or NONE,
            self.names.organizations[organization]
            if organization
            else self.name("ORGANIZATION_NAME"),
            project or NONE,
            self.names.projects[project] if project else self.name("PROJECT_NAME"),
        )

    @cached_property
    def workflow(self) -> tuple[str, ...]:
        return (*self.project, self.name("WORKFLOW_NAME"))

    @cached_property
    def job(self) -> tuple[str, ...]:
        return (*self.workflow, self.names.group_of(self.text("JOB_NAME")) or NONE)

    @property
    def has_job(self) -> bool:
        return self.text("JOB_NAME") is not None

    @cached_property
    def machine(self) -> tuple[str, ...]:
        return (*self.job, self.name("EXECUTOR"), self.name("RESOURCE_CLASS"))

    @cached_property
    def status(self) -> str | None:
        return self.text("JOB_BUILD_STATUS")

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED

    @cached_property
    def seconds(self) -> Decimal:
        return self.number("JOB_RUN_SECONDS")

    @cached_property
    def credits(self) -> dict[str, Decimal]:
        """By credit type.

        What the total holds beyond the known types is of an unknown column, of which there is at
        most one, as far as that has so much; the rest is other.
        """
        found = {kind: self.number(f"{kind.upper()}_CREDITS") for kind in TYPES}
        rest = self.total - sum(found.values(), Decimal(0))
        for column in self.names.new_columns:
            amount = self.number(column)
            included = amount if rest >= amount > 0 else Decimal(0)
            found[column.removesuffix("_CREDITS").lower()] = included
            rest -= included
        return {**found, OTHER: rest}

    @cached_property
    def total(self) -> Decimal:
        if self.text("TOTAL_CREDITS") is None:
            return sum((self.number(f"{kind.upper()}_CREDITS") for kind in TYPES), Decimal(0))
        return self.number("TOTAL_CREDITS")

    @property
    def had_machine(self) -> bool:
        return self.seconds != 0 or self.total != 0

    @cached_property
    def never_started(self) -> bool:
        return self.status == "canceled" and not self.had_machine

    @cached_property
    def queued(self) -> float | None:
        return seconds_between(self.row, "JOB_RUN_QUEUED_AT", "JOB_RUN_STARTED_AT")

    @cached_property
    def order(self) -> int | None:
        """Of the runs of a pipeline: their numbers count up; else when it started."""
        number = self.text("JOB_RUN_NUMBER")
        if number is not None and number.lstrip("+-").isdigit():
            return int(number)
        return milliseconds(self.text("JOB_RUN_STARTED_AT"))

    def use(self, column: str) -> float | None:
        """Percent, in single precision; None where it is impossible."""
        try:
            value = single(float(self.text(f"{column}_UTILIZATION_PCT") or "nan"))
        except ValueError:
            return None
        return value if 0 <= value <= MOST_USE else None

    @property
    def containers(self) -> int | None:
        text = self.text("PARALLELISM")
        return int(text) if text is not None and text.isdigit() else None


def job_runs(rows: Sequence[Fields], groups: Groups) -> list[JobRun]:
    names = Names.of(rows, groups)
    return [JobRun(row, names) for row in rows]


def single(value: float) -> float:
    """The nearest number of single precision."""
    (nearest,) = unpack("f", pack("f", value))
    return float(nearest)


@cache
def milliseconds(text: str | None) -> int | None:
    """Since 1970; None where the text is not a time."""
    if text is None or len(text) < len("2026-01-31 23:59:59"):
        return None
    try:
        moment = datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)
    except ValueError:
        return None
    fraction = text[20:23]
    return int(moment.timestamp()) * 1000 + (int(fraction) if fraction.isdigit() else 0)


def seconds_between(row: Fields, first: str, last: str) -> float | None:
    start, stop = milliseconds(row.get(first)), milliseconds(row.get(last))
    return None if start is None or stop is None else single((stop - start) / 1000)
