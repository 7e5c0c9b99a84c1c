import csv
import gzip
from datetime import date
from pathlib import Path

import pytest

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect, write_part
from circleci_usage.schema.export_columns import EXPORT_COLUMNS, NULL_MARKS
from circleci_usage.usage.input_files import find_parts
from circleci_usage.usage.merge import merge
from rows import Row, job_run


def merged(folder: Path, only: Period | None = None) -> list[Row]:
    output = folder / "merged.csv.gz"
    merge(find_parts([folder]).parts, output, only=only)
    with gzip.open(output, "rt", encoding="utf-8", newline="") as stream:
        return [tuple(row) for row in csv.reader(stream)]


def test_parts_become_one_file_with_one_header(tmp_path: Path) -> None:
    rows = [job_run(str(n), JOB_NAME=f'a "{n}", b') for n in range(5)]
    write_part(tmp_path / "part-0.csv.gz", rows[:2])
    write_part(tmp_path / "part-1.csv", rows[2:], Dialect(compress=False, bom=True))

    assert merged(tmp_path) == [EXPORT_COLUMNS, *rows]


def test_merging_again_gives_the_same_bytes(tmp_path: Path) -> None:
    write_part(tmp_path / "part-0.csv.gz", [job_run()])
    first = merged(tmp_path)
    content = (tmp_path / "merged.csv.gz").read_bytes()

    assert merged(tmp_path) == first
    assert (tmp_path / "merged.csv.gz").read_bytes() == content


def test_a_part_without_a_last_newline_keeps_its_rows_apart(tmp_path: Path) -> None:
    write_part(tmp_path / "a.csv", [job_run("1")], Dialect(compress=False))
    (tmp_path / "a.csv").write_bytes((tmp_path / "a.csv").read_bytes().rstrip(b"\n"))
    write_part(tmp_path / "b.csv", [job_run("2")], Dialect(compress=False))

    assert merged(tmp_path) == [EXPORT_COLUMNS, job_run("1"), job_run("2")]


def test_columns_that_a_part_lacks_are_null(tmp_path: Path) -> None:
    write_part(tmp_path / "a.csv.gz", [job_run("1", JOB_RUN_STARTED_AT="2026-03-02 08:00:00.000")])
    write_part(
        tmp_path / "b.csv.gz",
        [job_run("2")],
        Dialect(columns=(*reversed(COLUMNS_45), "NEW"), quoted=True),
    )

    header, new, old = merged(tmp_path)

    assert header == (*EXPORT_COLUMNS, "NEW")
    started = header.index("JOB_RUN_STARTED_AT")
    assert (new[started], old[started]) == ("2026-03-02 08:00:00.000", NULL_MARKS[1])
    assert (new[:26], old[:26]) == (job_run("1")[:26], job_run("2")[:26])


def test_other_days_can_be_left_out(tmp_path: Path) -> None:
    days = ["2026-02-28", "2026-03-01", "2026-03-02", "2026-03-03", "\\N"]
    write_part(tmp_path / "a.csv.gz", [job_run(JOB_RUN_DATE=day) for day in days])

    rows = merged(tmp_path, Period.of_days(date(2026, 3, 1), date(2026, 3, 2)))

    kept = [row[EXPORT_COLUMNS.index("JOB_RUN_DATE")] for row in rows[1:]]
    assert kept == ["2026-03-01", "2026-03-02", NULL_MARKS[1]]


def test_a_damaged_part_leaves_an_earlier_file_alone(tmp_path: Path) -> None:
    write_part(tmp_path / "part-0.csv.gz", [job_run(JOB_ID=str(n)) for n in range(5000)])
    before = merged(tmp_path)
    part = tmp_path / "part-0.csv.gz"
    part.write_bytes(part.read_bytes()[:-20])

    with pytest.raises(DataError, match=r"part-0\.csv\.gz: the gzip data are damaged"):
        merged(tmp_path)

    with gzip.open(tmp_path / "merged.csv.gz", "rt") as stream:
        assert len(stream.readlines()) == len(before)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["merged.csv.gz", "part-0.csv.gz"]


def test_a_folder_that_cannot_be_is_said(tmp_path: Path) -> None:
    write_part(tmp_path / "part-0.csv.gz", [job_run()])

    with pytest.raises(SettingsError, match=r"cannot be written: .*\. Choose a writable folder"):
        merge(find_parts([tmp_path]).parts, tmp_path / "part-0.csv.gz" / "merged.csv.gz")


def test_no_parts_are_a_header(tmp_path: Path) -> None:
    for only in (None, Period.of_days(date(2026, 3, 1), date(2026, 3, 2))):
        merge((), tmp_path / "merged.csv", only=only)
        assert (tmp_path / "merged.csv").read_text() == ",".join(EXPORT_COLUMNS) + "\n"
