"""Errors of `report` and `merge`: one line that says what to do, and the exit code."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from shlex import quote

import pytest

from circleci_usage.demo.company.exportfile import Dialect, write_part
from inprocess import run_here
from rows import job_run
from small_export import small_export


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return small_export(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["report", "nowhere"], 2, "Error: There is no file or folder nowhere; check the path."),
        (["report", "nothing"], 2, "Error: No usage files (.csv or .csv.gz) in nothing;"),
        (["report"], 2, "Error: There is no store .circleci-usage; export usage into it with"),
        (
            ["report", "other.csv"],
            6,
            "other.csv is not a usage export: it lacks the columns ORGANIZATION_NAME,",
        ),
        (["report", "cut.csv.gz"], 6, "cut.csv.gz: the gzip data are damaged"),
        (
            ["report", "short.csv"],
            6,
            "short.csv, line 3: the row has 30 fields, the header 48; download the file again.",
        ),
        (
            ["report", "letters.csv"],
            6,
            "letters.csv, line 2: COMPUTE_CREDITS is 'many', not a number; download the file again",
        ),
        (["merge", "cut.csv.gz"], 6, "cut.csv.gz: the gzip data are damaged"),
        (
            ["report", "good.csv", "--from", "2026-02-30"],
            2,
            "'2026-02-30' is not a date; write it as YYYY-MM-DD",
        ),
        (
            ["report", "good.csv", "--from", "2026-03-02", "--to", "2026-03-01"],
            2,
            "The start date is after the end date: --from 2026-03-02 is later than --to 2026-03-01",
        ),
        (
            ["report", "good.csv", "--period", "someday"],
            2,
            "--period someday: invalid value; choose from yesterday,",
        ),
        (
            ["report", "good.csv", "--price-per-credit", "cheap"],
            2,
            "--price-per-credit: 'cheap' is not a valid price per credit; write it as in 0.0006.",
        ),
        (
            ["report", "good.csv", "--config", "missing.yml"],
            2,
            "The settings file missing.yml cannot be read",
        ),
        (["report", "good.csv", "--bogus"], 2, "has no option --bogus; see `"),
        (
            ["report", "good.csv", "-o", "good.csv"],
            2,
            "good.csv cannot be written: good.csv is a file. Choose a writable folder",
        ),
        (["merge", "good.csv", "-o", "good.csv/merged.csv.gz"], 2, "cannot be written"),
        (["bogus"], 2, "has no command 'bogus'; the commands are "),
    ],
)
def test_errors_are_one_line(tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    plain = Dialect(compress=False)
    write_part(tmp_path / "good.csv", [job_run()], plain)
    write_part(tmp_path / "short.csv", [job_run(), job_run()[:30]], plain)
    write_part(tmp_path / "letters.csv", [job_run("many", total="1")], plain)
    write_part(tmp_path / "cut.csv.gz", [job_run(JOB_ID=str(n)) for n in range(2000)])
    (tmp_path / "cut.csv.gz").write_bytes((tmp_path / "cut.csv.gz").read_bytes()[:-50])
    (tmp_path / "other.csv").write_text("name,cost\nweb,3\n")
    (tmp_path / "nothing").mkdir()

    done = run_here(*arguments, cwd=tmp_path)

    assert done.code == code, done.err
    assert message in done.err
    assert not (tmp_path / "usage-report" / "summary.json").exists()
    assert not (tmp_path / "usage-report" / "index.html").exists()
    assert not (tmp_path / "merged.csv.gz").exists()


@pytest.mark.skipif(
    os.geteuid() == 0 and not Path("/proc").is_dir(),
    reason="needs a folder that nobody may write to",
)
def test_a_folder_that_cannot_be_written_is_reported(export: Path, tmp_path: Path) -> None:
    done = run_here("report", export, "-o", "/proc/usage-report", cwd=tmp_path)

    assert done.code == 2
    assert "Error: /proc/usage-report cannot be written: No such file or directory" in done.err
    assert "Choose a writable folder" in done.err


def test_only_a_cluster_reads_urls(export: Path, tmp_path: Path) -> None:
    done = run_here("report", export, "s3://bucket/exports", cwd=tmp_path)

    assert done.code == 2
    assert (
        "s3://bucket/exports is not a local path; copy the files here, or read them with a cluster"
        in done.err
    )


@pytest.mark.parametrize(
    "flags", [("--store", "s3://bucket/store"), ("--output", "s3://bucket/report")]
)
def test_a_bucket_is_no_folder(export: Path, tmp_path: Path, flags: tuple[str, str]) -> None:
    done = run_here("report", export, *flags, cwd=tmp_path)

    assert done.code == 2
    assert (
        "is not a local directory; name one, and copy it to and from object storage with a tool"
        in done.err
    )
    assert not (tmp_path / "s3:").exists()


@pytest.mark.skipif(find_spec("pyspark") is not None, reason="Spark is installed")
def test_without_spark_its_engine_says_how_to_get_it(export: Path, tmp_path: Path) -> None:
    done = run_here("report", export, "--engine", "spark", cwd=tmp_path)

    assert done.code == 2
    assert "--engine spark needs PySpark; " in done.err
    assert "'pyspark>=4.0'" in done.err
    if find_spec("pip"):
        assert f"install it with `{quote(sys.executable)} -m pip install 'pyarrow" in done.err
