"""A job run counts once, however often and in whatever files it is there."""

import csv
import gzip
import json
import os
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.core.errors import DataError
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.merge import merge
from hypothesis_profiles import examples
from inprocess import run_here
from recorded_store import Export, store_with
from rows import Row, job_run

PLAIN = Dialect(compress=False)
DAYS = ("2026-03-02", "2026-03-03", "2026-03-04")
RUNS = [
    job_run("100", JOB_ID="a", JOB_RUN_DATE=DAYS[0]),
    job_run("50", JOB_ID="b", JOB_RUN_DATE=DAYS[1]),
    job_run("25", JOB_ID="c", JOB_RUN_DATE=DAYS[2]),
]


def read(folder: Path) -> DailyUsage:
    return read_daily_usage(find_parts([folder]).parts)


def credits_of(usage: DailyUsage) -> int:
    return int(usage.runs["total_credits"].sum())


def merged_ids(file: Path) -> list[str]:
    with gzip.open(file, "rt", newline="", encoding="utf-8") as stream:
        return [row["JOB_ID"] for row in csv.DictReader(stream)]


def at(file: Path, seconds: int) -> None:
    os.utime(file, (seconds, seconds))


def test_the_same_rows_packed_and_unpacked_are_counted_once(tmp_path: Path) -> None:
    export = tmp_path / "export"
    export.mkdir()
    write_part(export / "usage.csv.gz", RUNS)
    write_part(export / "usage.csv", RUNS, PLAIN)

    done = run_here("report", export, "-o", "out", cwd=tmp_path)

    assert done.code == 0, done.err
    made = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert made["totals"] == {"credits": "175", "cost": "0.105", "job_runs": 3}
    [warning] = made["warnings"]
    assert warning.startswith("usage.csv.gz: 3 rows repeat job runs of usage.csv (")
    assert warning in done.err
    assert sorted(merged_ids(tmp_path / "out" / "merged.csv.gz")) == ["a", "b", "c"]


@pytest.mark.parametrize("name", ["merged.csv.gz", "all.csv.gz", "0.csv.gz"])
def test_merging_into_the_folder_that_is_read_changes_nothing(tmp_path: Path, name: str) -> None:
    without_id = job_run("7", USER_CREDITS="3")
    write_part(tmp_path / "part-0.csv.gz", [*RUNS[:2], without_id])
    write_part(tmp_path / "part-1.csv.gz", RUNS[1:])
    files = []
    for _ in range(2):
        done = run_here("merge", tmp_path, "--output", tmp_path / name, cwd=tmp_path)
        assert done.code == 0
        assert "part-0.csv.gz: 1 row repeats job runs of part-1.csv.gz" in done.err
        files.append((tmp_path / name).read_bytes())

    assert files[0] == files[1]
    assert merged_ids(tmp_path / name) == ["a", "\\\\N", "b", "c"]


def test_a_merged_file_of_any_name_beside_its_parts(tmp_path: Path) -> None:
    write_part(tmp_path / "part-0.csv.gz", RUNS[:2])
    write_part(tmp_path / "part-1.csv.gz", RUNS[2:])
    merge(find_parts([tmp_path]).parts, tmp_path / "everything.csv.gz")

    usage = read(tmp_path)

    assert (usage.rows, credits_of(usage)) == (3, 175)
    assert len(usage.warnings) == 2


@pytest.mark.parametrize("nothing", ["\\\\N", "\\N", ""])
def test_rows_without_an_id_are_all_counted(tmp_path: Path, nothing: str) -> None:
    rows = [job_run("10", JOB_ID=nothing)] * 2
    write_part(tmp_path / "a.csv.gz", rows)
    write_part(tmp_path / "b.csv", rows, PLAIN)

    usage = read(tmp_path)

    assert (usage.rows, credits_of(usage), usage.warnings) == (4, 40, ())


def test_without_the_column_all_rows_are_counted(tmp_path: Path) -> None:
    columns = tuple(name for name in EXPORT_COLUMNS if name != "JOB_ID")
    for name, is_packed in {"a.csv": False, "b.csv.gz": True}.items():
        write_part(tmp_path / name, RUNS, Dialect(columns=columns, compress=is_packed))

    assert read(tmp_path).rows == 6


def test_repeats_within_one_file_are_counted_once_and_the_last_row_counts(tmp_path: Path) -> None:
    later = job_run("60", JOB_ID="b", JOB_RUN_DATE=DAYS[1])
    write_part(tmp_path / "joined.csv.gz", [*RUNS, RUNS[0], later])

    usage = read(tmp_path)
    warnings = merge(find_parts([tmp_path]).parts, tmp_path / "out" / "merged.csv.gz")

    assert (usage.rows, credits_of(usage)) == (3, 185)
    assert usage.warnings == warnings
    [warning] = warnings
    assert warning == (
        "joined.csv.gz: 2 rows repeat job runs of the same file (same JOB_ID);"
        " each job run is counted once."
    )
    assert merged_ids(tmp_path / "out" / "merged.csv.gz") == ["c", "a", "b"]


