"""Budgets as JSON: an entry of summary.json and of `check --json`, and what its keys mean."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.core.decimals import plain
from circleci_usage.report_folder.budget_spending_json import scope_to_json
from circleci_usage.report_folder.budget_tables import BUDGETS, MEASURE, PER, budgets_table
from circleci_usage.report_folder.columns import Column, text
from circleci_usage.report_folder.month_to_date_json import gaps_to_json
from circleci_usage.report_folder.summary_keys import (
    SummaryKey,
    gaps_key,
    list_key,
    object_key,
    plain_keys,
    texts_key,
)

_LINE: Final = (
    "name",
    "team",
    "per",
    "amount",
    "spent",
    "expected",
    "used",
    "state",
    "from",
    "to",
    "through",
)
"""The columns of the table that an entry has as they are."""

_SCOPE: Final = object_key(
    "scope",
    "The costs that count: those that match everything that is given.",
    text("organization", "Name or pattern, or null."),
    text("project", "Name or pattern, or null."),
    list_key("tags", "Tags.", text("tag", "Key of the tag."), text("value", "Its value.")),
    text("credit_type", "The only credit type that counts, or null."),
    texts_key("exclude_credit_types", "Credit types that do not count."),
)

PART: Final = (*plain_keys(text("per", PER), MEASURE), _SCOPE)
"""What tells a part of the costs from others."""


def _numbers_key(name: str, meaning: str) -> SummaryKey:
    return SummaryKey(Column(name, "list of numbers", "%", meaning))


BUDGET: Final = (
    *plain_keys(*(column for column in BUDGETS.columns if column.name in _LINE)),
    gaps_key("Days without data."),
    *plain_keys(MEASURE),
    _SCOPE,
    _numbers_key("thresholds", "Percentages of the budget that are reported once reached."),
    _numbers_key("thresholds_reached", "Those that are reached."),
    *plain_keys(
        Column(
            "forecast_over",
            "yes/no or null",
            "",
            "Whether more will be spent than the budget; null: not known.",
        )
    ),
)
"""A budget and its status."""


def budgets_to_json(states: Sequence[BudgetState]) -> list[dict[str, Any]]:
    """An entry per budget: lines of the table, and what a table has no place for."""
    lines = budgets_table(states).lines
    return [_entry(state, line) for state, line in zip(states, lines, strict=True)]


def _entry(state: BudgetState, line: Iterable[Any]) -> dict[str, Any]:
    named = dict(zip(BUDGETS.column_names, line, strict=True))
    budget = state.budget
    return {
        **{name: _value(named[name]) for name in _LINE},
        "missing": gaps_to_json(state.month_to_date.missing),
        "measure": budget.measure,
        "scope": scope_to_json(budget.scope),
        "thresholds": [*map(_number, budget.thresholds)],
        "thresholds_reached": [*map(_number, state.thresholds_reached)],
        "forecast_over": state.forecast_over,
    }


def _value(value: object) -> str | None:
    if value is None:
        return None
    return plain(value) if isinstance(value, Decimal) else str(value)


def _number(percentage: Decimal) -> int | float:
    whole = int(percentage)
    return whole if whole == percentage else float(percentage)
