"""Every number of every frame of run statistics, and of the sums by user, as the oracle has it.

On real rows, on those of the sample company, and on rows as odd as an export can have them; read
from one file, from several, from the windows of a store, and from what an earlier run kept.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.export.store import Store
from circleci_usage.export.store_pruning import prune_store
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS, UNKNOWN_USER
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import Part, find_parts
from circleci_usage.usage.job_groups import JobGroups
from frame_comparison import assert_run_frames, assert_user_frames
from frame_oracle import OTHERS, Question
from hypothesis_profiles import examples
from odd_rows import CELLS, FRACTIONS, TOTALS, Written, in_files, in_store, odd_row, random_rows
from oracle_runs import File, each_once, read
from paths import SHARED
from rows import Row

REAL = sorted((SHARED / "data").glob("real-export-part-*.csv.gz"))
NULL = NULL_MARKS[1]
ALL = Question()
GROUPS = {"tests": ("test*", "e2e"), "lint": ("lint", "lint-?")}


QUESTIONS = (
    ALL,
    Question(("2026-03-01", "2026-03-31"), groups=GROUPS),
    Question(("2026-03-31", "2026-04-04"), ("main", "re*", "release/1")),
    Question(("2026-03-02", "2026-03-02"), (), GROUPS),
)
APART = (("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31"), ("2026-04-01", "2026-04-30"))
OVERLAPPING = (
    *(("2026-02-01", "2026-04-02"), ("2026-03-01", "2026-04-05")),
    ("2026-03-31", "2026-05-01"),
)
CELLS_OF_A_ROW = st.sampled_from([CELLS, {**CELLS, **FRACTIONS}]).flatmap(
    lambda columns: st.fixed_dictionaries(
        {name: st.sampled_from(some) for name, some in columns.items()}
    )
)


def usage_of(parts: Sequence[Part], question: Question, cache: Path | None = None) -> DailyUsage:
    period = question.days and Period.of_days(*map(date.fromisoformat, question.days))
    return read_daily_usage(
        parts,
        period=period or None,
        branch_globs=question.globs,
        cache=cache,
        job_groups=JobGroups(question.groups),
    )


def assert_as_the_oracle(written: Written, *questions: Question, cache: Path | None = None) -> None:
    for question in questions:
        usage = usage_of(written.parts, question, cache)
        assert_run_frames(usage.run_statistics, written.rows, question)
        assert_user_frames(usage, written.rows)


@pytest.mark.skipif(not REAL, reason="the real rows are not here")
def test_the_frames_of_the_real_rows() -> None:
    rows = each_once([File(read(file), place) for place, file in enumerate(REAL)])

    assert_as_the_oracle(
        Written(find_parts(REAL).parts, rows),
        ALL,
        Question(("2024-11-12", "2024-11-16"), ("main", "release*"), {"e2e": ("*e2e*",)}),
    )


def test_the_frames_of_the_sample_company(tmp_path: Path) -> None:
    october = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
    company = Company(scale=0.05)
    file = tmp_path / "october.csv.gz"
    write_part(file, [row for day in october for row in company.rows(day)])

    assert_as_the_oracle(
        Written(find_parts([file]).parts, read(file)),
        ALL,
        replace(ALL, days=("2026-10-06", "2026-10-20"), groups=GROUPS),
        cache=tmp_path / "cache",
    )


@pytest.mark.parametrize("columns", [CELLS, {**CELLS, **FRACTIONS}], ids=["whole", "fractions"])
def test_the_frames_of_many_odd_rows(tmp_path: Path, columns: Mapping[str, Sequence[str]]) -> None:
    """More workflows and branches than have names, and more runs than are listed."""
    many = {
        "WORKFLOW_NAME": [*(f"w{number}" for number in range(20)), *["build"] * 30],
        "WORKFLOW_ID": [f"id {number}" for number in range(300)],
        "VCS_BRANCH": [*(f"b{number}" for number in range(20)), *[OTHERS] * 4, "main", NULL],
        "PIPELINE_ID": [f"pipeline {number}" for number in range(200)],
        "PROJECT_ID": ["p1", "p2"],
        "JOB_ID": [f"job {number}" for number in range(3000)],
    }
    rows = random_rows(Random(5), 1200, {**columns, **many})

    assert_as_the_oracle(
        in_files(tmp_path, [rows[:500], rows[500:]]), *QUESTIONS, cache=tmp_path / "cache"
    )


@settings(max_examples=examples(12))
@given(
    files=st.lists(
        st.lists(st.tuples(CELLS_OF_A_ROW, st.sampled_from(TOTALS)), min_size=1, max_size=9),
        min_size=1,
        max_size=3,
    ),
    question=st.sampled_from(QUESTIONS),
    where=st.sampled_from(["files", "windows", "overlapping windows"]),
    is_kept=st.booleans(),
)
def test_the_frames_of_any_odd_rows(
    files: list[list[tuple[dict[str, str], str]]], question: Question, where: str, *, is_kept: bool
) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        written = written_to(folder, files, where)
        cache = None
        if is_kept:
            cache = folder / "cache"
            usage_of(written.parts, replace(ALL, globs=("x",)), cache)
            for sums in cache.glob("*.sums"):
                sums.unlink()

        assert_as_the_oracle(written, question, cache=cache)


def written_to(folder: Path, files: list[list[tuple[dict[str, str], str]]], where: str) -> Written:
    numbers = count()
    rows = [[odd_row(cells, total, next(numbers)) for cells, total in file] for file in files]
    if where == "files":
        return in_files(folder, rows)
    are_apart = where == "windows" or sum(map(bool, rows)) < 2
    windows = zip(APART if are_apart else OVERLAPPING, rows, strict=False)
    of_windows = [
        (first, last, [of_window(row, first, last, is_single=are_apart) for row in some])
        for (first, last), some in windows
    ]
    return in_store(folder, of_windows)


def of_window(row: Row, first: str, last: str, *, is_single: bool) -> Row:
    """A row on a day of the window; a single one has no other with its JOB_ID."""
    cells = named(row)
    if cells["JOB_RUN_DATE"] != NULL:
        cells["JOB_RUN_DATE"] = min(max(cells["JOB_RUN_DATE"], first), last)
    if is_single:
        cells["JOB_ID"] = cells["LAST_BUILD_FINISHED_AT"]
    return tuple(cells.values())


def test_what_the_first_version_kept_knows_no_users(tmp_path: Path) -> None:
    """Who started job runs of pruned windows is unknown then, which is not nobody."""
    rows = random_rows(Random(8), 120, CELLS)
    windows = [
        (*days, [of_window(row, *days, is_single=True) for row in rows[number::3]])
        for number, days in enumerate(APART)
    ]
    (*_, march), (*_, april) = windows[1:]
    of_march = named(march[0]) | {"JOB_RUN_DATE": "2026-03-30", "JOB_ID": "again"}
    march[0] = tuple(of_march.values())
    april.append(tuple((of_march | {"LAST_BUILD_FINISHED_AT": "later"}).values()))
    written = in_store(tmp_path, windows)
    prune_store(Store(tmp_path), datetime(2027, 5, 20, tzinfo=UTC))
    as_in_first_version(tmp_path)

    of_april = {named(row)["LAST_BUILD_FINISHED_AT"] for row in april}
    forgotten = {
        "PIPELINE_TRIGGER_USER_ID": UNKNOWN_USER,
        "IS_UNREGISTERED_USER": None,
        "PIPELINE_NUMBER": None,
    }
    expected = [
        row if row["LAST_BUILD_FINISHED_AT"] in of_april else {**row, **forgotten}
        for row in written.rows
    ]
    parts = stored_parts(tmp_path).parts
    assert [part.is_gone for part in parts] == [True, True, True, True, False, False]
    assert_as_the_oracle(Written(parts, expected), *QUESTIONS, cache=cache_beside(parts))


def as_in_first_version(store: Path) -> None:
    """Leave of facts that are kept without their parts what the first version kept."""
    for pinned in store.glob("parts/.daily-usage/facts/*/kept-without-parts"):
        folder = pinned.parent
        for sums in folder.glob("sums-*"):
            sums.unlink()
        said = json.loads((folder / "facts.json").read_text()) | {"version": 1}
        for number, entry in enumerate(said["files"]):
            runs = folder / f"runs-{number}.parquet"
            later = ["user", "unregistered", "pipeline_number"]
            pl.read_parquet(runs).drop(later).write_parquet(runs)
            (folder / f"workflows-{number}.parquet").unlink()
            del entry["workflows"]
            entry["runs"] = sha256(runs.read_bytes()).hexdigest()
        (folder / "facts.json").write_text(json.dumps(said))


def named(row: Row) -> dict[str, str]:
    return dict(zip(EXPORT_COLUMNS, row, strict=True))
