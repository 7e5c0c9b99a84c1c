"""Which team sees the run statistics of a project, a workflow, a job: its main owner.

Costs are split exactly, whatever the rules look at. Run statistics cannot be: a p95 or a saving is
of all runs of a job. They go to the team with the most of its runs, so that each job counts once
and the teams sum to the whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import pandas as pd

from circleci_usage.core.columnar import Records
from circleci_usage.core.grouping import Flags, sum_by
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.schema.keys import JobKey, ProjectKey, WorkflowKey

_Record = TypeVar("_Record")

_JOB: Final = [*JobKey._fields]


@dataclass(frozen=True)
class MainOwners:
    """The main owner of everything that has run statistics.

    Attributes:
        owners: the key of a project, workflow or job → its team.
        with_others: team → the jobs that it owns mainly, and others in part.
        elsewhere: team → the jobs that it owns in part, and another team mainly.
    """

    owners: Mapping[tuple[str, ...], str]
    with_others: Mapping[str, int]
    elsewhere: Mapping[str, int]

    def split(
        self, every: Sequence[_Record], names: Sequence[str]
    ) -> Mapping[str, Records[_Record]]:
        """Records by the team that sees them, in their order; no entry for a team without any.

        Args:
            every: the records.
            names: the columns of the keys that decide.
        """
        if not isinstance(every, Records) or not len(every):
            return {}
        keys = zip(*(every.column(name).tolist() for name in names), strict=True)
        found = [self.owners.get(key, UNALLOCATED) for key in keys]
        codes, teams = pd.factorize(np.array(found, "object"))
        return {str(team): _where(every, codes == code) for code, team in enumerate(teams)}


def _where(every: Records[_Record], flags: Flags) -> Records[_Record]:
    return every.where(lambda: flags)


def main_owners(*frames: pd.DataFrame) -> MainOwners:
    """The main owners of all projects, workflows and jobs.

    Args:
        frames: job runs of the period with their teams, by the names of run statistics, and by
            those of costs.
    """
    owners: dict[tuple[str, ...], str] = {}
    for runs in frames:
        for names in (ProjectKey._fields, WorkflowKey._fields, JobKey._fields):
            owners |= _owners(runs, names)
    with_others: dict[str, int] = {}
    elsewhere: dict[str, int] = {}
    for *key, team in _owned_in_part(frames[0]).itertuples(index=False, name=None):
        counts = with_others if owners[tuple(key)] == team else elsewhere
        counts[team] = counts.get(team, 0) + 1
    return MainOwners(owners, with_others, elsewhere)


def _owners(runs: pd.DataFrame, names: Sequence[str]) -> dict[tuple[str, ...], str]:
    """The team with the most runs of each key; of equals, the first by name."""
    sums = sum_by(runs, [*names, "team"], ["job_runs"]).reset_index()
    texts = sums.astype(dict.fromkeys([*names, "team"], "object"))
    ordered = texts.sort_values(["job_runs", "team"], ascending=[True, False], kind="stable")
    keys = ordered[[*names]].itertuples(index=False, name=None)
    # Of equal keys, the last one stays.
    return dict(zip(keys, ordered["team"].tolist(), strict=True))


def _owned_in_part(runs: pd.DataFrame) -> pd.DataFrame:
    """The jobs that several teams have runs of, once with each of these teams."""
    used = runs.loc[runs["job_runs"] > 0, [*_JOB, "team"]]
    owned = used.drop_duplicates().astype("object")
    return owned[owned.duplicated(_JOB, keep=False)]
