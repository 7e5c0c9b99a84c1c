"""Parts of workflow runs as short records of numbers, in slices; see `workflow_parts`.

They are read once. The memory does not grow with the runs, but with those of a single workflow.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.schema.export_columns import OTHER_BRANCHES
from circleci_usage.usage.polars.compact_runs import RunsOfFile
from circleci_usage.usage.polars.ordered_names import OrderedNames, codes_of
from circleci_usage.usage.polars.sliced_columns import (
    NO_NUMBER,
    Columns,
    SlicedColumns,
    in_slices,
    joined,
)
from circleci_usage.usage.polars.workflow_parts import FLAGS, PART

PartRecords = Columns
"""Fields:
    who, run: as `who` and `workflow_run`.
    workflow, date, branch: places of names; before `PartNames.placed`, their codes.
    seconds: NaN where not known.
    order, pipeline_number: `NO_NUMBER` where not known.
    flags: a bit per flag of `FLAGS`, which all parts of a run have together: of those that hold if
        all job runs say so, whether one says no.
"""

PipelineRecords = Columns
"""Fields: who, pipeline, date, branch."""

_NAMES: Final = ("workflow", "date", "branch")
_BITS: Final = {name: 1 << place for place, name in enumerate(FLAGS)}


@dataclass(frozen=True)
class PartNames:
    """The names in the parts of all files; `OTHER_BRANCHES` is one of the branches."""

    workflow: OrderedNames
    date: OrderedNames
    branch: OrderedNames

    def placed(self, records: Columns) -> Columns:
        """Records with places of names instead of their codes."""
        placed = {
            name: names.places(records[name])
            for name, names in vars(self).items()
            if name in records
        }
        return {**records, **placed}


@dataclass(frozen=True)
class FileParts:
    """The parts of workflow runs of a file.

    Attributes:
        parts: `PartRecords`, all of a workflow in one slice.
        pipelines: `PipelineRecords`, all of a pipeline in one slice.
        names: the names in them.
    """

    parts: SlicedColumns
    pipelines: SlicedColumns
    names: tuple[pl.Series, ...]


def read_parts(file: RunsOfFile, place: Path, *, slices: int) -> FileParts:
    """Read the parts of workflow runs of a file.

    Args:
        file: the file.
        place: how the paths of the files with the records begin.
        slices: how many slices there are.

    Raises:
        UnfinishedError: the disk is full.
    """
    parts = with_names(file.read(("who", *PART), pl.lit(value=True)))
    pipelines = _pipeline_records(parts)
    runs = part_records(parts)
    of_runs = (runs["who"] + runs["workflow"]) % slices
    of_pipelines = pipelines["pipeline"] % np.uint64(slices)
    return FileParts(
        in_slices(runs, of_runs, slices, place.with_suffix(".runs")),
        in_slices(pipelines, of_pipelines, slices, place.with_suffix(".pipelines")),
        names_in(parts),
    )


def with_names(parts: pl.DataFrame) -> pl.DataFrame:
    """Parts with dates and branches as names, too: there are few of them."""
    return parts.with_columns(pl.col(_NAMES).cast(pl.Categorical))


def names_in(parts: pl.DataFrame) -> tuple[pl.Series, ...]:
    """The workflows, dates and branches of parts `with_names`."""
    return tuple(parts[name].unique() for name in _NAMES)


def part_names(files: Iterable[Sequence[pl.Series]]) -> PartNames:
    """The names of all files, from `names_in` each."""
    workflows, dates, branches = zip(*files, strict=True)
    others = pl.Series([OTHER_BRANCHES], dtype=pl.Categorical)
    return PartNames(
        OrderedNames(workflows), OrderedNames(dates), OrderedNames([*branches, others])
    )


def part_records(parts: pl.DataFrame) -> PartRecords:
    """Parts `with_names` → the records of those that belong to a workflow run."""
    runs = parts.filter(pl.col("workflow_run").is_not_null())
    numbers = runs.select(
        "who",
        pl.col("workflow_run").alias("run"),
        pl.col("seconds").cast(pl.Float32).fill_null(float("nan")),
        pl.col("order", "pipeline_number").fill_null(NO_NUMBER),
        _flags().alias("flags"),
    )
    return {
        **{name: codes_of(runs[name]) for name in _NAMES},
        **{column.name: column.to_numpy() for column in numbers},
    }


def _pipeline_records(parts: pl.DataFrame) -> PipelineRecords:
    pipelines = parts.filter(pl.col("pipeline").is_not_null())
    names = {name: codes_of(pipelines[name]) for name in ("date", "branch")}
    return {**names, **{name: pipelines[name].to_numpy() for name in ("who", "pipeline")}}


def _flags() -> pl.Expr:
    bits = []
    for name, bit in _BITS.items():
        is_set = pl.col(name) if FLAGS[name] == "any" else ~pl.col(name)
        bits.append(pl.when(is_set).then(pl.lit(bit, pl.UInt16)).otherwise(pl.lit(0, pl.UInt16)))
    return pl.sum_horizontal(bits).cast(pl.UInt16)


def flags_of(bits: npt.NDArray[np.uint16]) -> dict[str, npt.NDArray[np.bool_]]:
    """What the bits of all parts of some runs say of these."""
    is_set = {name: bits & np.uint16(bit) != 0 for name, bit in _BITS.items()}
    return {name: each if FLAGS[name] == "any" else ~each for name, each in is_set.items()}


def of_slice(files: Sequence[SlicedColumns], names: PartNames, number: int) -> Columns:
    """The records of a slice of all files, with places of names."""
    return names.placed(joined([each.of_slice(number) for each in files]))
