"""Job runs as short records of numbers, in slices that each have all runs of their jobs.

What run statistics need of a job run is read once. The records of many runs are written into
temporary files, by slices: the memory does not grow with the runs, but with those of a single job.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.usage.job_run_rules import OUTCOMES, USES
from circleci_usage.usage.polars.group_numbers import Numbers
from circleci_usage.usage.polars.run_expressions import has_ended, never_started

Records = npt.NDArray[np.void]

_FLOATS: Final = ("seconds", "queued", *USES)

RECORD: Final = np.dtype(
    [
        *((name, np.uint32) for name in ("run", "machine", "day")),
        ("outcome", np.uint8),
        *((name, np.bool_) for name in ("never_started", "is_cached", "has_pipeline")),
        *((name, np.float32) for name in _FLOATS),
        ("pipeline", np.uint64),
        ("order", np.int64),
    ]
)
"""
Fields:
    run: its number among all runs.
    machine: the number of its job and machine in its file.
    day: as `to_date` reads it.
    outcome: its place in `OUTCOMES`.
    is_cached: whether it was charged for layer caching.
    seconds, queued, `USES`: NaN where not known; `seconds` also where it never started.
    order: `NO_ORDER` where not known.
"""

FIELDS: Final = ("status", "date", *_FLOATS, "pipeline", "order", "dlc_credits")
"""The columns of job runs that records are made of, besides those of `never_started`."""

NO_ORDER: Final = 2**63 - 1

_FIRST_DAY: Final = 2**31
_NO_DAY: Final = 2**32 - 1


def to_date(days: npt.NDArray[np.uint32]) -> pl.Series:
    """Days of records as dates; null where a run has none. They have the order of the numbers."""
    numbers = pl.Series("date", days)
    has_day = pl.col("date") != _NO_DAY
    date = (pl.col("date").cast(pl.Int64) - _FIRST_DAY).cast(pl.Int32).cast(pl.Date)
    return numbers.to_frame().select(pl.when(has_day).then(date)).to_series()


def records_of(runs: pl.DataFrame, machines: Numbers, first_run: int) -> Records:
    """Job runs → the records of those that ended.

    Args:
        runs: `FIELDS`, and what `never_started` needs.
        machines: `machine` of each.
        first_run: `run` of the first one.
    """
    records = np.empty(len(runs), RECORD)
    records["run"] = np.arange(first_run, first_run + len(runs))
    records["machine"] = machines
    for field in runs.select(_fields()):
        records[field.name] = field.to_numpy()
    return chosen(records, runs.select(has_ended().fill_null(value=False)).to_series().to_numpy())


def chosen(records: Records, are_wanted: npt.NDArray[np.bool_]) -> Records:
    """Some of the records, in their order."""
    # NumPy takes records by their places ten times as fast as it indexes them.
    return records if are_wanted.all() else records.take(np.flatnonzero(are_wanted))


def _fields() -> list[pl.Expr]:
    day = pl.col("date").str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64)
    outcomes = [(pl.col("status") == status).cast(pl.UInt8) for status in OUTCOMES]
    outcome = pl.sum_horizontal(each * place for place, each in enumerate(outcomes))
    return [
        (day + _FIRST_DAY).fill_null(_NO_DAY).cast(pl.UInt32).alias("day"),
        outcome.alias("outcome"),
        never_started().fill_null(value=False).alias("never_started"),
        (pl.col("dlc_credits").fill_null(0) > 0).alias("is_cached"),
        pl.col("pipeline").is_not_null().alias("has_pipeline"),
        pl.when(~never_started()).then("seconds").alias("seconds"),
        *(pl.col(name) for name in _FLOATS if name != "seconds"),
        pl.col("pipeline").fill_null(0),
        pl.col("order").fill_null(NO_ORDER),
    ]


@dataclass(frozen=True)
class FileRecords:
    """The records of a file of job runs.

    Attributes:
        machines: `OF_MACHINE` of each `machine`.
        records: one after the other, by slices; in a file or in memory.
        bounds: where each slice begins, and where the last one ends.
    """

    machines: pl.DataFrame
    records: Path | Records
    bounds: npt.NDArray[np.int64]

    def of_slice(self, number: int) -> Records:
        """The records of a slice."""
        first, end = self.bounds[number : number + 2].tolist()
        if not isinstance(self.records, Path):
            return self.records[first:end]
        return np.fromfile(self.records, RECORD, end - first, offset=first * RECORD.itemsize)


def in_slices(records: Records, machines: pl.DataFrame, slices: int, file: Path) -> FileRecords:
    """Records by slices, in a file; a single slice stays in memory.

    Raises:
        UnfinishedError: the disk is full.
    """
    if slices == 1:
        return FileRecords(machines, records, np.array([0, len(records)]))
    number = _slice_of_each(machines, slices)[records["machine"]]
    in_order = records.take(np.argsort(number, kind="stable"))
    with translate_os_errors(file):
        in_order.tofile(file)
    counts = np.bincount(number, minlength=slices)
    return FileRecords(machines, file, np.concatenate([[0], np.cumsum(counts)]))


def _slice_of_each(machines: pl.DataFrame, slices: int) -> npt.NDArray[np.uint8]:
    """Machines of a job are in one slice, in all files: names have the same number in all."""
    names = [
        pl.col(name).to_physical().cast(pl.UInt64).fill_null(0) for name in ("workflow", "job")
    ]
    number = (pl.col("who") + pl.sum_horizontal(names)) % slices
    return machines.select(number).to_series().to_numpy().astype(np.uint16)
