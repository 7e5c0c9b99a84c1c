"""The demo: the full pipeline, from export to report, against the stand-in with sample data."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.periods import Period, add_months, named_period, today_utc
from circleci_usage.core.progress import Progress
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.catalog import ORGANIZATIONS
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export_and_report import ExportSettings, run
from circleci_usage.report import Report
from circleci_usage.report_settings import ReportSettings

DEMO_SETTINGS: Final = Path(__file__).with_name("usage.yml")
"""The sample company's contract, teams and budgets."""

_MONTHS_BEFORE: Final = 2
"""Enough for a comparison, and to learn the usual cost of each weekday."""


def run_demo(
    reporting: Callable[[Period], ReportSettings], *, seed: int, period: str, progress: Progress
) -> Report:
    """Export and report on a period of the sample company, by its own calendar.

    Args:
        reporting: makes the report's settings for the days of the period.
        seed: another seed, another company; the same seed, the same report.
        period: a name, as for `--period`.
        progress: receives messages.

    Raises:
        SettingsError: the period is unknown, or the report cannot be written.
    """
    clock, company = PinnedClock(), Company(seed)
    days = named_period(period, today_utc(clock.now()))
    months_before = add_months(days.start.replace(day=1), -_MONTHS_BEFORE)
    thirteen_months = named_period("last-13-months", today_utc(clock.now()))
    begin = min(days.start, max(months_before, thirteen_months.start))
    with (
        working_folder() as folder,
        StandIn(company, clock, posts_per_hour=None, gets_per_hour=None) as circleci,
    ):
        exporting = ExportSettings(
            url=circleci.url,
            token=ApiToken(SecretStr(circleci.token), "the mock CircleCI"),
            organizations=tuple(organization.id for organization in ORGANIZATIONS),
            store=folder,
            options=ExportOptions(),
        )
        made = run(
            exporting, reporting(days), Period(begin, days.stop), clock=clock, progress=progress
        )
        return made.report
