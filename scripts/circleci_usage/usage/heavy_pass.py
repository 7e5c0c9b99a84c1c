"""Parts → their sums, on this machine.

The parts are read once, streamed into a temporary Parquet file with the few columns that matter, a twentieth of their
size; that is asked for everything (`runs`, `answers`). So an export of any size passes through a bounded amount of
memory.
"""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import narwhals as nw
import polars as pl

from circleci_usage.columns import CREDIT_TYPES
from circleci_usage.days import Period
from circleci_usage.usage.answers import ask
from circleci_usage.usage.damage import damage_behind, find_damage
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.parts import Part
from circleci_usage.usage.runs import in_turn, unless_identified, write_runs
from circleci_usage.usage.scan import NUMBER, WHOLE, scan_parts
from circleci_usage.usage.sums import BRANCH_DIMENSIONS, DIMENSIONS, Sums, sum_runs, tidy_branches, tidy_days

_AT_A_TIME: Final = 800_000


def sum_parts(
    parts: Sequence[Part],
    branch_globs: Sequence[str],
    period: Period | None,
    job_groups: JobGroups = NO_GROUPS,
) -> Sums:
    """The sums of all parts, and what their runs of the period say (None: of any day).

    The sums are by the names that jobs have; what the runs say is by those of their groups.

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    with TemporaryDirectory(prefix="circleci-usage-", ignore_cleanup_errors=True) as folder:
        try:
            runs = pl.scan_parquet(_written(parts, branch_globs, Path(folder)))
            credit_types = _credit_types(runs)
            days = tidy_days(_summed(runs, DIMENSIONS, credit_types))
        except (pl.exceptions.PolarsError, OSError) as error:
            raise damage_behind(error, parts) from error
        if days["torn_rows"].sum():
            damage = find_damage(parts)
            if damage:
                raise damage
        branches = tidy_branches(_summed(unless_identified(runs), BRANCH_DIMENSIONS, credit_types), days)
        groups = job_groups.renamed(days["job"].unique().cast(pl.String))
        return Sums(days, branches, ask(runs, period, groups))


def _written(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> Path:
    """The file that the heavy pass asks. Each try has its own: the writers of a failed one go on for a moment."""
    whole, exact = folder / "whole.parquet", folder / "exact.parquet"
    try:
        write_runs(scan_parts(parts, branch_globs, WHOLE), whole)
    except pl.exceptions.ComputeError:
        # Most often the first fraction; if it was damage, that is met again.
        write_runs(scan_parts(parts, branch_globs, NUMBER), exact)
        return exact
    return whole


def _summed(runs: pl.LazyFrame, dimensions: Sequence[str], credit_types: Sequence[str]) -> pl.DataFrame:
    """Sums of the sums of some runs at a time."""
    sums: list[pl.LazyFrame] = [
        sum_runs(nw.from_native(some), dimensions, credit_types).to_native() for some in in_turn(runs, _AT_A_TIME)
    ]
    first, *others = [each.collect(engine="streaming") for each in sums]
    if not others:
        return first
    return pl.concat([first, *others]).lazy().group_by(dimensions).sum().collect(engine="streaming")


def _credit_types(runs: pl.LazyFrame) -> list[str]:
    """Those that there are. Few exports know all, and the others would cost as much time and memory to sum up."""
    used = runs.select(pl.col(f"{kind}_credits").is_not_null().any().alias(kind) for kind in CREDIT_TYPES)
    return [kind for kind, is_used in used.collect(engine="streaming").row(0, named=True).items() if is_used]
