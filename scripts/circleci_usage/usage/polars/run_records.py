"""Job runs as short records of numbers, in slices that each have all runs of their jobs.

What run statistics need of a job run is read once. The records of many runs are written into
temporary files, by slices: the memory does not grow with the runs, but with those of a single job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.core.os_errors import translate_os_errors
from circleci_usage.usage.job_run_rules import OUTCOMES, USES
from circleci_usage.usage.polars.group_numbers import Numbers, any_row_of, group_numbers
from circleci_usage.usage.polars.run_expressions import has_ended, never_started

Records = Mapping[str, npt.NDArray[Any]]
"""A column per field of `_TYPES`, all of the same length.

Fields:
    run: its number among all runs.
    machine: the number of its job and machine in its file.
    day: as `to_date` reads it.
    outcome: its place in `OUTCOMES`.
    is_cached: whether it was charged for layer caching.
    seconds, queued, `USES`: NaN where not known; `seconds` also where it never started.
    order: `NO_ORDER` where not known.
"""

_FLOATS: Final = ("seconds", "queued", *USES)

_TYPES: Final[Mapping[str, type[np.generic]]] = {
    **dict.fromkeys(("run", "machine", "day"), np.uint32),
    "outcome": np.uint8,
    **dict.fromkeys(("never_started", "is_cached", "has_pipeline"), np.bool_),
    **dict.fromkeys(_FLOATS, np.float32),
    "pipeline": np.uint64,
    "order": np.int64,
}

FIELDS: Final = ("status", "date", *_FLOATS, "pipeline", "order", "dlc_credits")
"""The columns of job runs that records are made of, besides those of `never_started`."""

NO_ORDER: Final = 2**63 - 1

SUCCESS, FAILED = map(list(OUTCOMES).index, ("success", "failed"))
"""The `outcome` of such records."""

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
        runs: `FIELDS`, with `date` as a name, and what `never_started` needs.
        machines: `machine` of each.
        first_run: `run` of the first one.
    """
    fields = {field.name: field.to_numpy() for field in runs.select(_fields())}
    records = fields | {
        "run": np.arange(first_run, first_run + len(runs), dtype=np.uint32),
        "machine": machines,
        "day": _days(runs["date"]),
    }
    return chosen(records, runs.select(has_ended().fill_null(value=False)).to_series().to_numpy())


def chosen(records: Records, are_wanted: npt.NDArray[np.bool_]) -> Records:
    """Some of the records, in their order."""
    if are_wanted.all():
        return records
    places = np.flatnonzero(are_wanted)
    return {name: each.take(places) for name, each in records.items()}


def joined(several: Sequence[Records]) -> Records:
    """The records of several files."""

    def of(name: str) -> npt.NDArray[Any]:
        return np.concatenate([each[name] for each in several])

    return {name: of(name) for name in _TYPES}


def _days(dates: pl.Series) -> npt.NDArray[np.uint32]:
    """The days of dates, which are names: each of the few is read once."""
    numbers = group_numbers(dates.to_frame(), ["date"])
    names = dates.gather(any_row_of(numbers)).cast(pl.String)
    day = names.str.to_date("%Y-%m-%d", strict=False).to_physical().cast(pl.Int64) + _FIRST_DAY
    return day.fill_null(_NO_DAY).cast(pl.UInt32).to_numpy().take(numbers)


def _fields() -> list[pl.Expr]:
    outcomes = [(pl.col("status") == status).cast(pl.UInt8) for status in OUTCOMES]
    outcome = pl.sum_horizontal(each * place for place, each in enumerate(outcomes))
    return [
        outcome.alias("outcome"),
        never_started().fill_null(value=False).alias("never_started"),
        (pl.col("dlc_credits").fill_null(0) > 0).alias("is_cached"),
        pl.col("pipeline").is_not_null().alias("has_pipeline"),
        _known(pl.when(~never_started()).then("seconds")).alias("seconds"),
        *(_known(pl.col(name)) for name in _FLOATS if name != "seconds"),
        pl.col("pipeline").fill_null(0),
        pl.col("order").fill_null(NO_ORDER),
    ]


def _known(values: pl.Expr) -> pl.Expr:
    """Values with NaN instead of null: columns without nulls are handed over as they are."""
    return values.fill_null(float("nan"))


@dataclass(frozen=True)
class FileRecords:
    """The records of a file of job runs.

    Attributes:
        machines: `OF_MACHINE` of each `machine`.
        records: by slices; in memory, or in a file, one field after the other.
        bounds: where each slice begins, and where the last one ends.
    """

    machines: pl.DataFrame
    records: Path | Records
    bounds: npt.NDArray[np.int64]

    def of_slice(self, number: int) -> Records:
        """The records of a slice."""
        first, end = self.bounds[number : number + 2].tolist()
        if not isinstance(self.records, Path):
            return self.records
        fields, begin = {}, 0
        with self.records.open("rb") as file:
            for name, dtype in _TYPES.items():
                size = np.dtype(dtype).itemsize
                file.seek(begin + first * size)
                fields[name] = np.fromfile(file, dtype, end - first)
                begin += int(self.bounds[-1]) * size
        return fields


def in_slices(records: Records, machines: pl.DataFrame, slices: int, file: Path) -> FileRecords:
    """Records by slices, in a file; a single slice stays in memory.

    Raises:
        UnfinishedError: the disk is full.
    """
    if slices == 1:
        return FileRecords(machines, records, np.array([0, len(records["run"])]))
    number = _slice_of_each(machines, slices).take(records["machine"])
    order = np.argsort(number, kind="stable")
    with translate_os_errors(file), file.open("wb") as stream:
        for name, dtype in _TYPES.items():
            records[name].take(order).astype(dtype, copy=False).tofile(stream)
    counts = np.bincount(number, minlength=slices)
    return FileRecords(machines, file, np.concatenate([[0], np.cumsum(counts)]))


def _slice_of_each(machines: pl.DataFrame, slices: int) -> npt.NDArray[np.uint16]:
    """Machines of a job are in one slice, in all files: names have the same number in all."""
    names = [
        pl.col(name).to_physical().cast(pl.UInt64).fill_null(0) for name in ("workflow", "job")
    ]
    number = (pl.col("who") + pl.sum_horizontal(names)) % slices
    return machines.select(number).to_series().to_numpy().astype(np.uint16)
