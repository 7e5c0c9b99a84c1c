"""What each window says is kept: a day is read once, and nothing changes by that."""

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import lines_csv, tables
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.cache import cache_beside
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import Part, find_parts
from circleci_usage.usage.job_groups import NO_GROUPS, JobGroups
from circleci_usage.usage.kept_facts import FACTS_FOLDER, keep_facts, without_files
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.aggregate import read_day_statistics
from hypothesis_profiles import examples
from recorded_store import Export, store_with
from report_factory import report_of_usage
from rows import Row, job_run

MARCH, APRIL = (
    Period.of_days(date(2026, 3, 1), date(2026, 3, 31)),
    Period.of_days(date(2026, 4, 1), date(2026, 4, 30)),
)
GLOBS = ("main", "release/*")


def window(month: int, *parts: Sequence[Row]) -> Export:
    last = 30 if month == 4 else 31
    return Export(f"2026-{month:02}-01", f"2026-{month:02}-{last}", "2026-06-02T13:00", parts)


def parts_of(folder: Path) -> tuple[Part, ...]:
    return stored_parts(folder).parts


def read(
    parts: tuple[Part, ...],
    *,
    branch_globs: tuple[str, ...] = GLOBS,
    period: Period | None = None,
    job_groups: JobGroups = NO_GROUPS,
) -> DailyUsage:
    """As a report reads them, but never from sums of all parts together."""
    cache = cache_beside(parts)
    for file in cache.glob("*.sums"):
        file.unlink()
    return read_daily_usage(
        parts, branch_globs=branch_globs, period=period, cache=cache, job_groups=job_groups
    )


def outputs(usage: DailyUsage, period: Period = MARCH) -> dict[str, str]:
    report = report_of_usage(usage, period)
    of_tables = {name: lines_csv(lines) for name, lines in tables(report)}
    return {"summary.json": summary_json(report), **of_tables}


def facts(parts: tuple[Part, ...]) -> dict[str, int]:
    """The facts that are kept, and when each was made."""
    manifests = (cache_beside(parts) / FACTS_FOLDER).glob("*/facts.json")
    return {file.parent.name: file.stat().st_mtime_ns for file in manifests}


def run(day: date, run: int, **changes: str) -> Row:
    return job_run(
        str(10 + run),
        JOB_RUN_DATE=str(day),
        JOB_ID=f"run {run}",
        JOB_RUN_NUMBER=str(run),
        WORKFLOW_ID=f"workflow {run // 3}",
        PIPELINE_ID=f"pipeline {run // 5}",
        JOB_RUN_SECONDS=str(60 + run),
        **changes,
    )


ROWS = [run(date(2026, 3, 1) + timedelta(number), number) for number in range(40)]


@pytest.fixture
def parts(tmp_path: Path) -> tuple[Part, ...]:
    store_with(tmp_path, window(3, ROWS[:20], ROWS[20:31]), window(4, ROWS[31:]))
    return parts_of(tmp_path)


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    store_with(
        tmp_path,
        window(3, ROWS[:20], ROWS[20:31]),
        window(4, ROWS[31:]),
        window(5, [run(date(2026, 5, 1), 99)]),
    )
    parts = parts_of(tmp_path)
    read(parts[:3])
    before = facts(parts)

    together = read(parts)

    assert len(before) == 2
    assert len(facts(parts)) == 3
    assert before.items() <= facts(parts).items()
    assert outputs(together) == outputs(read_daily_usage(parts, branch_globs=GLOBS))


def test_other_globs_groups_and_days_read_no_part(parts: tuple[Part, ...]) -> None:
    read(parts)
    before = facts(parts)
    groups = JobGroups({"all": ("*",)})

    for globs in (("x/*",), ("y/*",), ("z/*",)):
        for period in (None, MARCH, APRIL):
            found = read(parts, branch_globs=globs, period=period, job_groups=groups)
            fresh = read_daily_usage(parts, branch_globs=globs, period=period, job_groups=groups)
            assert outputs(found) == outputs(fresh)

    assert facts(parts) == before
    folder = cache_beside(parts) / FACTS_FOLDER
    assert len([*folder.glob("*/sums-*.json")]) == 2 * len(before)


