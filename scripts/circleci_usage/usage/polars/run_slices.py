"""Statistics of job runs, a slice of their records at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.usage.polars.group_numbers import Numbers, group_numbers
from circleci_usage.usage.polars.job_statistics import attempts_of, job_statistics
from circleci_usage.usage.polars.machine_statistics import class_use, machine_statistics
from circleci_usage.usage.polars.run_expressions import OF_JOB, OF_MACHINE
from circleci_usage.usage.polars.run_records import FileRecords, Records
from circleci_usage.usage.polars.sliced_columns import filtered, joined

OF_CLASS: Final = ("executor", "resource_class")


@dataclass(frozen=True)
class Machines:
    """The jobs, and the machines that they ran on, of all files.

    Attributes:
        names: a row per machine: `OF_MACHINE`, its number `machine`, the `job_number` of `OF_JOB`
            and the `class_number` of `OF_CLASS`.
        of_files: of each file, the number of each of its machines.
    """

    names: pl.DataFrame
    of_files: tuple[Numbers, ...]

    def named(self, found: pl.DataFrame, number: str, keys: Sequence[str]) -> pl.DataFrame:
        """What was found by a number, with the keys that it stands for."""
        names = self.names.select(number, *keys).unique(number)
        return found.join(names, on=number).drop(number)

    def of_all(self, of_files: Sequence[pl.DataFrame]) -> pl.DataFrame:
        """What each file says by its `machine`, with that of all files."""
        numbered = zip(of_files, self.of_files, strict=True)
        return pl.concat(
            found.with_columns(pl.Series("machine", numbers[found["machine"].to_numpy()]))
            for found, numbers in numbered
        )

    def numbers(self, name: str) -> Numbers:
        """The `job_number` or `class_number` of each machine."""
        return self.names[name].to_numpy()


def machines_of(files: Sequence[FileRecords]) -> Machines:
    """Number the machines of all files through."""
    every = pl.concat(file.machines for file in files).unique().with_row_index("machine")
    names = every.with_columns(
        pl.Series("job_number", group_numbers(every, OF_JOB)),
        pl.Series("class_number", group_numbers(every, OF_CLASS)),
    )
    of_files = (
        file.machines.join(
            every, on=OF_MACHINE, how="left", nulls_equal=True, maintain_order="left"
        )
        for file in files
    )
    return Machines(names, tuple(each["machine"].to_numpy() for each in of_files))


@dataclass(frozen=True)
class SliceStatistics:
    """What a slice says.

    Attributes:
        jobs: by `job_number`.
        times: by `grain`, `date` and `job_number`.
        machines: by `machine`.
        use: by `class_number`, `measure` and `percent`.
        reruns: the numbers of the runs that are reruns.
    """

    jobs: pl.DataFrame
    times: pl.DataFrame
    machines: pl.DataFrame
    use: pl.DataFrame
    reruns: npt.NDArray[np.uint32]


def slice_statistics(
    files: Sequence[FileRecords], machines: Machines, number: int
) -> SliceStatistics:
    """The statistics of a slice of the records of all files."""
    records = joined([*_records(files, machines, number)])
    machine = records["machine"]
    job = machines.numbers("job_number").take(machine)
    jobs, times = job_statistics(records, job)
    is_named = machines.names["job"].is_not_null().to_numpy().take(machine)
    records, machine, job = filtered(records, is_named), machine[is_named], job[is_named]
    attempts = attempts_of(records, job)
    counted = jobs.join(attempts.jobs, on="job_number", how="left")
    return SliceStatistics(
        counted.with_columns(pl.col("pipelines", "reruns", "recovered").fill_null(0)),
        times,
        machine_statistics(records, machine),
        class_use(records, machines.numbers("class_number").take(machine)),
        attempts.reruns,
    )


def _records(files: Sequence[FileRecords], machines: Machines, number: int) -> Iterator[Records]:
    """The records of a slice, with the machines of all files."""
    for file, numbers in zip(files, machines.of_files, strict=True):
        records = file.records.of_slice(number)
        yield {**records, "machine": numbers.take(records["machine"])}
