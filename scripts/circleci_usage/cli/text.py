"""Lines for the terminal: the store's status, the doctor's checks, budgets."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.analysis.forecast import month_of
from circleci_usage.core.decimals import rounded
from circleci_usage.core.paths import exists
from circleci_usage.core.periods import Period, months
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import WITH_USAGE, State, Window
from circleci_usage.export.pruned_windows import days_of, listed_days
from circleci_usage.export.store_pruning import Pruned
from circleci_usage.export.store_status import NamedOrganizations, StoreStatus
from circleci_usage.render.formatting import when
from circleci_usage.render.text.budget_words import name_in_words, period_in_words

if TYPE_CHECKING:
    from circleci_usage.checks.export_checks import Check
    from circleci_usage.warehouse.load import LoadResult

_STATUSES: Final = {
    "within": "ON TRACK",
    "expected over": "FORECAST TO EXCEED",
    "over": "EXCEEDED",
    "unknown": "UNKNOWN",
}
"""State of a budget → its status as people read it."""


def store_lines(status: StoreStatus, now: datetime) -> Iterator[str]:
    """The store's windows, and the quota."""
    if status.absence:
        yield f"{status.absence} yet; `circleci-usage run` or `circleci-usage export` makes it."
    elif not status.windows:
        yield f"The store {status.folder} is empty."
    else:
        size = status.bytes / 1e6
        windows, runs = counted(len(status.windows), "window"), counted(status.rows, "job run")
        yield f"Store {status.folder}: {windows}, {runs}, {size:,.1f} MB."
    for window in status.windows:
        yield f"  {_window_line(window, status)}"
    if status.facts_only:
        kept = listed_days(days_of(status.facts_only))
        yield f"Only facts are kept of {kept}: the files were pruned."
    yield _quota_line(status, now)


def next_run_lines(
    status: StoreStatus, organizations: NamedOrganizations, period: Period, span: Period
) -> Iterator[str]:
    """What the next run does for a report on a period, for which it exports a span of days.

    Args:
        status: of the store.
        organizations: whose usage it is.
        period: the days to report on.
        span: the days to export, those to compare with among them.
    """
    if span != period:
        why = "comparisons, budgets and included credits need the earlier days"
        yield f"The next run reports on {period} and exports {span}: {why}."
    if organizations.unknown:
        unknown = ", ".join(organizations.unknown)
        yield f"It will first look up the ID of {unknown}, which is not in the store."
    if not organizations.certain:
        yield "Its requests cannot be predicted: the store may hold windows of other organizations."
        return
    plan = status.next_run
    if plan is None:
        return
    left = status.requests_left
    when = (
        f"; {left} of them immediately, the others as the quota allows"
        if len(plan.to_request) > left
        else ""
    )
    yield f"The next run will request {_listed(plan.to_request)}{when}."
    if plan.in_progress:
        pending = _listed(window.period for window in plan.in_progress)
        yield f"It will download {pending}, requested earlier."


def check_line(check: "Check") -> str:
    """One check, its outcome first."""
    outcome = "FIX" if not check.ok else "ok " if check.is_known else "?  "
    return f"{outcome}  {check.name}: {check.message}"


def budget_line(state: BudgetState, currency: str) -> str:
    """The state of a budget: `EXCEEDED  mobile: 12.00 of 10.00 USD spent in March 2026`."""
    budget = state.budget
    period, through = state.month_to_date.month, state.month_to_date.through
    known = "known to be " if state.month_to_date.missing else ""
    until = f" through {through}" if through < period.last else ""
    unit = inert(currency) if budget.measure == "cost" else "credits"
    line = (
        f"{_STATUSES[state.state]}  {inert(name_in_words(budget))}:"
        f" {_money(state.spent)} of {_money(budget.amount)} {unit} {known}spent"
        f" {_when(state)}{until}"
    )
    if state.month_to_date.missing:
        return f"{line}; missing: {missing_days(state.month_to_date.missing)}."
    if state.expected is None or through == period.last:
        return f"{line}."
    return f"{line}; forecast: {_money(state.expected)}."


