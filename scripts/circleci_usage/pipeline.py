"""The pipeline: read (→ look up) → price → allocate → analyze → assemble → write.

Parts on disk become daily usage, daily usage becomes costs, costs get their owners, and analyses
find what to act on. The report holds all of that; every file of the report folder is made from it.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Final

from circleci_usage.analysis.analyze import AnalysisInput, analyze
from circleci_usage.analysis.branch_costs import branch_breakdown
from circleci_usage.analysis.chargeback import chargeback
from circleci_usage.analysis.completeness import (
    UNKNOWN_DAYS,
    ExportedDays,
    ReportDays,
    days_to_price,
    days_with_usage,
    report_days,
)
from circleci_usage.analysis.owned_usage import OwnedUsage, allocate_usage, priced_days
from circleci_usage.analysis.people import find_people
from circleci_usage.analysis.undated import undated_rows, with_days
from circleci_usage.assemble import Stages, assemble, explored_lines
from circleci_usage.assemble_teams import with_team_reports
from circleci_usage.core.background_import import imported_meanwhile
from circleci_usage.core.decimals import exact_arithmetic
from circleci_usage.core.freed_memory import return_freed_memory
from circleci_usage.core.paths import exists
from circleci_usage.core.periods import Period, today_utc
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.costs.costs import Costs, within
from circleci_usage.costs.pricing import price, refuse_unpriced
from circleci_usage.explore.cost_lines import CostLines
from circleci_usage.explore.encoding import encode_within
from circleci_usage.export.ledger import complete_through
from circleci_usage.insights.lookups import NO_LOOKUPS, NOTHING, LookedUp, Lookups
from circleci_usage.insights.questions import ask
from circleci_usage.render.charts.drawing_process import Drawing, draw_here, drawing_process
from circleci_usage.report import Report
from circleci_usage.report_folder.writer import FileWriter
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.report_files import SUMMARY_NAME
from circleci_usage.usage.daily_usage import DailyUsage, daily_usage
from circleci_usage.usage.engine import Source

WRITER: Final = "circleci_usage.outputs"
"""What writes reports, and takes long to import."""


@dataclass(frozen=True)
class ComputedReport:
    """A report that is not written yet.

    Attributes:
        report: what is published.
        rows: writes its job runs as merged.csv.gz; None where they stay where they are.
    """

    report: Report
    rows: FileWriter | None


def make_report(
    source: Source,
    settings: ReportSettings,
    *,
    clock: Clock,
    progress: Progress,
    lookups: Lookups = NO_LOOKUPS,
) -> Report:
    """Read the parts, build the report, write its folder.

    Args:
        source: the parts.
        settings: what the report is made with.
        clock: tells the time.
        progress: shows the work.
        lookups: what to ask CircleCI about the usage; by default nothing.

    Raises:
        DataError: a part is damaged.
        ServiceError: a cluster that was to read them could not.
        SettingsError: there is usage without a price, or the folder cannot be written.
        UnfinishedError: the disk is full.
    """
    progress.if_interrupted(_unwritten(settings.folder))
    with drawing_process() as drawing:
        # The engine reads without Python, which has time to load what writes.
        with imported_meanwhile(WRITER):
            # Only the report is kept: daily usage may be large, and nothing is written from it.
            usage = read_usage(source, settings, progress)
            looked_up = _look_up(lookups, usage, settings)
            computed = compute_report(usage, source, settings, clock.now(), progress, looked_up)
            del usage
        return write_computed(computed, settings, progress, drawing)


def read_usage(source: Source, settings: ReportSettings, progress: Progress) -> DailyUsage:
    """Parts → daily usage, by the branches and jobs that the settings name.

    Raises:
        DataError: a part is damaged.
        ServiceError: a cluster that was to read them could not.
    """
    what = f"Reading {source.extent}"
    progress.say(f"{what}.")
    with progress.task(what):
        # Without a name for the sums, they are dropped while they are converted.
        usage = daily_usage(source.read(settings.period, settings.patterns, settings.job_groups))
    return_freed_memory()
    progress.detail(f"Read {counted(usage.rows, 'job run')}.")
    return usage


def _look_up(lookups: Lookups, usage: DailyUsage, settings: ReportSettings) -> LookedUp:
    """Ask CircleCI what is wanted about the usage of the report's days, and will be shown."""
    if settings.analysis.people.show in ("no", "ids"):
        lookups = replace(lookups, user_names=None)
    return ask(lookups, usage, settings.days(days_with_usage(usage.runs)))


