"""What a command tells with `--json`: the result of a stage → members of the document.

`catalog` describes every key. Numbers with a unit of money or credits are texts with all their
digits, as in summary.json; days are ISO dates, moments ISO date-times in UTC; paths are absolute.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from circleci_usage.core.decimals import plain
from circleci_usage.core.paths import absolute
from circleci_usage.core.periods import Period
from circleci_usage.export.ledger import State, Window
from circleci_usage.export.pruned_windows import days_of
from circleci_usage.report import Presentation, Report
from circleci_usage.report_folder.budgets_json import budgets_to_json
from circleci_usage.report_folder.summary import day_to_json, overview, period_to_json
from circleci_usage.schema.report_files import PAGE_NAME, SUMMARY_NAME

if TYPE_CHECKING:
    from circleci_usage.checks.budget_check import BudgetCheck
    from circleci_usage.checks.export_checks import Check
    from circleci_usage.export.store_status import NamedOrganizations, StoreStatus
    from circleci_usage.export_and_report import ExportedReport
    from circleci_usage.notify.message import Message
    from circleci_usage.warehouse.load import LoadResult


def report_members(report: Report, folder: Path, presentation: Presentation) -> dict[str, Any]:
    """`report`, `run` and `demo`: where the report is, its period and its totals."""
    known = overview(report, presentation)
    address = known.pop("link")
    written = {
        "folder": path_to_json(folder),
        "page": path_to_json(folder / PAGE_NAME),
        "summary": path_to_json(folder / SUMMARY_NAME),
        "url": address,
    }
    return {"report": written, **known}


def export_members(made: "ExportedReport", store: Path) -> dict[str, Any]:
    """`run`: what the store has of the exported days."""
    exported = made.exported
    result = {
        "store": path_to_json(store),
        "organizations": [*made.organizations],
        **period_to_json(exported.period),
        "complete_through": day_to_json(exported.complete_through),
        "windows": [_window(window, whole=True) for window in made.windows],
        "parts": [path_to_json(part) for part in exported.parts],
    }
    return {"export": result}


def budget_members(outcome: "BudgetCheck", folder: Path, *, forecast: bool) -> dict[str, Any]:
    """`check`: every budget, as in summary.json."""
    budgets = budgets_to_json(outcome.states)
    for entry, state in zip(budgets, outcome.states, strict=True):
        entry["exceeded"] = state in outcome.broken
    return {
        "report": {"folder": path_to_json(folder)},
        "currency": outcome.currency,
        "forecast": forecast,
        "budgets": budgets,
    }


def check_members(checks: Iterable["Check"]) -> dict[str, Any]:
    """`doctor`: every check."""
    return {"checks": [_check(check) for check in checks]}


def status_members(
    status: "StoreStatus", organizations: "NamedOrganizations", period: Period, span: Period
) -> dict[str, Any]:
    """`status`: the store, the quota, and what the next run does.

    Args:
        status: of the store.
        organizations: whose usage it is.
        period: the days to report on.
        span: the days to export.
    """
    store = {
        "folder": path_to_json(status.folder),
        "job_runs": status.rows,
        "bytes": status.bytes,
        "windows": [
            _window(window, whole=window not in status.incomplete) for window in status.windows
        ],
        "facts_only": [period_to_json(days) for days in days_of(status.facts_only)],
        "facts_lost": [period_to_json(days) for days in days_of(status.facts_lost)],
    }
    quota = {
        "requests": status.requests_this_hour,
        "requests_per_hour": status.requests_per_hour,
        "requests_left": status.requests_left,
        "free_at": moment_to_json(status.quota_free_at),
    }
    return {
        "store": store,
        "quota": quota,
        "next_run": _next_run(status, organizations, period, span),
    }


def warehouse_members(made: "LoadResult", where: str) -> dict[str, Any]:
    """`load`: what it did, and the totals of the usage."""
    period = made.period
    warehouse = {
        "destination": where,
        "from": day_to_json(period.first if period else None),
        "to": day_to_json(period.last if period else None),
        "job_runs": made.job_runs,
        "job_runs_loaded": made.rows,
        "windows_loaded": made.windows,
        "windows_skipped": made.skipped,
        "months_updated": [f"{month:%Y-%m}" for month in made.priced],
        "credits": plain(made.credits),
        "unpriced_credits": plain(made.unpriced_credits),
        "cost": plain(made.cost),
        "currency": made.currency,
    }
    return {"warehouse": warehouse}


def notification_members(
    folder: Path, messages: "Sequence[Message]", states: Sequence[str], *, dry_run: bool
) -> dict[str, Any]:
    """`notify`: each message and what became of it."""
    entries = [
        {
            "name": message.notification.name,
            "team": message.team,
            "kind": message.kind,
            "title": message.title,
            "destination": message.destination,
            "state": state,
        }
        for message, state in zip(messages, states, strict=True)
    ]
    report = {"folder": path_to_json(folder)}
    return {"report": report, "dry_run": dry_run, "notifications": entries}


def path_to_json(path: Path) -> str:
    """The absolute path.

    >>> path_to_json(Path("/reports/usage-report"))
    '/reports/usage-report'
    """
    return str(absolute(path))


def moment_to_json(moment: datetime | None) -> str | None:
    """The moment in UTC, to the second.

    >>> moment_to_json(datetime(2026, 11, 2, 13, tzinfo=UTC))
    '2026-11-02T13:00:00Z'
    """
    if moment is None:
        return None
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _next_run(
    status: "StoreStatus", organizations: "NamedOrganizations", period: Period, span: Period
) -> dict[str, Any]:
    plan = status.next_run if organizations.certain else None
    pending = plan.in_progress if plan else ()
    return {
        "period": period_to_json(period),
        "export": period_to_json(span),
        "organizations": [*organizations.ids],
        "unknown_organizations": [*organizations.unknown],
        "to_request": [period_to_json(each) for each in plan.to_request] if plan else None,
        "to_download": [period_to_json(window.period) for window in pending] if plan else None,
    }


def _window(window: Window, *, whole: bool) -> dict[str, Any]:
    is_fetched, is_pruned = window.state is State.FETCHED, window.state is State.PRUNED
    known_through: date | None = window.complete_through
    if window.complete_through < window.first:
        known_through = None
    return {
        **period_to_json(window.period),
        "state": window.state.name.lower(),
        "complete": is_fetched and whole and window.is_closed,
        "complete_through": day_to_json(known_through) if is_fetched or is_pruned else None,
        "files_missing": not whole,
        "organizations": [*window.organizations],
        "requested_at": moment_to_json(window.requested_at),
        "fetched_at": moment_to_json(window.fetched_at),
        "job_runs": window.rows,
        "files": 0 if is_pruned else len(window.parts),
        "bytes": window.bytes,
        "error": window.error,
    }


def _check(check: "Check") -> dict[str, Any]:
    return {
        "name": check.name,
        "ok": check.ok,
        "known": check.is_known,
        "message": check.message,
        "exit_code": check.exit_code,
        "source": check.source,
        "expires": check.expires and day_to_json(check.expires),
    }
