"""Parts → their sums, on this machine.

The parts are read once, streamed into a temporary Parquet file with the few columns that matter, a twentieth of their
size; that is asked for everything (`runs`, `answers`). So an export of any size passes through a bounded amount of
memory.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import narwhals as nw
import polars as pl

from circleci_usage.columns import CREDIT_TYPES
from circleci_usage.days import Period
from circleci_usage.usage.answers import ask
from circleci_usage.usage.damage import damage_behind, is_no_space, no_space_left
from circleci_usage.usage.parts import Part
from circleci_usage.usage.plain import may_be_misread, plain_parts
from circleci_usage.usage.runs import in_turn, unless_identified, write_runs
from circleci_usage.usage.scan import NUMBER, WHOLE, scan_parts
from circleci_usage.usage.sums import BRANCH_DIMENSIONS, DIMENSIONS, Sums, sum_runs, tidy_branches, tidy_days

_AT_A_TIME: Final = 800_000
_SIGN: Final = "\\"
"""Polars takes an escaped quote for the end of a text, drops it, and leaves the backslash."""


def sum_parts(parts: Sequence[Part], branch_globs: Sequence[str], period: Period | None) -> Sums:
    """The sums of all parts, and what their runs of the period say (None: of any day).

    Raises:
        DataError: a part is damaged; the message names the file and the line.
        UnfinishedError: the disk is full.
    """
    with TemporaryDirectory(prefix="circleci-usage-", ignore_cleanup_errors=True) as folder:
        read = _read_plain(parts, branch_globs, Path(folder))
        return Sums(read.days, read.branches, ask(read.runs, period))


@dataclass(frozen=True)
class _Read:
    """What the fast reader made of the parts.

    Attributes:
        runs: the file that was written aside.
        days: as in `Sums`.
        branches: as in `Sums`.
        doubtful: whether rows may be torn, or understood in another way than they were meant.
    """

    runs: pl.LazyFrame
    days: pl.DataFrame
    branches: pl.DataFrame
    doubtful: bool


def _read_plain(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> _Read:
    """Read the parts, and where that fails or leaves a doubt, look at their rows and read what is plain instead."""
    try:
        read = _read(parts, branch_globs, folder / "first")
    except (pl.exceptions.PolarsError, OSError) as error:
        if is_no_space(error):
            raise no_space_left() from error
        plain = plain_parts(parts, folder / "plain")
        if plain == tuple(parts):
            raise damage_behind(error, parts) from error
    else:
        plain = plain_parts(parts, folder / "plain") if read.doubtful else tuple(parts)
        if plain == tuple(parts):
            return read
    try:
        return _read(plain, branch_globs, folder / "second")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise damage_behind(error, parts) from error


def _read(parts: Sequence[Part], branch_globs: Sequence[str], folder: Path) -> _Read:
    folder.mkdir()
    runs = pl.scan_parquet(_written(parts, branch_globs, folder))
    credit_types = _credit_types(runs)
    by_day = _summed(runs, DIMENSIONS, credit_types)
    by_branch = _summed(unless_identified(runs), BRANCH_DIMENSIONS, credit_types)
    days = tidy_days(by_day)
    return _Read(
        runs,
        days,
        tidy_branches(by_branch, days),
        doubtful=bool(days["torn_rows"].sum()) or any(may_be_misread(sums, _SIGN) for sums in (by_day, by_branch)),
    )


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