def test_the_row_counts_whose_day_is_complete_in_its_file(tmp_path: Path) -> None:
    """The first file was made in the middle of its last day, and touched since."""
    write_part(tmp_path / "a.csv.gz", [RUNS[0], job_run("5", JOB_ID="b", JOB_RUN_DATE=DAYS[1])])
    write_part(tmp_path / "b.csv.gz", RUNS)
    at(tmp_path / "a.csv.gz", 2_000_000_000)

    usage = read(tmp_path)

    assert credits_of(usage) == 175
    [warning] = usage.warnings
    assert warning == (
        "a.csv.gz: 2 rows repeat job runs of b.csv.gz (same JOB_ID);"
        " each job run is counted once, from b.csv.gz."
    )


def test_the_file_whose_row_counts_is_named_also_beside_the_same_file(tmp_path: Path) -> None:
    write_part(tmp_path / "a.csv.gz", [RUNS[0], RUNS[1], RUNS[1]])
    write_part(tmp_path / "b.csv.gz", [RUNS[0], RUNS[2]])

    [warning] = read(tmp_path).warnings

    assert "a.csv.gz: 2 rows repeat job runs of the same file and b.csv.gz" in warning
    assert warning.endswith("each job run is counted once, from the same file and b.csv.gz.")


def test_of_files_that_end_alike_the_one_changed_last_counts(tmp_path: Path) -> None:
    for name, amount in {"a.csv.gz": "1", "b.csv.gz": "2"}.items():
        write_part(tmp_path / name, [job_run(amount, JOB_ID="x")])
        at(tmp_path / name, 1_700_000_000)
    assert credits_of(read(tmp_path)) == 2

    at(tmp_path / "a.csv.gz", 1_800_000_000)
    assert credits_of(read(tmp_path)) == 1


def test_the_cache_knows_which_file_is_the_later(tmp_path: Path) -> None:
    for name, amount in {"a.csv.gz": "1", "b.csv.gz": "2"}.items():
        write_part(tmp_path / name, [job_run(amount, JOB_ID="x")])
        at(tmp_path / name, 1_700_000_000)
    cache = tmp_path / "cache"
    parts = find_parts([tmp_path]).parts
    first = read_daily_usage(parts, cache=cache)
    assert first.warnings == read_daily_usage(parts, cache=cache).warnings != ()

    at(tmp_path / "a.csv.gz", 1_800_000_000)

    assert (credits_of(first), credits_of(read_daily_usage(parts, cache=cache))) == (2, 1)


def test_of_stored_exports_the_one_that_had_the_day_whole_counts(tmp_path: Path) -> None:
    early, late = ([job_run(amount, JOB_ID="x", JOB_RUN_DATE=DAYS[1])] for amount in ("10", "30"))
    store_with(
        tmp_path,
        Export(DAYS[0], DAYS[2], "2026-03-03 12:30", [early]),
        Export(DAYS[1], DAYS[2], "2026-03-09 12:30", [late]),
    )

    usage = read_daily_usage(stored_parts(tmp_path).parts)

    assert (usage.rows, credits_of(usage)) == (1, 30)


def test_a_row_of_another_day_than_its_export_is_counted_once_and_said(tmp_path: Path) -> None:
    stray = job_run("1", JOB_ID="a", JOB_RUN_DATE=DAYS[0])
    store_with(
        tmp_path,
        Export(DAYS[0], DAYS[1], "2026-03-09", [RUNS[:2]]),
        Export(DAYS[2], DAYS[2], "2026-03-19", [[stray, RUNS[2]]]),
    )

    usage = read_daily_usage(stored_parts(tmp_path).parts)

    assert (usage.rows, credits_of(usage)) == (3, 175)
    astray, repeated = usage.warnings
    assert "1 row is from days outside the exported window (2026-03-04 to 2026-03-04)" in astray
    assert "2026-03-04_2026-03-04_job-1" in astray
    assert "1 row repeats job runs of 2026-03-02_2026-03-03_job-0" in repeated


@pytest.mark.parametrize("named", [(), (".circleci-usage",), (".circleci-usage/parts",)])
def test_a_merged_store_has_a_row_of_another_day_than_its_export_once(
    tmp_path: Path, named: tuple[str, ...]
) -> None:
    stray = job_run("1", JOB_ID="a", JOB_RUN_DATE=DAYS[0])
    store_with(
        tmp_path / ".circleci-usage",
        Export(DAYS[0], DAYS[1], "2026-03-09", [RUNS[:2]]),
        Export(DAYS[2], DAYS[2], "2026-03-19", [[stray, RUNS[2]]]),
    )

    merged = run_here("merge", *named, "-o", "merged.csv.gz", cwd=tmp_path)
    made = run_here("report", *named, "--from", DAYS[0], "--to", DAYS[2], "-o", "out", cwd=tmp_path)

    assert (merged.code, made.code) == (0, 0), merged.err + made.err
    assert sorted(merged_ids(tmp_path / "merged.csv.gz")) == ["a", "b", "c"]
    assert sorted(merged_ids(tmp_path / "out" / "merged.csv.gz")) == ["a", "b", "c"]
    assert "1 row repeats job runs of 2026-03-0" in merged.err
    assert "1 row repeats job runs of 2026-03-0" in made.err


