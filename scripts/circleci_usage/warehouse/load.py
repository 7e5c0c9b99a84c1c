"""Usage → a warehouse: only what it lacks is read and written, a month at a time.

A month is one transaction, in which job runs and costs change together, so that their sums agree
at every moment. Windows of a store that were loaded before are not read again.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

import polars as pl

from circleci_usage.analysis.undated import undated_rows
from circleci_usage.core.decimals import ZERO
from circleci_usage.core.periods import Period, months
from circleci_usage.core.plurals import counted, few
from circleci_usage.core.progress import Progress
from circleci_usage.core.temporary_folders import working_folder
from circleci_usage.pipeline import read_usage
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.export_columns import BRANCH_GROUP
from circleci_usage.usage.daily_usage import DailyUsage
from circleci_usage.usage.day_statistics import DayStatistics
from circleci_usage.usage.engine import Source
from circleci_usage.usage.file_hashes import CACHE_FOLDER, checksums
from circleci_usage.usage.input_files import Part
from circleci_usage.usage.repeats import are_apart, origins_of
from circleci_usage.warehouse.costs import PricedDays, costs_of_months, priced_days
from circleci_usage.warehouse.destination import Days, Destination, Load, Staged
from circleci_usage.warehouse.plan import (
    There,
    Unit,
    Window,
    changes,
    costs_name,
    days_of,
    fingerprint,
    has_all,
    is_astray,
    runs_name,
    windows_of,
)
from circleci_usage.warehouse.settings_tables import stage_settings
from circleci_usage.warehouse.staged_files import (
    fingerprint_of,
    organizations_of,
    stage_frame,
    typed,
)
from circleci_usage.warehouse.staging import StagedRuns, invalid_warnings, stage_runs
from circleci_usage.warehouse.tables import DAILY_COSTS, JOB_DAYS, WORKFLOW_DAYS, WarehouseTable

_FILES: Final = "files"
_DAYS_NAMED: Final = 5


@dataclass(frozen=True)
class LoadResult:
    """What a load did.

    Attributes:
        job_runs: how many the usage has.
        period: its days; None without usage.
        rows: how many job runs were written.
        windows: how many windows, or sets of files, were written.
        skipped: how many were there already.
        priced: the months whose costs were written, by their first days.
        credits: of all days.
        unpriced_credits: those whose cost is not known.
        cost: of the others.
        currency: of the cost.
        warnings: what a reader should know, a line each.
    """

    job_runs: int
    period: Period | None
    rows: int
    windows: int
    skipped: int
    priced: tuple[date, ...]
    credits: Decimal
    unpriced_credits: Decimal
    cost: Decimal
    currency: str
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Runs:
    """The job runs to write, and how many windows are written and skipped."""

    units: tuple[Unit, ...] = ()
    staged: tuple[StagedRuns, ...] = ()
    windows: int = 0
    skipped: int = 0
    warnings: tuple[str, ...] = ()


def load(
    parts: Sequence[Part],
    source: Source,
    settings: ReportSettings,
    destination: Destination,
    progress: Progress,
) -> LoadResult:
    """Bring a warehouse up to date with the usage of parts.

    Args:
        parts: the usage.
        source: reads the sums of the same parts.
        settings: prices, teams, budgets; of all days.
        destination: the warehouse.
        progress: shows how far it is.

    Raises:
        DataError: a part is damaged.
        SettingsError: there is usage without a price, or see `Destination`.
        AccessError, ServiceError, UnfinishedError: see `Destination`.
    """
    with destination, working_folder() as folder:
        there = {each.name: each for each in destination.loads()}
        usage = read_usage(source, settings, progress)
        priced = priced_days(usage, settings)
        statistics = _statistics(source, settings)
        runs = _missing_runs(parts, usage, there, folder, progress)
        costs = tuple(_missing_costs(parts, usage, priced, statistics, settings, there, folder))
        _apply([*runs.units, *costs], there, destination, progress)
        destination.replace(stage_settings(settings, folder))
    return _result(usage, priced, settings, runs, costs)


def _apply(
    units: Sequence[Unit], there: There, destination: Destination, progress: Progress
) -> None:
    to_make = [*changes(units, there)]
    label = f"Loading {counted(len(to_make), 'month')}"
    with progress.task(label, len(to_make), "months") as task:
        for change in to_make:
            destination.apply(change)
            task.advance(1)


def _missing_runs(
    parts: Sequence[Part], usage: DailyUsage, there: There, folder: Path, progress: Progress
) -> _Runs:
    """The job runs that the destination lacks, by window; all together where windows overlap."""
    may_be_apart = not (usage.has_repeats or undated_rows(usage.runs))
    if may_be_apart and are_apart(origins_of(parts)):
        found = _runs_of_windows(windows_of(parts), there, folder / "windows", progress)
        if found:
            return found
    return _runs_of_files(parts, usage, there, folder / _FILES, progress)


def _runs_of_windows(
    windows: Sequence[Window], there: There, folder: Path, progress: Progress
) -> _Runs | None:
    """By window; None where one has job runs of other days."""
    missing = [window for window in windows if not window.is_in(there)]
    gone = [window.days for window in missing if window.is_gone]
    missing = [window for window in missing if not window.is_gone]
    units: list[Unit] = []
    every: list[StagedRuns] = []
    for number, window in enumerate(missing):
        place = folder / str(number)
        of_export = (window.days, window.export)
        staged = stage_runs(window.parts, place, progress, window=of_export, has_repeats=False)
        if is_astray(staged, window):
            return None
        every.append(staged)
        units += _units_of_window(window, staged, there, place)
    skipped = len(windows) - len(missing) - len(gone)
    return _Runs(tuple(units), tuple(every), len(missing), skipped, tuple(_gone_warning(gone)))


def _gone_warning(days: Sequence[Period]) -> Iterator[str]:
    """What a reader should know of windows whose job runs cannot be loaded any more."""
    if days:
        yield (
            f"The store no longer has the job runs of {few([*map(str, days)], _DAYS_NAMED)}; their"
            " daily costs are loaded without them."
        )


def _units_of_window(
    window: Window, staged: StagedRuns, there: There, folder: Path
) -> Iterator[Unit]:
    for days in window.missing_in(there):
        month = days.first.replace(day=1)
        rows = staged.of_month(month, folder / f"{month}.parquet")
        replaced = days_of(window, days, staged)
        recorded = Load(window.name(month), replaced, window.fingerprint, rows.rows)
        yield Unit(month, recorded, (rows,))


def _runs_of_files(
    parts: Sequence[Part], usage: DailyUsage, there: There, folder: Path, progress: Progress
) -> _Runs:
    """Of all parts together, by month."""
    if usage.runs.empty:
        return _Runs()
    known = fingerprint(sorted(_checksums(parts)))
    names = [runs_name(_FILES, month) for month in _months_with_runs(usage)]
    if has_all(there, names, known):
        return _Runs(skipped=1)
    there_still = [part for part in parts if not part.is_gone]
    gone = sorted({part.recorded.days for part in parts if part.is_gone and part.recorded})
    warnings = tuple(_gone_warning(gone))
    if not there_still:
        return _Runs(warnings=warnings)
    staged = stage_runs(there_still, folder, progress, has_repeats=usage.has_repeats)
    units = []
    for each in staged.months:
        rows = staged.of_month(each.month, folder / f"{each.month}.parquet")
        recorded = Load(runs_name(_FILES, each.month), each.days, known, rows.rows)
        units.append(Unit(each.month, recorded, (rows,)))
    return _Runs(tuple(units), (staged,), windows=1, warnings=warnings)


def _months_with_runs(usage: DailyUsage) -> Iterator[date | None]:
    for month in usage.runs["date"].dropna().dt.to_period("M").unique():
        yield month.start_time.date()
    if undated_rows(usage.runs):
        yield None


def _checksums(parts: Sequence[Part]) -> Iterator[str]:
    recorded = [part.recorded.sha256 for part in parts if part.recorded]
    others = [part.original for part in parts if not part.recorded]
    yield from recorded
    if others:
        yield from checksums(others, others[0].parent / CACHE_FOLDER)


def _missing_costs(
    parts: Sequence[Part],
    usage: DailyUsage,
    priced: PricedDays | None,
    statistics: DayStatistics | None,
    settings: ReportSettings,
    there: There,
    folder: Path,
) -> Iterator[Unit]:
    """The costs and statistics of each month that differ from those that the destination has."""
    if priced is None:
        return
    organizations = organizations_of(usage.runs["organization_id"].unique().tolist())
    days = {month.first.replace(day=1): month for month in months(_all_days(parts, priced))}
    currency = settings.prices.currency
    for month, rows in costs_of_months(priced, settings.ownership, currency):
        frames = {DAILY_COSTS: rows, **_of_month(statistics, days[month])}
        staged = tuple(_staged(frames, folder / f"costs-{month}"))
        replaced = Days(days[month], organizations)
        known = fingerprint([str(days[month]), *sorted(organizations), fingerprint_of(*staged)])
        name = costs_name(month)
        if has_all(there, [name], known):
            continue
        yield Unit(month, Load(name, replaced, known, len(rows)), staged)


def _all_days(parts: Sequence[Part], priced: PricedDays) -> Period:
    """The days of the usage and of all windows."""
    periods = [priced.period, *(part.recorded.days for part in parts if part.recorded)]
    return Period(min(each.start for each in periods), max(each.stop for each in periods))


def _staged(frames: Mapping[WarehouseTable, pl.DataFrame], folder: Path) -> Iterator[Staged]:
    folder.mkdir(parents=True)
    for table, frame in frames.items():
        yield stage_frame(frame, table, folder / f"{table.name}.parquet")


def _statistics(source: Source, settings: ReportSettings) -> DayStatistics | None:
    if source.read_days is None:
        return None
    return source.read_days(settings.patterns, settings.job_groups)


def _of_month(statistics: DayStatistics | None, days: Period) -> dict[WarehouseTable, pl.DataFrame]:
    if statistics is None:
        return {}
    shown = statistics.workflows.with_columns(
        pl.col(BRANCH_GROUP).cast(pl.String).str.replace_all("\n", ", ")
    )
    found = {}
    for table, frame in ((WORKFLOW_DAYS, shown), (JOB_DAYS, statistics.jobs)):
        inside = frame.filter(pl.col("date").is_between(pl.lit(days.first), pl.lit(days.last)))
        found[table] = typed(inside, table).sort("date", *_names(table))
    return found


def _names(table: WarehouseTable) -> list[str]:
    names = [column.name for column in table.columns]
    return names[1 : names.index("runs")]


def _result(
    usage: DailyUsage,
    priced: PricedDays | None,
    settings: ReportSettings,
    runs: _Runs,
    costs: Sequence[Unit],
) -> LoadResult:
    of_rows = [line for each in runs.staged for line in each.warnings]
    warnings = (*usage.warnings, *runs.warnings, *of_rows, *invalid_warnings(runs.staged))
    total = priced.costs.total if priced else lambda _: ZERO
    return LoadResult(
        job_runs=usage.rows,
        period=priced.period if priced else None,
        rows=sum(unit.load.rows for unit in runs.units),
        windows=runs.windows,
        skipped=runs.skipped,
        priced=tuple(unit.month for unit in costs if unit.month),
        credits=total("credits"),
        unpriced_credits=total("unpriced_credits"),
        cost=total("cost"),
        currency=settings.prices.currency,
        warnings=tuple(dict.fromkeys(warnings)),
    )
