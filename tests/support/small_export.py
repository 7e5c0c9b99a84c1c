"""A small export for tests of the command line."""

from pathlib import Path

from circleci_usage.demo.company.exportfile import COLUMNS_45, Dialect, write_part
from rows import job_run


def small_export(tmp_path: Path) -> Path:
    """A folder of export files of two organizations, made in a folder."""
    folder = tmp_path / "export"
    folder.mkdir()
    write_part(
        folder / "part-0.csv.gz", [job_run("100"), job_run("7", JOB_NAME="lint", DLC_CREDITS="200")]
    )
    write_part(
        folder / "part-1.csv",
        [job_run("3", JOB_RUN_DATE="2026-03-05", PROJECT_NAME="api", PROJECT_ID="api")],
        Dialect(quoted=True, crlf=True, bom=True, columns=COLUMNS_45, compress=False),
    )
    return folder
