"""How many pipelines and workflow runs there were on each day, by project and branch group."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl

from circleci_usage.schema.export_columns import BRANCH_GROUP
from circleci_usage.usage.job_run_rules import OF_UNITS
from circleci_usage.usage.polars.group_numbers import Flags, gathered, with_group
from circleci_usage.usage.polars.name_groups import with_branch_groups
from circleci_usage.usage.polars.sliced_columns import Columns
from circleci_usage.usage.polars.workflow_records import PartNames, PipelineRecords
from circleci_usage.usage.polars.workflow_runs import WorkflowRuns, have_ended, have_outcome

_KEYS: Final = ("date", "who", BRANCH_GROUP)


@dataclass(frozen=True)
class UnitCounter:
    """Counts units, some at a time.

    Attributes:
        names: those of dates and branches.
        groups: of each branch, by its place; a categorical.
    """

    names: PartNames
    groups: pl.Series

    def workflow_runs(self, runs: WorkflowRuns) -> pl.DataFrame:
        """How many workflow runs ended, or are on hold, and how."""
        outcomes = {name: have_outcome(runs, name) for name in OF_UNITS}
        return self._counted(runs, {"workflow_runs": have_ended(runs), **outcomes})

    def pipelines(self, records: PipelineRecords) -> pl.DataFrame:
        """How many pipelines there were, by the day and branch of their first job run.

        Args:
            records: all of each pipeline.
        """
        rows = gathered(with_group(records["pipeline"], records["who"]))
        lowest = {name: rows.reduced(np.minimum, records[name]) for name in ("date", "branch")}
        units = {"who": records["who"].take(rows.firsts), **lowest}
        return self._counted(units, {"pipelines": np.ones(len(rows.starts), np.bool_)})

    def together(self, counts: Iterable[pl.DataFrame]) -> pl.DataFrame:
        """All counts as `unit_counts` of `RunStatisticsFrames` has them, with `who`."""
        every = pl.concat(counts, how="diagonal").group_by(_KEYS).sum()
        return every.with_columns(
            self.names.date.at(every["date"].to_numpy()).alias("date"),
            pl.col(BRANCH_GROUP).cast(pl.String),
            pl.exclude(_KEYS).cast(pl.Int64),
        )

    def _counted(self, units: Columns, counted: Mapping[str, Flags]) -> pl.DataFrame:
        groups = self.groups.gather(units["branch"])
        frame = pl.DataFrame(
            {"date": units["date"], "who": units["who"], BRANCH_GROUP: groups, **counted}
        )
        dated = frame.filter(pl.col("date") != len(self.names.date))
        return dated.group_by(_KEYS).agg(pl.col(*counted).sum())


def unit_counter(names: PartNames, branch_globs: Sequence[str]) -> UnitCounter:
    """What counts the units with some names.

    Args:
        names: their names.
        branch_globs: the globs that branches are grouped by.
    """
    branches = names.branch.all().to_frame("branch")
    return UnitCounter(names, with_branch_groups(branches, branch_globs)[BRANCH_GROUP])
