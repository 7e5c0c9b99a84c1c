"""The whole way: export, then report. What `run`, `export` and `demo` share."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from circleci_usage.circleci.client import CircleCI, resolve_organization
from circleci_usage.circleci.exports import ExportOptions, ExportResult, export_usage
from circleci_usage.circleci.ledger import complete_through
from circleci_usage.circleci.store import Store
from circleci_usage.days import Period, add_months, billing_period, month_start, previous_period, today_utc
from circleci_usage.progress import Clock, Progress
from circleci_usage.report import Report
from circleci_usage.stages import ReportSettings, make_report
from circleci_usage.usage.parts import FoundParts, find_parts
from circleci_usage.usage.recorded import find_recorded
from circleci_usage.usage.source import on_this_machine

_USUAL_MONTHS: Final = 2
_MONTHS_KEPT: Final = 12
"""Besides this one."""

_ALL_DAYS: Final = Period(date.min, date.max)


@dataclass(frozen=True)
class ExportSettings:
    """What an export is made with.

    Attributes:
        url: where CircleCI is.
        token: a personal API token.
        organizations: ids or slugs; the first asks, the others share its plan.
        store: the folder of parts and ledger.
        options: waits and limits.
    """

    url: str
    token: SecretStr
    organizations: tuple[str, ...]
    store: Path
    options: ExportOptions


def export(settings: ExportSettings, period: Period, *, clock: Clock, progress: Progress) -> ExportResult:
    """Bring the usage of a period into the store.

    Raises as `export_usage` does.
    """
    return _export(settings, period, clock, progress)[0]


def _export(
    settings: ExportSettings, period: Period, clock: Clock, progress: Progress
) -> tuple[ExportResult, tuple[str, ...]]:
    client = CircleCI(settings.url, settings.token, clock=clock, progress=progress)
    ids = tuple(resolve_organization(client, name).id for name in settings.organizations)
    store = Store(settings.store)
    return export_usage(client, store, ids, period, options=settings.options, clock=clock, progress=progress), ids


def run(
    exporting: ExportSettings, reporting: ReportSettings, span: Period, *, clock: Clock, progress: Progress
) -> Report:
    """Export the span, and what budgets have to know besides; report on the period of `reporting` within it.

    Raises as `export_usage` and `make_report` do.
    """
    span = with_budget_days(span, reporting, clock.now())
    exported, ids = _export(exporting, span, clock, progress)
    store, days = Store(exporting.store), with_stored_history(span)
    # Earlier exports tell what is usual, and cost nothing.
    found = find_recorded(store.recorded(days, ids))
    found = FoundParts(
        found.parts,
        (*exported.warnings, *found.warnings),
        exported.complete_through,
        store.complete_days(days, span, ids),
    )
    return make_report(on_this_machine(found), reporting, clock=clock, progress=progress)


def with_history(period: Period, name: str | None) -> Period:
    """The days to export for a report on a period: a named one is compared with the one before.

    Dates that somebody wrote are taken at their word, and thirteen months are all that CircleCI has.
    """
    if name is None or name == "last-13-months":
        return period
    return Period(previous_period(period).start, period.stop)


def with_budget_days(span: Period, reporting: ReportSettings, now: datetime) -> Period:
    """A span that reaches back to where the budgets' months and billing cycles begin, or what is free begins to count.

    What was spent, or used of it, on days that are not there is not known. CircleCI keeps thirteen months.
    """
    period, cycle_day = reporting.period or reporting.otherwise, reporting.prices.billing_cycle_day
    days = {period.last, min(period.last, complete_through(now))}
    starts = [
        billing_period(day, cycle_day if budget.per == "cycle" else None).start
        for budget in reporting.analysis.budgets
        for day in days
    ]
    if reporting.prices.free:
        starts = [billing_period(day, cycle_day).start for day in (*starts, period.start)]
    oldest = add_months(month_start(today_utc(now)), -_MONTHS_KEPT)
    return Period(min(span.start, max(oldest, min(starts, default=span.start))), span.stop)


def with_stored_history(period: Period) -> Period:
    """The days of the store that help to understand a period: the one before, and what is usual on its weekdays."""
    return Period(add_months(month_start(previous_period(period).start), -_USUAL_MONTHS), period.stop)


def stored_parts(folder: Path, period: Period | None = None) -> FoundParts:
    """The parts that the store has of a period and of the days that help to understand it, or all of them.

    Raises:
        SettingsError: it has none.
    """
    store = Store(folder)
    if period is None:
        return _parts_or_folder(store, _ALL_DAYS)
    days = with_stored_history(period)
    judged = Period(month_start(period.start), period.stop)
    return replace(
        _parts_or_folder(store, days),
        complete_through=store.complete_through(period),
        complete=store.complete_days(days, judged),
    )


def _parts_or_folder(store: Store, days: Period) -> FoundParts:
    """The parts of these days; where the store has none, whatever lies in its folder."""
    found = find_recorded(store.recorded(days))
    return found if found.parts else find_parts([store.folder])
