"""Tables of forecast and budgets."""

from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.report import Report
from circleci_usage.report_folder.columns import (
    EXPECTED,
    HIGH,
    LOW,
    SPENT,
    CatalogTable,
    day,
    money,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table

FORECAST: Final = CatalogTable(
    "forecast",
    "Forecast",
    "The calendar month of the last complete day: total cost, total credits, and cost by team.",
    (
        text("measure", "`cost`, or `credits` for the line whose amounts are credits."),
        text("team", "The team; empty for everything."),
        SPENT,
        EXPECTED,
        LOW,
        HIGH,
    ),
)

BUDGETS: Final = CatalogTable(
    "budgets",
    "Budgets",
    "A budget of the settings file and its status.",
    (
        text("name", "The budget's name."),
        text("team", "Team that the budget is for; empty for one on the total cost."),
        text("per", "`month` (calendar month) or `cycle` (billing cycle)."),
        money("amount", "The budget."),
        SPENT,
        EXPECTED,
        share("used", "Share of the budget that is spent; empty where days are missing."),
        text("state", "`within`, `expected over`, `over`, or `unknown` where days are missing."),
        day("from", "First day of the month or cycle."),
        day("to", "Last day of the month or cycle."),
        day("through", "Last day that counts as spent."),
        text("missing", "Days without data, with commas between them; empty if there are none."),
    ),
)


def forecast_table(report: Report) -> Table:
    """The month in all, in credits, and by team; empty if it is not known from its first day."""
    return Table(FORECAST, _forecast_rows(report))


def _forecast_rows(report: Report) -> Iterator[Row]:
    month = report.findings.month_to_date
    if not month or not month.is_whole:
        return
    yield _forecast_row("cost", None, month.everything)
    if month.credits:
        yield _forecast_row("credits", None, month.credits)
    for team, forecast in sorted(month.teams.items()):
        yield _forecast_row("cost", team, forecast)


def _forecast_row(measure: str, team: str | None, forecast: Forecast) -> Row:
    return measure, team, forecast.spent, forecast.expected, forecast.low, forecast.high


def budgets_table(states: Iterable[BudgetState]) -> Table:
    """The budgets and their status."""
    return Table(BUDGETS, map(_budget_row, states))


def _budget_row(state: BudgetState) -> Row:
    budget, month_to_date = state.budget, state.month_to_date
    missing = ", ".join(map(str, month_to_date.missing)) or None
    return (
        budget.name,
        budget.team,
        budget.per,
        budget.amount,
        state.spent,
        state.expected,
        state.used,
        state.state,
        month_to_date.month.first,
        month_to_date.month.last,
        month_to_date.through,
        missing,
    )
