"""Tables of forecast and budgets."""

from collections.abc import Iterable, Iterator
from typing import Final

from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.core.decimals import plain
from circleci_usage.report import Report
from circleci_usage.report_folder.columns import (
    EXPECTED,
    HIGH,
    LOW,
    SPENT,
    CatalogTable,
    day,
    exact,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table

CURRENCY_OR_CREDITS: Final = "currency or credits"
"""The unit of a budget's amounts."""

EMPTY_IF_ALL: Final = "empty if for all."

PER: Final = "`week` (from Monday), `month`, `cycle` (billing cycle), `quarter` or `year`."

MEASURE: Final = text("measure", "What is limited: `cost`, or `credits` with included ones.")

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
        text("per", PER),
        exact("amount", CURRENCY_OR_CREDITS, "The budget."),
        exact("spent", CURRENCY_OR_CREDITS, SPENT.meaning),
        exact("expected", CURRENCY_OR_CREDITS, EXPECTED.meaning),
        share("used", "Share of the budget that is spent; empty where days are missing."),
        text("state", "`within`, `expected over`, `over`, or `unknown` where days are missing."),
        day("from", "First day of the budget's period."),
        day("to", "Last day of the budget's period."),
        day("through", "Last day that counts as spent."),
        text("missing", "Days without data, with commas between them; empty if there are none."),
        MEASURE,
        text("organization", f"Organization or pattern that the budget is for; {EMPTY_IF_ALL}"),
        text("project", f"Project or pattern that the budget is for; {EMPTY_IF_ALL}"),
        text("tags", f"Tags that the budget is for, as in `product: checkout`; {EMPTY_IF_ALL}"),
        text("credit_type", f"Credit type that the budget is for; {EMPTY_IF_ALL}"),
        text("exclude_credit_types", "Credit types that do not count."),
        text("thresholds_reached", "Percentages of the budget that are reached, as in `50, 80`."),
        text("forecast_over", "Whether more will be spent: `yes`, `no`, or empty: not known."),
    ),
)

_YES_OR_NO: Final = {True: "yes", False: "no", None: None}


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
    budget, month_to_date, scope = state.budget, state.month_to_date, state.budget.scope
    missing = _listed(map(str, month_to_date.missing))
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
        budget.measure,
        scope.organization,
        scope.project,
        _listed(f"{key}: {value}" for key, value in scope.tags),
        scope.credit_type,
        _listed(scope.excluded_credit_types),
        _listed(map(plain, state.thresholds_reached)),
        _YES_OR_NO[state.forecast_over],
    )


def _listed(texts: Iterable[str]) -> str | None:
    return ", ".join(texts) or None