def test_a_workflow_run_of_two_windows_belongs_to_its_first_day(tmp_path: Path) -> None:
    at_the_end = {"WORKFLOW_ID": "both", "JOB_NAME": "build"}
    rows = [
        run(date(2026, 3, 28), 1)[:],
        job_run("1", JOB_RUN_DATE="2026-03-28", IS_WORKFLOW_SUCCESSFUL="true", **at_the_end),
    ]
    later = [
        job_run("2", JOB_RUN_DATE="2026-04-01", JOB_BUILD_STATUS="canceled", **at_the_end),
        run(date(2026, 4, 2), 9),
    ]
    store_with(tmp_path, window(3, rows), window(4, later))
    parts = parts_of(tmp_path)

    of_march, of_april = (read(parts, period=period) for period in (MARCH, APRIL))

    assert of_march.run_statistics.workflows[["runs", "canceled"]].sum().tolist() == [2, 1]
    assert of_april.run_statistics.workflows[["runs", "canceled"]].sum().tolist() == [1, 0]


def test_a_replaced_window_leaves_nothing_behind(tmp_path: Path) -> None:
    write_part(tmp_path / "part.csv.gz", ROWS)
    read(find_parts([tmp_path]).parts)
    write_part(tmp_path / "part.csv.gz", ROWS[1:])
    parts = find_parts([tmp_path]).parts

    assert read(parts).rows == len(ROWS) - 1
    assert len(facts(parts)) == 1


def test_facts_of_files_that_are_gone_are_removed_unless_they_are_to_stay(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    read(parts)
    march, april = parts[:2], parts[2:]
    keep_facts(april)
    for part in parts:
        part.path.unlink()
    write_part(tmp_path / "parts" / "new.csv.gz", ROWS)

    read(find_parts([tmp_path / "parts"]).parts)

    assert without_files({part.path: part.recorded for part in march if part.recorded}) == ()
    kept = without_files({part.path: part.recorded for part in april if part.recorded})
    assert [part.path for part in kept] == [part.path for part in april]


def linked(file: Path) -> None:
    moved = file.rename(file.parent.parent / file.name)
    file.symlink_to(moved)


HARMS: dict[str, Callable[[Path], object]] = {
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-9]),
    "flipped": lambda file: file.write_bytes(flipped(file.read_bytes())),
    "gone": Path.unlink,
    "a link": linked,
    "nested": lambda file: file.write_text("[" * 100_000),
    "null": lambda file: file.write_text("null"),
}


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize("harm", HARMS)
@pytest.mark.parametrize("name", ["facts.json", "runs-0.parquet", "places-0.parquet", "sums-*"])
def test_damaged_facts_are_made_anew(parts: tuple[Part, ...], name: str, harm: str) -> None:
    fresh = outputs(read(parts))
    folder = cache_beside(parts) / FACTS_FOLDER
    for file in sorted(folder.glob(f"*/{name}")):
        HARMS[harm](file)

    assert outputs(read(parts)) == fresh
    assert outputs(read(parts)) == fresh


@pytest.mark.parametrize("column", ["project", "branch", "job_seconds", "date"])
def test_facts_of_another_shape_are_made_anew(parts: tuple[Part, ...], column: str) -> None:
    """As another version would have kept them, with checksums that match."""
    fresh = outputs(read(parts))
    folder = cache_beside(parts) / FACTS_FOLDER
    for manifest in folder.glob("*/facts.json"):
        said = json.loads(manifest.read_text())
        for of_what in ("runs", "places"):
            file = manifest.parent / f"{of_what}-0.parquet"
            frame = pl.read_parquet(file)
            frame.drop(column, strict=False).write_parquet(file)
            said["files"][0][of_what] = sha256(file.read_bytes()).hexdigest()
        manifest.write_text(json.dumps(said))

    assert outputs(read(parts)) == fresh


