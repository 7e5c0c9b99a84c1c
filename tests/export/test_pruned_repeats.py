"""Job runs that are in several exports count once, also when some of these were pruned."""

import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from circleci_usage.export.store import Store
from circleci_usage.export.store_pruning import prune_store
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.daily_usage import daily_usage
from circleci_usage.usage.name_patterns import NO_PATTERNS
from circleci_usage.usage.polars.engine import on_this_machine
from recorded_store import Export, store_with
from rows import Row, job_run

NOW = datetime(2026, 11, 2, 13, 0, tzinfo=UTC)


def on(day: str, run: str) -> Row:
    return job_run("10", JOB_ID=run, JOB_RUN_DATE=day)


def august(*parts: Sequence[Row]) -> Export:
    return Export("2025-08-01", "2025-08-31", "2025-09-03", parts)


def september(*parts: Sequence[Row], first: str = "2025-09-01") -> Export:
    return Export(first, "2025-09-30", "2025-10-03", parts)


def october(*parts: Sequence[Row]) -> Export:
    return Export("2025-10-01", "2025-10-31", "2025-11-03", parts)


SAME = [on("2025-08-02", "a")]
EXPORTS = {
    "both are pruned": (
        august([on("2025-08-02", "a"), on("2025-09-01", "b")]),
        september([on("2025-09-01", "b"), on("2025-09-02", "c")]),
    ),
    "a pruned one has days of a newer one": (
        september([on("2025-09-02", "a"), on("2025-10-01", "b")]),
        october([on("2025-10-01", "b"), on("2025-10-02", "c")]),
    ),
    "a newer one has days of a pruned one": (
        september([on("2025-09-30", "a"), on("2025-09-01", "b")]),
        october([on("2025-09-30", "a"), on("2025-10-02", "c")]),
    ),
    "windows that overlap": (
        august([on("2025-08-02", "a"), on("2025-08-20", "b")]),
        september([on("2025-08-20", "b"), on("2025-09-02", "c")], first="2025-08-15"),
    ),
    "files with the same bytes": (
        august(SAME, SAME, [on("2025-08-03", "b")], [on("2025-08-04", "c")]),
    ),
    "files without rows": (
        august([]),
        september([on("2025-09-01", "a")], [], [on("2025-09-02", "b"), on("2025-09-02", "c")]),
    ),
}


def said_by(folder: Path) -> tuple[int, int, tuple[str, ...]]:
    """Job runs, credits and warnings of a store, without a memory of earlier sums."""
    for sums in (folder / "parts").glob(".daily-usage/*.sums"):
        sums.unlink()
    usage = daily_usage(on_this_machine(stored_parts(folder)).read(None, NO_PATTERNS))
    return usage.rows, int(usage.runs["total_credits"].sum()), usage.warnings


@pytest.mark.parametrize("case", EXPORTS)
@pytest.mark.parametrize("is_read_before", [True, False])
def test_pruning_changes_neither_numbers_nor_warnings(
    tmp_path: Path, case: str, *, is_read_before: bool
) -> None:
    store_with(tmp_path / "whole", *EXPORTS[case])
    shutil.copytree(tmp_path / "whole", tmp_path / "pruned")
    if is_read_before:
        said_by(tmp_path / "pruned")
    assert prune_store(Store(tmp_path / "pruned"), NOW).kept

    before, after = said_by(tmp_path / "whole"), said_by(tmp_path / "pruned")
    assert before[:2] == (3, 30)
    assert after == before
