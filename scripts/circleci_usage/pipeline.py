"""The stages in their order: from parts on disk to the report folder. What the commands share."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path

import pandas as pd

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.core.periods import ALL_DAYS, Period
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList
from circleci_usage.export.ledger import complete_through
from circleci_usage.report import Report, build_report
from circleci_usage.usage.aggregates import MAIN_BRANCHES
from circleci_usage.usage.daily_usage import DailyUsage, daily_usage
from circleci_usage.usage.engine import Source
from circleci_usage.usage.job_groups import JobGroups


@dataclass(frozen=True)
class ReportSettings:
    """What a report is made with.

    Attributes:
        folder: where it is written.
        prices: what credits cost.
        ownership: the teams and what they own.
        analysis: what the analyses are told.
        job_groups: what jobs are called.
        period: the days to report on, on a side that is open as far as there are any; None for all days that there are.
        otherwise: the days to report on when there are none at all.
        period_name: how the period was asked for, such as `last-week`; None when it was by its dates.
        link: where the report can be looked at, if that is known.
        merged: whether the rows go into the folder too.
        focus_version: of focus.csv.
        export_for: tools to write files for too.
        focus_grain: what its lines are of: `day`, `month` or, by their number, `auto`.
        focus_gzip: whether it is packed.
        checksum: of what the settings file says that decides what things cost and whose costs they are.
    """

    folder: Path
    prices: PriceList
    ownership: Ownership
    analysis: AnalysisSettings
    job_groups: JobGroups
    period: Period | None
    otherwise: Period
    period_name: str | None
    link: str | None
    merged: bool
    focus_version: str
    export_for: tuple[str, ...]
    focus_grain: str = "auto"
    focus_gzip: bool = False
    checksum: str = ""

    def days(self, known: Period | None) -> Period:
        """The days to report on, when those of the usage are known."""
        if known is None:
            return self.otherwise
        return (self.period or ALL_DAYS).closed(known) or self.otherwise


def make_report(
    source: Source, settings: ReportSettings, *, clock: Clock, progress: Progress
) -> Report:
    """Read the parts, build the report, write its folder.

    Raises:
        DataError: a part is damaged.
        ServiceError: a cluster that was to read them could not.
        SettingsError: there is usage without a price, or the folder cannot be written.
        UnfinishedError: the disk is full.
    """
    with ThreadPoolExecutor(1) as beside:
        # What draws takes a third of a second to load, in which the engine reads without Python.
        beside.submit(import_module, "circleci_usage.outputs")
        report, rows = _read_and_build(source, settings, clock, progress)
    from circleci_usage.cost_files.focus import focus_warning  # noqa: PLC0415
    from circleci_usage.outputs import write_report  # noqa: PLC0415

    coarse = focus_warning(report, settings.focus_grain)
    if coarse:
        report = replace(report, warnings=(*report.warnings, coarse))
    progress.say(f"Writing the report on {report.period} to {settings.folder}.")

    merge = source.merge if settings.merged else None

    write_report(
        report,
        settings.folder,
        rows=partial(merge, only=rows.only, has_repeats=rows.has_repeats) if merge else None,
        focus_version=settings.focus_version,
        focus_grain=settings.focus_grain,
        focus_gzip=settings.focus_gzip,
        export_for=settings.export_for,
    )
    return report


@dataclass(frozen=True)
class _Rows:
    """Which rows go into the folder: `only` those of some days; whether some of them repeat job runs."""

    only: Period | None
    has_repeats: bool


def _read_and_build(
    source: Source, settings: ReportSettings, clock: Clock, progress: Progress
) -> tuple[Report, _Rows]:
    """The report, and which rows belong to it. The usage goes when it is built: it may be large."""
    progress.say(f"Reading {counted(source.files, 'usage file')} ({source.size / 1e6:,.1f} MB).")
    branch_globs = (*MAIN_BRANCHES, *settings.ownership.branch_globs)
    usage = daily_usage(source.read(settings.period, branch_globs, settings.job_groups))
    progress.detail(f"Read {counted(usage.rows, 'job run')}.")
    days = _days_of(usage)
    report = build_report(
        usage,
        settings.prices,
        period=settings.days(days),
        generated_at=clock.now(),
        ownership=settings.ownership,
        analysis=settings.analysis,
        job_groups=settings.job_groups,
        complete_through=source.complete_through,
        complete=source.complete,
        ready_through=complete_through(clock.now()),
        settings_checksum=settings.checksum,
        warnings=source.warnings,
        period_name=settings.period_name,
        link=settings.link,
    )
    period = report.period
    all_inside = days is None or (period.start <= days.start and days.stop <= period.stop)
    return report, _Rows(None if all_inside else period, usage.has_repeats)


def _days_of(usage: DailyUsage) -> Period | None:
    dated: pd.Series = usage.runs["date"].dropna()
    return None if dated.empty else Period.of_days(dated.min().date(), dated.max().date())
