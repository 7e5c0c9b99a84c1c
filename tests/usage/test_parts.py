import gzip
from pathlib import Path

import pytest

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.demo.company.exportfile import Dialect, write_part
from circleci_usage.usage.input_files import find_parts
from foreign_files import FOREIGN
from rows import job_run


def names(*paths: Path) -> list[str]:
    return [part.path.name for part in find_parts(paths).parts]


def a_part(path: Path, job: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_part(path, [job_run(JOB_NAME=job)], Dialect(compress=path.suffix == ".gz"))
    return path


def test_folders_are_searched_for_parts_in_a_stable_order(tmp_path: Path) -> None:
    for job, name in enumerate(("b.csv.gz", "a.csv", "deeper/c.csv.gz")):
        a_part(tmp_path / name, str(job))
    (tmp_path / "notes.txt").write_text("not for us")

    assert names(tmp_path) == ["a.csv", "b.csv.gz", "c.csv.gz"]
    assert names(tmp_path / "b.csv.gz", tmp_path) == ["b.csv.gz", "a.csv", "c.csv.gz"]


def test_a_merged_file_beside_its_parts_does_not_count_twice(tmp_path: Path) -> None:
    a_part(tmp_path / "merged.csv.gz", "one and two")
    assert names(tmp_path) == ["merged.csv.gz"]

    a_part(tmp_path / "part-0.csv.gz", "one")
    assert names(tmp_path) == ["part-0.csv.gz"]


def test_a_report_folder_among_the_parts_is_passed_over_but_can_be_named(tmp_path: Path) -> None:
    a_part(tmp_path / "part-0.csv.gz", "one")
    report = tmp_path / "usage-report"
    a_part(report / "merged.csv.gz", "all")
    a_part(report / "focus.csv", "no export")
    (report / "summary.json").write_text("{}")

    assert names(tmp_path) == ["part-0.csv.gz"]
    assert names(report) == ["merged.csv.gz"]

    (report / "merged.csv.gz").unlink()
    with pytest.raises(SettingsError, match=r"a report without merged\.csv\.gz"):
        names(report)


def test_the_same_bytes_count_once_and_that_is_said(tmp_path: Path) -> None:
    a_part(tmp_path / "part-0.csv.gz", "one")
    a_part(tmp_path / "part-0 (1).csv.gz", "one")
    a_part(tmp_path / "part-1.csv.gz", "two")

    found = find_parts([tmp_path])

    assert [part.path.name for part in found.parts] == ["part-0 (1).csv.gz", "part-1.csv.gz"]
    assert found.warnings == ("part-0.csv.gz duplicates part-0 (1).csv.gz and was skipped.",)


def test_what_a_file_is_decides_not_what_it_is_called(tmp_path: Path) -> None:
    write_part(tmp_path / "plain.csv.gz", [job_run()], Dialect(compress=False))
    write_part(tmp_path / "packed.csv", [job_run("11")], Dialect(compress=True))

    assert names(tmp_path) == ["packed.csv", "plain.csv.gz"]


def test_no_files_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"No usage files \(\.csv or \.csv\.gz\) in"):
        find_parts([tmp_path])
    with pytest.raises(SettingsError, match=r"There is no file or folder .*nowhere"):
        find_parts([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        *(
            (blank, "its first line is blank; delete the lines above")
            for blank in (b"\n", b"\r\n \n", b" \n", b",,\n")
        ),
        (
            b"name,cost\nweb,3\n",
            "lacks the columns ORGANIZATION_NAME, PROJECT_NAME, WORKFLOW_NAME, JOB_NAME, JOB_RUN_D",
        ),
        (b"caf\xe9,\xff\xfe\n", "its first line is not a CSV header"),
        (gzip.compress(b"PROJECT_NAME", mtime=0)[:-12], "the gzip data are damaged"),
    ],
)
def test_what_is_no_export_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    file = tmp_path / "file.csv"
    file.write_bytes(content)

    with pytest.raises(DataError, match=message):
        find_parts([file])


def test_a_file_that_must_be_unpacked_first_is_said_beside_others(tmp_path: Path) -> None:
    a_part(tmp_path / "october.csv", "one")
    (tmp_path / "november.zip").write_bytes(FOREIGN["october.zip"][0])

    assert find_parts([tmp_path]).warnings == (
        "november.zip was not read: only .csv and .csv.gz are.",
    )


@pytest.mark.parametrize("name", FOREIGN)
def test_another_kind_of_file_is_named_with_what_to_do(tmp_path: Path, name: str) -> None:
    content, message = FOREIGN[name]
    file = tmp_path / name
    file.write_bytes(content)

    with pytest.raises(DataError) as refused:
        find_parts([file])

    assert f"{file} is not a usage export: " in str(refused.value)
    assert message in str(refused.value)


def test_a_column_that_is_there_twice_is_said(tmp_path: Path) -> None:
    file = a_part(tmp_path / "file.csv", "one")
    file.write_text(file.read_text().replace("PARALLELISM", "EXECUTOR"))

    with pytest.raises(DataError, match="it has the column EXECUTOR twice"):
        find_parts([file])
