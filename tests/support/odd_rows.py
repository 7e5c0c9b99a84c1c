"""Rows as odd as an export can have them, for tests that compare sums with an oracle."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.input_files import Part, find_parts
from oracle_runs import Fields, File, each_once, without_nulls
from recorded_store import Export, store_with
from rows import Row, job_run

NULL: Final = NULL_MARKS[1]
_TIMES: Final = (
    NULL,
    "2026-03-01 23:59:59.999",
    "2026-03-02 00:00:00.000",
    "2026-03-02 00:00:00.062",
    "2026-03-02 00:01:00",
    "2026-03-02 07:00:30.5",
    "2026-04-01 00:00:00.125",
    "yesterday",
)
_USES: Final = (
    NULL,
    "0",
    "9.99",
    "10",
    "12.0625",
    "59.5",
    "90",
    "94.9999",
    "95",
    "100.5",
    "1e9",
    "nan",
)

DAYS: Final = (
    *("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-31"),
    *("2026-04-01", "2026-04-05", "2026-04-30", NULL),
)
CELLS: Final[Mapping[str, Sequence[str]]] = {
    "ORGANIZATION_ID": ("o1", "o1", "o2", NULL),
    "ORGANIZATION_NAME": ("acme", "Acme", NULL),
    "PROJECT_ID": ("p1", "p1", "p2", "p3", NULL),
    "PROJECT_NAME": ("web", "shop", "ünï", NULL),
    "VCS_BRANCH": ("main", "Main", "release/1", "fix", "b", "ß", NULL),
    "PIPELINE_ID": ("i1", "i1", "i2", "i3", NULL),
    "PIPELINE_NUMBER": ("1", "2", "10", "9007199254740991", "n/a", NULL),
    "IS_UNREGISTERED_USER": ("true", "True", "TRUE", "false", "False", NULL),
    "PIPELINE_TRIGGER_SOURCE": ("webhook", "scheduled_pipeline", NULL),
    "PIPELINE_TRIGGER_USER_ID": ("u1", "u2", NULL),
    "WORKFLOW_ID": ("w1", "w2", "w3", "w4", NULL),
    "WORKFLOW_NAME": ("build", "build", "deploy", NULL),
    "WORKFLOW_FIRST_JOB_STARTED_AT": _TIMES,
    "WORKFLOW_STOPPED_AT": _TIMES,
    "IS_WORKFLOW_SUCCESSFUL": ("true", "True", "false", NULL, NULL),
    "JOB_NAME": ("test", "test-2", "lint", "lint-1", "e2e", NULL),
    "JOB_RUN_NUMBER": ("1", "2", "3", "-4", "1772409600000", NULL),
    "JOB_ID": (*(f"run {number}" for number in range(12)), NULL),
    "JOB_RUN_DATE": DAYS,
    "JOB_RUN_QUEUED_AT": _TIMES,
    "JOB_RUN_STARTED_AT": _TIMES,
    "JOB_BUILD_STATUS": (
        *("success", "success", "failed", "canceled", "canceled"),
        *("running", "queued", "blocked", "Success", NULL),
    ),
    "RESOURCE_CLASS": ("small", "large", NULL),
    "EXECUTOR": ("docker", "machine", NULL),
    "PARALLELISM": ("1", "2", "40", "2147483647", "many", NULL),
    "JOB_RUN_SECONDS": ("0", "0", "60", "61", "3600", NULL),
    "MEDIAN_CPU_UTILIZATION_PCT": _USES,
    "MAX_CPU_UTILIZATION_PCT": _USES,
    "MEDIAN_RAM_UTILIZATION_PCT": _USES,
    "MAX_RAM_UTILIZATION_PCT": _USES,
    "COMPUTE_CREDITS": ("0", "0", "1", "10", "600", NULL),
    "DLC_CREDITS": ("0", "0", "200", NULL),
    "STORAGE_CREDITS": ("0", "2", NULL),
}
"""Column → what its cells may be."""

FRACTIONS: Final[Mapping[str, Sequence[str]]] = {
    "COMPUTE_CREDITS": ("0", "0.1", "7.25", "0.000000000000000001", NULL),
    "DLC_CREDITS": ("0", "0.4", "33.333333333333333333"),
    "JOB_RUN_SECONDS": ("0", "61.5", "0.001", NULL),
}
"""As `CELLS`, in rows that not only have whole amounts."""

TOTALS: Final = ("sum", "sum", "more", "none")
"""What TOTAL_CREDITS is: the sum of the credit types, three more than that, or null."""


def odd_row(cells: Mapping[str, str], total: str, number: int) -> Row:
    """A row with some cells; the number makes it differ from all others."""
    changes = {"LAST_BUILD_FINISHED_AT": f"{number}", **cells}
    credits = [cell for name, cell in changes.items() if name.endswith("_CREDITS") and cell != NULL]
    known = sum(map(Decimal, credits), Decimal(0))
    totals = {"sum": f"{known:f}", "more": f"{known + 3:f}", "none": NULL}
    return job_run(**{"COMPUTE_CREDITS": "0", **changes}, total=totals[total])


def random_rows(dice: Random, count: int, columns: Mapping[str, Sequence[str]]) -> list[Row]:
    """So many rows, whose cells are chosen at random."""
    cells = ({name: dice.choice(some) for name, some in columns.items()} for _ in range(count))
    return [odd_row(each, dice.choice(TOTALS), number) for number, each in enumerate(cells)]


@dataclass(frozen=True)
class Written:
    """Parts, and their rows as the oracle reads them, each job run once."""

    parts: Sequence[Part]
    rows: Sequence[Fields]


def in_files(folder: Path, files: Sequence[Sequence[Row]]) -> Written:
    """Rows in files of their own, of which none is newer."""
    read = []
    for number, rows in enumerate(files):
        file = folder / f"{number}.csv.gz"
        write_part(file, rows, Dialect(quoted=number % 2 == 1, null=NULL_MARKS[number % 2]))
        os.utime(file, (1_700_000_000, 1_700_000_000))
        read.append(File([*map(_fields, rows)]))
    later = sorted(range(len(read)), key=lambda number: (read[number].last, number))
    placed = [File(read[number].rows, place) for place, number in enumerate(later)]
    return Written(find_parts([folder]).parts, each_once(placed))


def in_store(folder: Path, windows: Sequence[tuple[str, str, Sequence[Row]]]) -> Written:
    """Rows in windows of a store: first day, last day and rows of each, requested in this order."""
    exports, files = [], []
    for place, (first, last, rows) in enumerate(windows):
        parts = [some for some in (rows[::2], rows[1::2]) if some]
        exports.append(Export(first, last, f"2026-06-{place + 1:02}", parts))
        files += [
            File([*map(_fields, part)], 10 * place + number, (first, last))
            for number, part in enumerate(parts)
        ]
    store_with(folder, *exports)
    return Written(stored_parts(folder).parts, each_once(files))


def _fields(row: Row) -> Fields:
    return without_nulls(dict(zip(EXPORT_COLUMNS, row, strict=True)))
