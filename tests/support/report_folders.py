"""Report folders as `report` writes them, but for pages and charts, which nothing reads back."""

from datetime import UTC, date, datetime
from pathlib import Path

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report, build_report
from circleci_usage.report_folder.summary import summary_json
from circleci_usage.report_folder.tables import lines_csv, tables
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from rows import Row

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)


def report_folder(
    folder: Path,
    rows: list[Row],
    settings: str = "",
    *,
    period: Period = MARCH,
    allow_unpriced: bool = False,
) -> tuple[Path, Report]:
    """Report on job runs and write the folder."""
    parts = folder / "parts"
    parts.mkdir(parents=True)
    write_part(parts / "part.csv.gz", rows)
    (folder / "usage.yml").write_text(settings, encoding="utf-8")
    file = load_settings_file(folder / "usage.yml")
    ownership = file.ownership()
    globs = (*MAIN_BRANCHES, *ownership.branch_globs)
    report = build_report(
        read_daily_usage(find_parts([parts]).parts, period=period, branch_globs=globs),
        file.price_list(allow_unpriced=allow_unpriced),
        period=period,
        generated_at=NOW,
        ownership=ownership,
        analysis=file.analysis(),
        complete_through=period.last,
    )
    return write(report, folder / "report"), report


def write(report: Report, folder: Path) -> Path:
    (folder / "tables").mkdir(parents=True)
    (folder / "summary.json").write_text(summary_json(report), encoding="utf-8")
    for name, lines in tables(report):
        (folder / "tables" / f"{name}.csv").write_text(lines_csv(lines), encoding="utf-8")
    return folder