def test_facts_of_other_code_are_made_anew(parts: tuple[Part, ...]) -> None:
    read(parts)
    before = facts(parts)
    for manifest in (cache_beside(parts) / FACTS_FOLDER).glob("*/facts.json"):
        manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"code": "other"}))
    changed = facts(parts)

    read(parts)

    assert before.keys() == facts(parts).keys()
    assert not changed.items() & facts(parts).items()


def test_where_nothing_can_be_kept_everything_is_read(
    parts: tuple[Part, ...], tmp_path: Path
) -> None:
    fresh = outputs(read(parts))
    folder = cache_beside(parts) / FACTS_FOLDER
    shutil.rmtree(folder)
    folder.write_text("a file in the way")
    assert outputs(read(parts)) == fresh

    folder.unlink()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    folder.symlink_to(elsewhere)
    assert outputs(read(parts)) == fresh
    assert not [*elsewhere.iterdir()]


NAMES = st.sampled_from(["a", "b", "c d", 'e"f'])
RUNS: st.SearchStrategy[dict[str, str]] = st.builds(
    dict,
    compute=st.sampled_from(["0", "1", "7.25", "1000000"]),
    JOB_RUN_DATE=st.sampled_from(["2026-03-01", "2026-03-31", "2026-04-01", "2026-04-07", "\\N"]),
    JOB_ID=st.sampled_from(["\\N", *(f"run {number}" for number in range(9))]),
    JOB_NAME=NAMES,
    PROJECT_NAME=NAMES,
    PROJECT_ID=st.sampled_from(["p1", "p2", "\\N"]),
    VCS_BRANCH=st.sampled_from(["main", "release/1", "x", "\\N"]),
    WORKFLOW_ID=st.sampled_from(["w1", "w2", "\\N"]),
    PIPELINE_ID=st.sampled_from(["i1", "i2", "\\N"]),
    JOB_RUN_NUMBER=st.sampled_from(["1", "2", "\\N"]),
    JOB_BUILD_STATUS=st.sampled_from(["success", "failed", "canceled", "running"]),
    JOB_RUN_SECONDS=st.sampled_from(["0", "60", "61.5"]),
    MAX_CPU_UTILIZATION_PCT=st.sampled_from(["\\N", "12.5", "99"]),
)


@settings(max_examples=examples(7))
@given(
    months=st.lists(st.lists(RUNS, min_size=1, max_size=6), min_size=1, max_size=3),
    periods=st.lists(st.sampled_from([None, MARCH, APRIL]), min_size=1, max_size=2),
    recorded=st.booleans(),
)
@example(
    months=[
        [{"compute": "0", "JOB_RUN_DATE": "2026-03-01"}],
        [{"compute": "1", "JOB_RUN_DATE": "2026-04-07"}],
    ],
    periods=[None],
    recorded=False,
)
def test_the_order_of_reading_does_not_matter(
    months: list[list[dict[str, str]]], periods: list[Period | None], *, recorded: bool
) -> None:
    """What was kept of some windows, and what all of them say read at once: the same digits."""
    groups = JobGroups({"ab": ("a", "b")})
    rows = [[job_run(**each) for each in month] for month in months]
    with TemporaryDirectory() as name:
        folder = Path(name)
        parts = files(folder, rows, recorded=recorded)
        for some in range(1, len(parts) + 1):
            for period in periods:
                found = read(parts[:some], period=period, job_groups=groups)
        fresh = read_daily_usage(parts, branch_globs=GLOBS, period=periods[-1], job_groups=groups)

        assert found.warnings == fresh.warnings
        assert outputs(found, periods[-1] or MARCH) == outputs(fresh, periods[-1] or MARCH)
        kept, new = (
            read_day_statistics(parts, NamePatterns(GLOBS), groups, home)
            for home in (cache_beside(parts), None)
        )
        assert kept.workflows.equals(new.workflows)
        assert kept.jobs.equals(new.jobs)


def files(folder: Path, rows: list[list[Row]], *, recorded: bool) -> tuple[Part, ...]:
    if recorded:
        store_with(folder, *(window(3 + number, some) for number, some in enumerate(rows)))
        return parts_of(folder)
    for number, some in enumerate(rows):
        write_part(folder / f"{number}.csv.gz", some)
    return find_parts([folder]).parts
