"""The table of realized savings, and its part of summary.json."""

from collections.abc import Iterable
from typing import Any, Final

from circleci_usage.analysis.savings.realized import RealizedSaving, RealizedSavings
from circleci_usage.core.decimals import plain
from circleci_usage.report_folder.columns import (
    CatalogTable,
    count,
    credit_amount,
    day,
    dimensions,
    exact,
    money,
    text,
)
from circleci_usage.report_folder.summary_keys import SummaryKey, list_key, object_key
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.schema.keys import JobKey

REALIZED_SAVINGS: Final = CatalogTable(
    "realized_savings",
    "Realized savings",
    "A job that moved to a resource class at another rate, and what that saves.",
    (
        *dimensions(JobKey._fields),
        day("changed_on", "First day on the new class."),
        text("executor_before", "Executor before."),
        text("resource_class_before", "Resource class before."),
        text("executor_after", "Executor since then."),
        text("resource_class_after", "Resource class since then."),
        exact("credits_per_minute_before", "credits per minute", "Rate before."),
        exact("credits_per_minute_after", "credits per minute", "Rate since then."),
        count("runs_before", "job runs", "Runs on the old class in the 28 days before."),
        count("runs_after", "job runs", "Runs on the new class since then, in the period."),
        credit_amount("credits_per_run_before", "Mean compute credits of these runs."),
        credit_amount("credits_per_run_after", "The same of the runs since then."),
        credit_amount(
            "predicted_credits_a_month",
            "Monthly savings in credits that the rates promised for the same duration; negative"
            " where the new rate is higher.",
        ),
        money("predicted_a_month", "The same in money."),
        credit_amount(
            "saved_credits_a_month",
            "Realized monthly savings in credits; negative where runs use more.",
        ),
        money("saved_a_month", "The same in money, at the contracted price of the period."),
    ),
)

REALIZED_KEY: Final[SummaryKey] = object_key(
    "realized",
    "What jobs save that moved to another resource class.",
    credit_amount("predicted_credits_a_month", "Predicted monthly savings in credits."),
    money("predicted_a_month", "The same in money."),
    credit_amount("saved_credits_a_month", "Realized monthly savings in credits."),
    money("saved_a_month", "The same in money; negative where the changes cost more."),
    list_key("changes", "The jobs, largest savings first.", *REALIZED_SAVINGS.columns),
)
"""What `realized_totals` and the lines of the table make."""


def realized_totals(found: RealizedSavings) -> dict[str, Any]:
    """The sums over all changes."""
    return {
        "predicted_credits_a_month": plain(found.predicted_credits),
        "predicted_a_month": plain(found.predicted),
        "saved_credits_a_month": plain(found.saved_credits),
        "saved_a_month": plain(found.saved),
    }


def realized_savings_table(changes: Iterable[RealizedSaving]) -> Table:
    """Jobs that moved to another class."""
    return Table(REALIZED_SAVINGS, (_row(each) for each in changes))


def _row(each: RealizedSaving) -> Row:
    return (
        *each.key,
        each.changed_on,
        *each.before,
        *each.after,
        each.rate,
        each.new_rate,
        each.runs_before,
        each.runs_after,
        each.credits_per_run_before,
        each.credits_per_run_after,
        each.predicted_credits,
        each.predicted,
        each.saved_credits,
        each.saved,
    )
