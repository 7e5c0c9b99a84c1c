"""What run statistics read of each file of job runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from circleci_usage.core.periods import Period
from circleci_usage.schema.export_columns import credit_types_of
from circleci_usage.usage.polars.compact_runs import RunsOfFile
from circleci_usage.usage.polars.credit_statistics import branch_credits, class_rates, credits_by
from circleci_usage.usage.polars.group_numbers import any_row_of, group_numbers
from circleci_usage.usage.polars.machine_statistics import container_sums, parallel_runs
from circleci_usage.usage.polars.run_expressions import OF_JOB, OF_MACHINE, has_ended, inside
from circleci_usage.usage.polars.run_records import FIELDS, FileRecords, records_of, sliced

_OTHERS: Final = ("job_seconds", "branch", "containers")
OF_RERUN: Final = ("date", *OF_JOB)


@dataclass(frozen=True)
class FileStatistics:
    """What a file says of its runs in the period.

    Attributes:
        records: those that ended.
        containers: their containers, by `machine` of the records.
        parallel: those in several containers, likewise.
        rates: what they were charged, see `class_rates`.
        kinds: the credit types that any of them used.
        runs: how many they are.
    """

    records: FileRecords
    containers: pl.DataFrame
    parallel: pl.DataFrame
    rates: pl.DataFrame
    kinds: tuple[str, ...]
    runs: int


@dataclass(frozen=True)
class FileReader:
    """How files are read.

    Attributes:
        period: the days; None for all.
        branches: those that go by their names, as `RunsByWho.numbered` has them.
        slices: how many slices of records there are.
        folder: for the records.
    """

    period: Period | None
    branches: pl.DataFrame
    slices: int
    folder: Path

    def read(self, file: RunsOfFile, first_run: int) -> tuple[FileStatistics, pl.DataFrame]:
        """Read a file, whose runs in the period are numbered from `first_run`.

        Returns:
            What it says, and the credits of all runs as of `branch_credits`.
        """
        credits = {f"{kind}_credits": kind for kind in credit_types_of(file.columns)}
        columns = dict.fromkeys((*OF_MACHINE, *FIELDS, *_OTHERS, *credits))
        runs = _with_names(file.read([*columns], inside(self.period)))
        used = [kind for name, kind in credits.items() if runs[name].null_count() < len(runs)]
        total = pl.sum_horizontal(pl.lit(0), *(f"{kind}_credits" for kind in used))
        runs = runs.with_columns(total.alias("total_credits"))
        machines = group_numbers(runs, OF_MACHINE)
        names = runs.select(OF_MACHINE)[any_row_of(machines)]
        records = records_of(runs, machines, first_run)
        ended = runs.lazy().with_columns(pl.Series("machine", machines)).filter(has_ended())
        statistics = FileStatistics(
            sliced(records, names, self.slices, self.folder / f"{first_run}.records"),
            container_sums(ended).collect(),
            parallel_runs(ended).collect(),
            class_rates(ended).collect(),
            tuple(used),
            len(runs),
        )
        return statistics, branch_credits(runs, self.branches, used)

    def rerun_credits(
        self, file: RunsOfFile, is_rerun: npt.NDArray[np.bool_], kinds: tuple[str, ...]
    ) -> pl.DataFrame:
        """Credits of the reruns in a file by `OF_RERUN`.

        Args:
            file: the file.
            is_rerun: of each run in the period.
            kinds: the credit types that any run used.
        """
        columns = (*OF_RERUN, *(f"{kind}_credits" for kind in kinds))
        runs = file.read(columns, inside(self.period)).filter(pl.Series(is_rerun))
        return credits_by(_with_names(runs), OF_RERUN, kinds)


def _with_names(runs: pl.DataFrame) -> pl.DataFrame:
    """Runs with days as names, too: there are few of them."""
    return runs.with_columns(pl.col("date").cast(pl.Categorical))
