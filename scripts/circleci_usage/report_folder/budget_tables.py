"""Tables of forecast and budgets."""

from typing import Final

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

FORECAST: Final = CatalogTable(
    "forecast",
    "Forecast",
    "The calendar month of the last complete day: in all, in credits, and by team.",
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
        text("team", "Whose budget it is; empty for one of everything."),
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