def test_sound_stored_exports_have_nothing_to_say(tmp_path: Path) -> None:
    store = store_with(
        tmp_path,
        Export(DAYS[0], DAYS[1], "2026-03-09", [RUNS[:1], RUNS[1:2], []]),
        Export(DAYS[2], DAYS[2], "2026-03-19", [RUNS[2:]]),
    )

    found = stored_parts(tmp_path)
    usage = read_daily_usage(found.parts)

    assert (usage.rows, credits_of(usage), usage.warnings, found.warnings) == (3, 175, (), ())
    assert (
        len(store.recorded(found.parts[0].recorded.days)) == 3 if found.parts[0].recorded else False
    )


def test_a_stored_part_with_other_rows_than_the_ledger_says_is_named(tmp_path: Path) -> None:
    store_with(tmp_path, Export(DAYS[0], DAYS[2], "2026-03-09", [RUNS]))
    ledger = tmp_path / "ledger.json"
    ledger.write_text(ledger.read_text().replace('"rows": 3', '"rows": 5'))

    [warning] = read_daily_usage(stored_parts(tmp_path).parts).warnings

    assert "0000.csv.gz has 3 rows, but the store's ledger records 5; delete it" in warning


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            '"sha256": "',
            '"sha256": "f',
            "does not have the checksum that the store's ledger records; rerun `circleci-usage",
        ),
        (
            '"bytes": ',
            '"bytes": 1',
            "does not have the size that the store's ledger records; rerun `circleci-usage export",
        ),
        (
            '"rows": 3',
            '"rows": 0',
            "has rows, but the store's ledger records none; delete it and",
        ),
    ],
)
def test_a_stored_part_that_is_another_is_refused(
    tmp_path: Path, old: str, new: str, problem: str
) -> None:
    store_with(tmp_path, Export(DAYS[0], DAYS[2], "2026-03-09", [RUNS]))
    ledger = tmp_path / "ledger.json"
    ledger.write_text(ledger.read_text().replace(old, new))

    done = run_here("report", "--store", tmp_path, "--from", DAYS[0], "--to", DAYS[2], cwd=tmp_path)

    assert done.code == 6
    assert problem in done.err
    assert "0000.csv.gz" in done.err


def test_a_stored_part_that_is_missing_is_said(tmp_path: Path) -> None:
    store_with(tmp_path, Export(DAYS[0], DAYS[2], "2026-03-09", [RUNS]))
    for part in (tmp_path / "parts").glob("*.gz"):
        part.unlink()

    with pytest.raises(DataError, match=r"csv\.gz is missing; rerun `circleci-usage export --st"):
        stored_parts(tmp_path)


@given(
    days=st.lists(st.sampled_from(DAYS), min_size=1, max_size=8),
    pieces=st.lists(
        st.tuples(
            st.lists(st.integers(0, 7), max_size=10), st.sampled_from(["gz", "plain", "quoted"])
        ),
        max_size=4,
    ),
)
@settings(deadline=None, max_examples=examples(12))
def test_copies_excerpts_and_overlaps_change_nothing(
    tmp_path_factory: pytest.TempPathFactory,
    days: Sequence[str],
    pieces: Sequence[tuple[list[int], str]],
) -> None:
    rows = [
        job_run(
            str(Decimal(2**number) / 4),
            JOB_ID=f"run {number}",
            JOB_NAME=f"job {number % 3}",
            JOB_RUN_DATE=day,
        )
        for number, day in enumerate(days)
    ]
    alone, folder = tmp_path_factory.mktemp("alone"), tmp_path_factory.mktemp("repeated")
    for whole in (alone, folder):
        write_part(whole / "whole.csv.gz", rows)
    dialects = {"gz": Dialect(), "plain": PLAIN, "quoted": Dialect(quoted=True, null="\\N")}
    for number, (chosen, dialect) in enumerate(pieces):
        excerpt: list[Row] = [rows[index % len(rows)] for index in chosen]
        write_part(folder / f"{number}.csv", excerpt, dialects[dialect])

    parts = find_parts([folder])
    expected, found = read(alone), read_daily_usage(parts.parts)
    merge(parts.parts, folder / "out" / "merged.csv.gz")

    for name in ("runs", "credits", "branch_runs", "branch_credits"):
        assert getattr(found, name).equals(getattr(expected, name)), name
    jobs, expected_jobs = (
        each.run_statistics.jobs.sort_values("job").to_dict("records") for each in (found, expected)
    )
    assert str(jobs) == str(expected_jobs)
    assert sorted(merged_ids(folder / "out" / "merged.csv.gz")) == sorted(
        f"run {number}" for number in range(len(days))
    )
    if any(chosen for chosen, _ in pieces):
        assert found.warnings or parts.warnings
    else:
        assert not found.warnings
