"""Report folders as `report` writes them, without pages and charts, which nothing reads back."""

from datetime import UTC, date, datetime
from pathlib import Path

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.core.periods import Period
from circleci_usage.report import Report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import lines_csv, tables
from report_factory import MARCH, report_from_settings
from rows import Row, job_run

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)


def report_folder(
    folder: Path,
    rows: list[Row],
    settings: str = "",
    *,
    period: Period = MARCH,
    allow_unpriced: bool = False,
) -> tuple[Path, Report]:
    """The folder of a report on job runs, and the report."""
    complete = ExportedDays(complete_through=period.last)
    report = report_from_settings(
        folder,
        rows,
        settings,
        period=period,
        now=NOW,
        exported=complete,
        allow_unpriced=allow_unpriced,
    )
    return write(report, folder / "report"), report


def report_of_day(folder: Path, day: date) -> Path:
    """The folder of a report on two job runs of a day."""
    rows = [
        job_run("1000", JOB_RUN_DATE=str(day)),
        job_run("50", JOB_RUN_DATE=str(day), PROJECT_NAME="x"),
    ]
    return report_folder(folder, rows, period=Period.of_days(day, day))[0]


def write(report: Report, folder: Path) -> Path:
    (folder / "tables").mkdir(parents=True)
    (folder / "summary.json").write_text(summary_json(report), encoding="utf-8")
    for name, lines in tables(report):
        (folder / "tables" / f"{name}.csv").write_text(lines_csv(lines), encoding="utf-8")
    return folder
