"""Explorers of job runs that make numbers difficult."""

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.render.explorer.page import explore_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.report_files import EXPLORER_NAME
from contracts import as_yaml
from explorer_export import (
    CONTRACT,
    FIRST,
    HUGE,
    LAST,
    MISSING,
    PERIOD,
    RULES,
    Job,
    difficult_jobs,
    huge_jobs,
)
from explorer_oracle import Days, Usage, usage
from oracle import Sharing
from report_factory import report_from_settings

SINCE = date(2025, 12, 1)


@dataclass(frozen=True)
class Explored:
    """A folder with an explorer, its report, and the usage that it has, according to the oracle."""

    folder: Path
    report: Report
    usage: Usage

    @property
    def page(self) -> Path:
        return self.folder / EXPLORER_NAME


def difficult_report(folder: Path) -> Explored:
    """Thirteen months of hostile names, missing days and days without a price."""
    jobs, days = difficult_jobs(), (FIRST, LAST)
    report = reported(folder, jobs, as_yaml(CONTRACT, RULES, None), days, [MISSING])
    known = usage(jobs, CONTRACT, RULES, days=days, period=PERIOD, missing=[MISSING])
    return Explored(folder, report, known)


def huge_report(folder: Path) -> Explored:
    """Amounts whose smallest units are far beyond what JavaScript's numbers hold."""
    jobs = huge_jobs()
    report = reported(folder, jobs, as_yaml(HUGE, (), None), PERIOD)
    return Explored(folder, report, usage(jobs, HUGE, days=PERIOD, period=PERIOD))


def shared_report(folder: Path) -> Explored:
    """Seats, network and a project are shared by the teams; some credits are included."""
    jobs = [job for job in difficult_jobs() if date.fromisoformat(job["JOB_RUN_DATE"]) >= SINCE]
    contract, days = replace(CONTRACT, included=Decimal("20000.5")), (SINCE, LAST)
    sharing = Sharing("proportional", ["user", "network"], ["web-shop"])
    report = reported(folder, jobs, as_yaml(contract, RULES, sharing), days)
    return Explored(folder, report, usage(jobs, contract, RULES, days=days, period=PERIOD))


def reported(
    folder: Path, jobs: Sequence[Job], settings: str, days: Days, missing: Sequence[Days] = ()
) -> Report:
    """The report on job runs as the pipeline makes it, with its explorer in the folder."""
    report = report_from_settings(
        folder,
        [tuple(job.values()) for job in jobs],
        settings,
        period=Period.of_days(*PERIOD),
        now=datetime.combine(days[1] + ONE_DAY, time(13), UTC),
        exported=ExportedDays(complete_through=days[1], complete=_complete(days, missing)),
        allow_unpriced=True,
    )
    write_explorer(report, folder)
    return report


def write_explorer(report: Report, folder: Path) -> Path:
    """Only the explorer: the charts of a whole report folder take seconds."""
    page = folder / EXPLORER_NAME
    data = b64encode(report.explored).decode()
    page.write_text(explore_html(ReportView(report), data), encoding="utf-8")
    return page


def _complete(days: Days, missing: Sequence[Days]) -> tuple[Period, ...]:
    """The days that are known, around those that are not."""
    starts = [days[0], *(last + ONE_DAY for _, last in missing)]
    ends = [*(first - ONE_DAY for first, _ in missing), days[1]]
    return tuple(Period.of_days(first, last) for first, last in zip(starts, ends, strict=True))
