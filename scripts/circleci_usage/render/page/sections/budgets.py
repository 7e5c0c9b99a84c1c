"""Budgets and forecast: what the month will cost, and how the budgets stand."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.budget_scope import BudgetScope
from circleci_usage.analysis.budgets import BudgetState, State
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.render.formatting import (
    Shown,
    day,
    days,
    money,
    number,
    percent,
    several_days,
)
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    Tone,
    name_cell,
    unknown,
)
from circleci_usage.render.text.budget_words import limited, period_in_words, scope_in_words
from circleci_usage.render.text.sentences import interval
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report

_BUDGET_HEADINGS: Final = ("Name", "Actual", "Forecast", "Budget", "Used", "Status")
_FORECAST_HEADINGS: Final = ("", "To date", "Forecast", "80% interval")
_INTERVAL_HINT: Final = "The total falls within the 80% interval in four out of five months."

_OF_PATTERNS: Final = frozenset("*?/")

_STATUSES: Final[Mapping[State, tuple[str, Tone]]] = {
    "within": ("● on track", "less"),
    "expected over": ("▲ forecast to exceed", "more"),
    "over": ("▲ exceeded", "more"),
    "unknown": ("○ unknown", ""),
}
_IN_SHORT: Final[Mapping[State, str]] = {
    "over": "exceeded",
    "expected over": "forecast to exceed",
    "unknown": "unknown",
}


def budgets_section(view: ReportView) -> PageTables | None:
    """The forecast of the month, and a row per budget."""
    report = view.report
    month = report.findings.month_to_date
    forecast = _forecast_table(month, view.currency) if month else None
    budgets = _budget_table(view)
    if not forecast and not budgets:
        return None
    hints = [*_hints(report)]
    if forecast:
        hints.append(_INTERVAL_HINT)
    return PageTables(
        tables=[table for table in (forecast, budgets) if table],
        hint=" ".join(hints),
        files=[*(["forecast"] if forecast else []), *(["budgets"] if budgets else [])],
    )


def budgets_in_short(report: Report) -> str:
    """`2 exceeded, 1 forecast to exceed`; empty without budgets."""
    budgets = report.findings.budgets
    if not budgets:
        return ""
    states = Counter(state.state for state in budgets)
    parts = [f"{states[state]} {words}" for state, words in _IN_SHORT.items() if states[state]]
    return ", ".join(parts) or "all on track"


def _hints(report: Report) -> Iterator[str]:
    """The days that the amounts cover."""
    month = report.findings.month_to_date
    covered = [state.month_to_date for state in report.findings.budgets]
    if month and not covered:
        covered.append(month)
    yield f"Actuals through {day(covered[0].through)}."
    missing = [*dict.fromkeys(gap for each in covered for gap in each.missing)]
    if missing:
        yield f"Data is missing for {several_days(missing)}; actual cost may be higher."


def _forecast_table(month: MonthToDate, currency: str) -> PageTable | None:
    """The forecast of the month in money and credits; None once the month is over."""
    if month.is_over or not month.is_whole:
        return None
    rows = [_forecast_row("Cost", month.everything, lambda amount: money(amount, currency))]
    if month.credits:
        rows.append(_forecast_row("Credits", month.credits, number))
    return PageTable(f"Forecast for {days(month.month)}", _FORECAST_HEADINGS, rows)


def _forecast_row(what: str, ahead: Forecast, shown: Callable[[Decimal], str]) -> Row:
    if ahead.expected is None:
        return [what, shown(ahead.spent), unknown("too little history to forecast"), ""]
    bounds = interval(ahead, shown).removeprefix("80% interval ")
    return [what, shown(ahead.spent), shown(ahead.expected), bounds]


def _budget_table(view: ReportView) -> PageTable | None:
    budgets = view.report.findings.budgets
    if not budgets:
        return None
    periods = [*dict.fromkeys(map(period_in_words, budgets))]
    several = len(periods) > 1
    title = "Budgets" if several else f"Budgets for {periods[0]}"
    rows = [_budget_row(state, view, several=several) for state in budgets]
    return PageTable(title, _BUDGET_HEADINGS, rows)


def _budget_row(state: BudgetState, view: ReportView, *, several: bool) -> Row:
    budget = state.budget
    about = [scope_in_words(budget), period_in_words(state) if several else ""]

    def shown(amount: Decimal) -> Shown:
        return limited(amount, budget, view.currency)

    actual = shown(state.spent)
    if state.month_to_date.missing:
        actual = Shown(f"at least {actual}", state.spent)
    status, tone = _STATUSES[state.state]
    return [
        name_cell(budget.name, ", ".join(filter(None, about)), _link(state, view)),
        actual,
        _expected(state, shown),
        shown(budget.amount),
        unknown() if state.used is None else percent(state.used),
        Cell(status, tone=tone),
    ]


def _expected(state: BudgetState, shown: Callable[[Decimal], Shown]) -> Cell | str:
    if state.expected is not None:
        return shown(state.expected)
    return unknown("" if state.month_to_date.missing else "too little history to forecast")


def _link(state: BudgetState, view: ReportView) -> str:
    """What was spent in the budget's period, in the explorer; empty if it cannot show that."""
    scope, period = state.budget.scope, state.month_to_date.month
    names = {
        "organization": scope.organization,
        "project": scope.project,
        "team": state.budget.team,
        "credit_type": scope.credit_type,
    }
    given = {dimension: name for dimension, name in names.items() if name}
    if scope.tags or scope.excluded_credit_types or _is_pattern(scope):
        return ""
    return view.explore.named(given, period) if given else view.explore.period(period)


def _is_pattern(scope: BudgetScope) -> bool:
    """Whether names are globs, which links do not have, or have a path."""
    return bool(_OF_PATTERNS & {*(scope.organization or ""), *(scope.project or "")})
