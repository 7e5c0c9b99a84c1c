"""Job runs as short records of numbers, in slices that each have all runs of their jobs.

What run statistics need of a job run is read once. The memory does not grow with the runs, but with
those of a single job.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.job_run_rules import OUTCOMES, USES
from circleci_usage.usage.polars.daily_runs import days_of
from circleci_usage.usage.polars.group_numbers import Numbers
from circleci_usage.usage.polars.run_expressions import has_ended, never_started
from circleci_usage.usage.polars.sliced_columns import (
    NO_NUMBER,
    Columns,
    SlicedColumns,
    filtered,
    in_slices,
)

Records = Columns
"""A column per field of `_TYPES`.

Fields:
    run: its number among all runs.
    machine: the number of its job and machine in its file.
    day: as of `days_of`.
    outcome: its place in `OUTCOMES`.
    is_cached: whether it was charged for layer caching.
    seconds, queued, `USES`: NaN where not known; `seconds` also where it never started.
    order: `NO_NUMBER` where not known.
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

SUCCESS, FAILED = map(list(OUTCOMES).index, ("success", "failed"))
"""The `outcome` of such records."""


def records_of(runs: pl.DataFrame, machines: Numbers, first_run: int) -> Records:
    """Job runs → the records of those that ended.

    Args:
        runs: `FIELDS`, with `date` as a name, and what `never_started` needs.
        machines: `machine` of each.
        first_run: `run` of the first one.
    """
    fields = {field.name: field.to_numpy() for field in runs.select(_fields())} | {
        "run": np.arange(first_run, first_run + len(runs), dtype=np.uint32),
        "machine": machines,
        "day": days_of(runs["date"]),
    }
    records = {name: fields[name].astype(dtype, copy=False) for name, dtype in _TYPES.items()}
    return filtered(records, runs.select(has_ended().fill_null(value=False)).to_series().to_numpy())


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
        pl.col("order").fill_null(NO_NUMBER),
    ]


def _known(values: pl.Expr) -> pl.Expr:
    """Values with NaN instead of null: columns without nulls are handed over as they are."""
    return values.fill_null(float("nan"))


@dataclass(frozen=True)
class FileRecords:
    """The records of a file of job runs.

    Attributes:
        machines: `OF_MACHINE` of each `machine`.
        records: by slices.
    """

    machines: pl.DataFrame
    records: SlicedColumns


def sliced(records: Records, machines: pl.DataFrame, slices: int, file: Path) -> FileRecords:
    """Records by slices, see `in_slices`.

    Raises:
        UnfinishedError: the disk is full.
    """
    numbers = _slice_of_each(machines, slices).take(records["machine"])
    return FileRecords(machines, in_slices(records, numbers, slices, file))


def _slice_of_each(machines: pl.DataFrame, slices: int) -> npt.NDArray[np.uint16]:
    """Machines of a job are in one slice, in all files: names have the same number in all."""
    names = [
        pl.col(name).to_physical().cast(pl.UInt64).fill_null(0) for name in ("workflow", "job")
    ]
    number = (pl.col("who") + pl.sum_horizontal(names)) % slices
    return machines.select(number).to_series().to_numpy().astype(np.uint16)
