"""A report of a few job runs and the text of a settings file, the way the command makes one."""

from datetime import UTC, date, datetime
from pathlib import Path

from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report, build_report
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import read_daily_usage
from circleci_usage.usage.input_files import find_parts
from rows import Row

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
NOW = datetime(2026, 4, 2, tzinfo=UTC)


def reported(
    folder: Path,
    rows: list[Row],
    settings: str = "",
    *,
    period: Period = MARCH,
    allow_unpriced: bool = False,
) -> Report:
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    write_part(parts / "part.csv.gz", rows)
    (folder / "usage.yml").write_text(settings, encoding="utf-8")
    file = load_settings_file(folder / "usage.yml")
    ownership = file.ownership()
    usage = read_daily_usage(
        find_parts([parts]).parts, branch_globs=(*MAIN_BRANCHES, *ownership.branch_globs)
    )
    prices = file.price_list(allow_unpriced=allow_unpriced)
    return build_report(usage, prices, ownership=ownership, period=period, generated_at=NOW)