def compute_report(
    usage: DailyUsage,
    source: Source,
    settings: ReportSettings,
    now: datetime,
    progress: Progress,
    looked_up: LookedUp = NOTHING,
) -> ComputedReport:
    """The report on the daily usage of a source, not written yet.

    Args:
        usage: of the source.
        source: what the usage was read from.
        settings: what the report is made with.
        now: in UTC.
        progress: shows the work.
        looked_up: what CircleCI said about the usage.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    exported = _exported(source, now)
    with progress.task("Analyzing the usage"):
        report = build_report(usage, settings, now, exported, source.warnings, looked_up)
    return ComputedReport(report, _merged_rows(source, usage, report.period, progress))


def build_report(
    usage: DailyUsage,
    settings: ReportSettings,
    now: datetime,
    exported: ExportedDays = UNKNOWN_DAYS,
    warnings: tuple[str, ...] = (),
    looked_up: LookedUp = NOTHING,
) -> Report:
    """Daily usage → the report on one period.

    Args:
        usage: may hold more days than the period: those of the year before show usual costs, and
            included credits are used up from the first day of their cycle on. Its run statistics
            are of the period.
        settings: what the report is made with.
        now: in UTC.
        exported: what the export knows about its days.
        warnings: what earlier stages have to say.
        looked_up: what CircleCI said about the usage.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    settings = _with_names(settings, looked_up)
    prices, ownership = settings.prices, settings.ownership
    days = _days(usage, settings, now, exported)
    period, undated = days.period, undated_rows(usage.runs)
    usage = with_days(usage, period.last)
    with exact_arithmetic():
        # Price, allocate
        costs, owned = own_costs(usage, settings, period)
        to_price = days_to_price(period, prices)
        branches = branch_breakdown(usage, prices, to_price, period)
        people = find_people(usage, prices, to_price, days, settings.analysis.people)
        in_period = owned.within(period)
        if not prices.allow_unpriced:
            refuse_unpriced(in_period.costs)
        charged = chargeback(in_period.costs, ownership, period)

        # For the explorer, while little else takes memory: there may be millions of lines.
        packed = encode_within(explored_lines(owned, settings, days, usage.places))

        # Analyze
        groups = settings.job_groups
        known = AnalysisInput(owned, in_period, days, usage, looked_up.tests, groups, people)
        results = analyze(known, prices, ownership, settings.analysis)
        return_freed_memory()

        # Assemble
        made = Stages(
            usage, undated, days, costs, branches, people, owned, in_period, charged, results
        )
        report = assemble(made, packed, settings, now, (*warnings, *looked_up.warnings))
        return with_team_reports(report, known) if settings.team_reports else report


def _with_names(settings: ReportSettings, looked_up: LookedUp) -> ReportSettings:
    """With the names of users that were requested; those of the settings file win.

    Whoever requests names wants to see them.
    """
    if looked_up.users is None:
        return settings
    people = settings.analysis.people
    names = {**looked_up.users.names, **people.names}
    named = replace(people, show="names", names=names)
    return replace(settings, analysis=replace(settings.analysis, people=named))


def build_cost_lines(
    usage: DailyUsage, source: Source, settings: ReportSettings, now: datetime
) -> CostLines:
    """Daily usage → costs of all known days by all dimensions, as the report's explorer has them.

    Args:
        usage: of the source.
        source: what knows which days are complete.
        settings: prices, teams, and the days asked about.
        now: in UTC.

    Raises:
        SettingsError: there is usage on days without a price.
    """
    days = known_days(usage, source, settings, now)
    with exact_arithmetic():
        _, owned = own_costs(with_days(usage, days.period.last), settings, days.period)
        if not settings.prices.allow_unpriced:
            refuse_unpriced(owned.within(days.period).costs)
        return explored_lines(owned, settings, days, usage.places)


def known_days(
    usage: DailyUsage, source: Source, settings: ReportSettings, now: datetime
) -> ReportDays:
    """The days that a report on the usage of a source is of, and which of them are complete."""
    return _days(usage, settings, now, _exported(source, now))


def _exported(source: Source, now: datetime) -> ExportedDays:
    return ExportedDays(source.complete_through, source.complete, complete_through(now))


def _days(
    usage: DailyUsage, settings: ReportSettings, now: datetime, exported: ExportedDays
) -> ReportDays:
    period = settings.days(days_with_usage(usage.runs))
    return report_days(usage.runs, period, exported, today_utc(now))


def own_costs(
    usage: DailyUsage, settings: ReportSettings, period: Period
) -> tuple[Costs, OwnedUsage]:
    """Daily usage → costs → owned costs.

    Args:
        usage: every row has its day.
        settings: prices, teams, names of jobs.
        period: the days reported on; costs of the days before show what is usual.
    """
    days = days_to_price(period, settings.prices)
    costs = price(within(usage.credits, days), usage.places, settings.prices)
    known = priced_days(costs, days, period)
    return costs, allocate_usage(usage, costs, settings.ownership, settings.job_groups, known)


def _merged_rows(
    source: Source, usage: DailyUsage, period: Period, progress: Progress
) -> FileWriter | None:
    """What writes merged.csv.gz, with the rows of the period; None where they stay elsewhere."""
    if source.merge is None:
        return None
    days = days_with_usage(usage.runs)
    are_all_inside = days is None or (days.first in period and days.last in period)
    only = None if are_all_inside else period
    return partial(source.merge, only=only, has_repeats=usage.has_repeats, progress=progress)


def write_computed(
    computed: ComputedReport,
    settings: ReportSettings,
    progress: Progress,
    drawing: Drawing = draw_here,
) -> Report:
    """The report → its folder; returns the report with what the files made it warn about.

    Args:
        computed: the report.
        settings: what it is made with.
        progress: shows the work.
        drawing: draws its charts.

    Raises:
        SettingsError: the folder cannot be written.
        UnfinishedError: the disk is full.
    """
    from circleci_usage.cost_files.focus import focus_warning  # noqa: PLC0415
    from circleci_usage.outputs import write_report  # noqa: PLC0415

    report = computed.report
    warning = focus_warning(report, settings.focus_grain)
    if warning:
        report = replace(report, warnings=(*report.warnings, warning))
    progress.say(f"Writing the report on {report.period} to {settings.folder}.")
    write_report(
        report,
        settings.folder,
        presentation=settings.presentation,
        rows=computed.rows if settings.merged else None,
        focus_version=settings.focus_version,
        focus_grain=settings.focus_grain,
        focus_gzip=settings.focus_gzip,
        export_for=settings.export_for,
        drawing=drawing,
        progress=progress,
    )
    return report


def _unwritten(folder: Path) -> str:
    """What an interruption leaves behind before the new report is in its place."""
    again = "rerun the same command to write the whole report."
    if exists(folder / SUMMARY_NAME):
        return f"The earlier report in {folder} and the export files are unchanged; {again}"
    return f"No report was written to {folder}, and the export files are unchanged; {again}"
