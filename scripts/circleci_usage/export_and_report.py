"""Export, then report: what `run`, `export` and `demo` share."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path

from circleci_usage.analysis.budget_days import first_budget_day
from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.background_import import imported_meanwhile
from circleci_usage.core.periods import Period, previous_period, today_utc
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.export.api_client import CircleCI, resolve_organization
from circleci_usage.export.engine import ExportResult, export_usage
from circleci_usage.export.ledger import State, Window, complete_through
from circleci_usage.export.ledger_checks import file_prefix
from circleci_usage.export.organization_names import is_id
from circleci_usage.export.planning import oldest_day
from circleci_usage.export.pruned_windows import pruned_usage
from circleci_usage.export.run_context import Arrived, ExportOptions, tell_nobody
from circleci_usage.export.store import Store
from circleci_usage.insights.lookups import NO_LOOKUPS, Lookups
from circleci_usage.login.token_expiry import expiry_warning, if_rejected
from circleci_usage.pipeline import WRITER, make_report
from circleci_usage.report import Presentation, Report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.stored_usage import with_stored_history
from circleci_usage.usage.input_files import FoundParts
from circleci_usage.usage.name_patterns import NamePatterns
from circleci_usage.usage.polars.engine import on_this_machine
from circleci_usage.usage.reading_ahead import ReadingAhead
from circleci_usage.usage.recorded import find_recorded


@dataclass(frozen=True)
class ExportSettings:
    """What to export, and with which waits and limits.

    Attributes:
        url: of CircleCI.
        token: what requests are authenticated with.
        organizations: ids or slugs; the export of the first includes the others, which share its
            plan.
        store: the folder of parts and ledger.
        options: waits and limits.
    """

    url: str
    token: ApiToken
    organizations: tuple[str, ...]
    store: Path
    options: ExportOptions


@dataclass(frozen=True)
class ExportedReport:
    """A report, and the export that it was made from.

    Attributes:
        report: it is written.
        presentation: what it is shown with.
        exported: what the store has of the exported days.
        organizations: ids of those whose usage was exported.
        windows: those with usage of exported days.
    """

    report: Report
    presentation: Presentation
    exported: ExportResult
    organizations: tuple[str, ...]
    windows: tuple[Window, ...]


def export(
    settings: ExportSettings, period: Period, *, clock: Clock, progress: Progress
) -> ExportResult:
    """Export the missing usage of a period into the store.

    Raises as `export_usage` does.
    """
    return _export(settings, period, clock, progress)[0]


def _export(
    settings: ExportSettings,
    period: Period,
    clock: Clock,
    progress: Progress,
    arrived: Arrived = tell_nobody,
) -> tuple[ExportResult, tuple[str, ...]]:
    insecure = settings.options.allow_insecure
    client = CircleCI(
        settings.url,
        settings.token.secret,
        clock=clock,
        progress=progress,
        allow_insecure=insecure,
        if_rejected=if_rejected(settings.token, today_utc(clock.now())),
    )
    client.wait_budget.max_wait = settings.options.max_wait
    ids = {name: resolve_organization(client, name).id for name in settings.organizations}
    exported = export_usage(
        client,
        Store(settings.store),
        tuple(ids.values()),
        period,
        options=settings.options,
        clock=clock,
        progress=progress,
        slugs={name: known for name, known in ids.items() if not is_id(name)},
        arrived=arrived,
    )
    return exported, tuple(ids.values())


@contextmanager
def reading_arrivals(store: Store, patterns: NamePatterns, progress: Progress) -> Iterator[Arrived]:
    """What reads parts while others arrive; once some have, what writes reports is loaded too.

    Args:
        store: the parts and what they say are kept in it.
        patterns: what branches and users are grouped by in the report.
        progress: shows what is read.
    """
    with (
        ReadingAhead(store.parts_folder, patterns, progress) as ahead,
        ExitStack() as loading,
    ):
        load_once = cache(lambda: loading.enter_context(imported_meanwhile(WRITER)))

        def arrived(window: Window) -> None:
            if window.parts:
                load_once()
            ahead.add(store.recorded_in([window]))
            if window.state is State.FETCHED:
                ahead.finish(file_prefix(window))

        yield arrived


def token_warnings(settings: ExportSettings, now: datetime) -> tuple[str, ...]:
    """That the token expires soon, or has expired."""
    warning = expiry_warning(settings.token, today_utc(now))
    return (warning,) if warning else ()


def run(
    exporting: ExportSettings,
    reporting: ReportSettings,
    span: Period,
    *,
    clock: Clock,
    progress: Progress,
    warnings: Sequence[str] = (),
    lookups: Lookups = NO_LOOKUPS,
) -> ExportedReport:
    """Export the span and the days that budgets depend on; report on a period within it.

    Args:
        exporting: what to export.
        reporting: how to report.
        span: the days to export.
        clock: tells the time.
        progress: shows the work.
        warnings: what the report is to warn of too, such as that the token expires: who reads the
            report may be the one to renew it.
        lookups: what to ask CircleCI about the usage; by default nothing.

    Raises as `export_usage` and `make_report` do.
    """
    span = days_to_export(span, reporting, clock.now())
    store, days = Store(exporting.store), with_stored_history(span)
    with reading_arrivals(store, reporting.patterns, progress) as arrived:
        exported, ids = _export(exporting, span, clock, progress, arrived)
    # Earlier exports say what is usual, and cost nothing.
    with progress.task("Checking the downloaded files"):
        found = find_recorded(store.recorded(days, ids))
        pruned = pruned_usage(store, store.with_usage(days, ids))
    found = FoundParts(
        (*pruned.parts, *found.parts),
        (*warnings, *exported.warnings, *found.warnings),
        exported.complete_through,
        store.complete_days(days, span, ids, missing=pruned.missing),
    )
    reachable = _narrowed(reporting, exported.period)
    source = on_this_machine(found)
    report = make_report(source, reachable, clock=clock, progress=progress, lookups=lookups)
    windows = store.with_usage(exported.period, ids)
    return ExportedReport(report, reachable.presentation, exported, ids, windows)


def days_to_export(span: Period, reporting: ReportSettings, now: datetime) -> Period:
    """The days that `run` exports: the span and the days before it that budgets depend on.

    Days that only serve for comparison are left out when CircleCI no longer keeps them.
    """
    period = reporting.period or reporting.otherwise
    by_budgets = first_budget_day(
        period, reporting.analysis.budgets, reporting.prices, complete_through(now)
    )
    wanted = min(span.start, by_budgets or span.start)
    oldest = oldest_day(now)
    kept_from = min(reporting.period.start, oldest) if reporting.period else oldest
    return Period(max(wanted, kept_from), span.stop)


def export_reasons(history: Period, span: Period, reporting: ReportSettings) -> tuple[str, ...]:
    """What the days are for that are exported beyond those reported on.

    Args:
        history: the days with those to compare with, from `with_history`.
        span: all days to export, from `days_to_export`.
        reporting: has the period, the budgets and the included credits.
    """
    period = reporting.period or reporting.otherwise
    reasons = {
        "budgets": span.start < history.start and bool(reporting.analysis.budgets),
        "included credits": span.start < history.start and bool(reporting.prices.free),
        "the comparison with the previous period": history.start < period.start,
    }
    return tuple(reason for reason, applies in reasons.items() if applies)


def _narrowed(reporting: ReportSettings, exported: Period) -> ReportSettings:
    """The settings for the days that CircleCI still has; a shorter period loses its name."""
    period = reporting.period
    if period is None or exported.start <= period.start:
        return reporting
    unnamed = replace(reporting.presentation, period_name=None)
    shorter = Period(exported.start, period.stop)
    return replace(reporting, period=shorter, presentation=unnamed)


def with_history(period: Period, name: str | None) -> Period:
    """The days to export for a report on a period: a named one also needs its previous period.

    Explicit dates are used as given, and thirteen months are all that CircleCI has.
    """
    if name is None or name == "last-13-months":
        return period
    return Period(previous_period(period).start, period.stop)