def _when(state: BudgetState) -> str:
    """`in March 2026`, `in Q1 2026`, `in the week of Mar 2`; the days of a billing cycle."""
    match state.budget.per:
        case "week":
            return f"in the {period_in_words(state)}"
        case "quarter" | "year":
            return f"in {period_in_words(state)}"
        case _:
            return when(state.month_to_date.month)


def pruned_lines(removed: Pruned) -> Iterator[str]:
    """What `prune` removed, and of which days facts are kept."""
    windows, files = counted(len(removed.windows), "window"), counted(removed.files, "file")
    yield f"Removed {windows}: {files}, {removed.bytes / 1e6:,.1f} MB."
    if removed.kept:
        days = listed_days(days_of(removed.kept))
        yield f"The facts of {days} are kept: reports on these days still work."
        return
    forgotten = [window for window in removed.windows if window.state in WITH_USAGE]
    if forgotten:
        yield f"Reports no longer have {listed_days(days_of(forgotten))}: no facts are kept."


def load_lines(made: "LoadResult", where: str) -> Iterator[str]:
    """What a load did, and what the warehouse says of the usage now."""
    if made.period is None:
        yield f"{where}: the usage has no job runs."
        return
    written, skipped = counted(made.windows, "window"), counted(made.skipped, "window")
    yield f"Loaded {counted(made.rows, 'job run')} in {written} into {where}; skipped {skipped}."
    updated = counted(len(made.priced), "month")
    yield f"Updated the daily costs of {updated}." if made.priced else "Daily costs are unchanged."
    unpriced = (
        f", {_money(made.unpriced_credits)} of them unpriced" if made.unpriced_credits else ""
    )
    yield (
        f"{made.period}: {counted(made.job_runs, 'job run')}, {_money(made.credits)} credits"
        f"{unpriced}, {_money(made.cost)} {inert(made.currency)}."
    )


def not_merged(output: Path) -> str:
    """What an interruption of `merge` leaves behind."""
    before = "is as it was before" if exists(output) else "was not written"
    return f"{output} {before}; rerun the same command to merge the export files."


def missing_days(gaps: Iterable[Period]) -> str:
    """Gaps by month and day: `October 2026 (2026-10-01 to 2026-10-31), 2026-11-02`."""
    return ", ".join(_days(part) for gap in gaps for part in months(gap))


def _days(part: Period) -> str:
    if len(part) == 1:
        return str(part.first)
    return f"{part.first:%B %Y} ({part})" if part == month_of(part.first) else str(part)


def _money(amount: Decimal) -> str:
    return f"{rounded(amount, 2):,}"


def _window_line(window: Window, status: StoreStatus) -> str:
    line = f"{window.period}  {window.state.name.lower()}"
    if window.error:
        return f"{line}: {inert(window.error)}"
    if window.state is State.PRUNED:
        kept = "facts are lost" if window in status.facts_lost else "only facts are kept"
        return f"{line}  {counted(window.rows, 'job run')}, {kept}"
    if window.state is not State.FETCHED:
        return line
    runs, files = counted(window.rows, "job run"), counted(len(window.parts), "file")
    line += f"  {runs} in {files}, {window.bytes / 1e6:,.1f} MB"
    if window in status.incomplete:
        return f"{line}, files are missing"
    if window.complete_through < window.last:
        return f"{line}, complete through {window.complete_through}"
    return f"{line}, complete"


def _quota_line(status: StoreStatus, now: datetime) -> str:
    used, allowed = status.requests_this_hour, status.requests_per_hour
    line = f"Export requests in the past hour: {used} of {allowed}"
    if status.quota_free_at and status.quota_free_at > now:
        return f"{line}; the next one is possible at {status.quota_free_at:%H:%M} UTC."
    return f"{line}."


def _listed(periods: Iterable[object]) -> str:
    return ", ".join(map(str, periods)) or "nothing"
