"""Reports for tests by the real pipeline: of daily usage, rows, or rows and a settings file."""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from circleci_usage.analysis.completeness import UNKNOWN_DAYS, ExportedDays
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.config.settings_model import SettingsFile
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.pipeline import build_report
from circleci_usage.report import Report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.report_files import FOCUS_DETAILS
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from rows import Row

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
NOW = datetime(2026, 4, 2, 9, 30, tzinfo=UTC)
LIST_PRICES = PriceList.flat(Decimal("0.0006"))


def report_of_usage(
    usage: DailyUsage,
    period: Period = MARCH,
    now: datetime = NOW,
    *,
    exported: ExportedDays = UNKNOWN_DAYS,
    **settings: Any,
) -> Report:
    """The report on daily usage; `settings` are those of `ReportSettings`, such as `prices`."""
    given: dict[str, Any] = {
        "prices": LIST_PRICES,
        "folder": Path(),
        "period": period,
        "otherwise": period,
    }
    return build_report(usage, ReportSettings(**(given | settings)), now, exported)


def report_of(rows: Iterable[Row], period: Period = MARCH, **settings: Any) -> Report:
    """The report on rows, which pass through an export file as real ones do."""
    with TemporaryDirectory() as folder:
        write_part(Path(folder) / "part.csv.gz", rows)
        usage = read_daily_usage(find_parts([Path(folder)]).parts, period=period)
    return report_of_usage(usage, period, **settings)


def report_from_settings(
    folder: Path,
    rows: Iterable[Row],
    settings: str = "",
    *,
    period: Period = MARCH,
    now: datetime = NOW,
    exported: ExportedDays = UNKNOWN_DAYS,
    allow_unpriced: bool = False,
    focus_detail: str = FOCUS_DETAILS[0],
) -> Report:
    """The report on rows with the text of a settings file; both are written to the folder."""
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    write_part(parts / "part.csv.gz", rows)
    file = written_settings(folder, settings)
    usage = read_daily_usage(
        find_parts([parts]).parts,
        period=period,
        branch_globs=branch_globs(file),
        user_patterns=file.ownership().user_patterns,
        job_groups=file.grouped_jobs(),
    )
    said = from_file(file, allow_unpriced=allow_unpriced)
    said["focus_detail"] = focus_detail
    return report_of_usage(usage, period, now, exported=exported, **said)


def written_settings(folder: Path, text: str) -> SettingsFile:
    """The settings file of this text."""
    (folder / "usage.yml").write_text(text, encoding="utf-8")
    return load_settings_file(folder / "usage.yml")


def branch_globs(file: SettingsFile) -> Sequence[str]:
    """The globs that group branches."""
    return (*MAIN_BRANCHES, *file.default_branches, *file.ownership().branch_globs)


def from_file(file: SettingsFile, *, allow_unpriced: bool = False) -> dict[str, Any]:
    """What a settings file says, as `ReportSettings` takes it."""
    return {
        "prices": file.price_list(allow_unpriced=allow_unpriced),
        "ownership": file.ownership(),
        "analysis": file.analysis(),
        "job_groups": file.grouped_jobs(),
    }
