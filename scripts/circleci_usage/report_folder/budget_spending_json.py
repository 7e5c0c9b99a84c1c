"""Spending of budgets ↔ JSON: what summary.json has to check budgets with, and reading it back."""

from collections.abc import Collection, Mapping
from typing import Any, Final, cast, get_args

from circleci_usage.analysis.budget_periods import Per
from circleci_usage.analysis.budget_scope import BudgetPart, BudgetScope, Measure
from circleci_usage.analysis.budgets import Spending
from circleci_usage.report_folder.month_to_date_json import month_from_json, month_to_json

_PERS: Final = get_args(Per)
_MEASURES: Final = get_args(Measure)


def spending_to_json(spending: Spending) -> dict[str, Any]:
    """The keys of summary.json that have the spending of budgets."""
    parts = spending.parts.items()
    return {
        "budget_periods": {per: month_to_json(each) for per, each in spending.periods.items()},
        "budget_parts": [{**_part_to_json(part), **month_to_json(each)} for part, each in parts],
    }


def spending_from_json(summary: Mapping[str, Any]) -> Spending:
    """What `spending_to_json` wrote; older reports have no parts.

    Raises:
        AttributeError, KeyError, ValueError, TypeError, ArithmeticError: it is something else.
    """
    periods = {
        _one_of(_PERS, per): month_from_json(month)
        for per, month in summary["budget_periods"].items()
    }
    parts = {
        _part_from_json(entry): month_from_json(entry)
        for entry in summary.get("budget_parts") or ()
    }
    return Spending(cast("Any", periods), parts)


def scope_to_json(scope: BudgetScope) -> dict[str, Any]:
    """A scope as JSON values; null and empty where it says nothing.

    >>> scope_to_json(BudgetScope(project="web"))["project"]
    'web'
    """
    return {
        "organization": scope.organization,
        "project": scope.project,
        "tags": [{"tag": key, "value": value} for key, value in scope.tags],
        "credit_type": scope.credit_type,
        "exclude_credit_types": [*scope.excluded_credit_types],
    }


def _part_to_json(part: BudgetPart) -> dict[str, Any]:
    return {"per": part.per, "measure": part.measure, "scope": scope_to_json(part.scope)}


def _part_from_json(entry: Mapping[str, Any]) -> BudgetPart:
    scope = entry["scope"]
    return BudgetPart(
        per=cast("Per", _one_of(_PERS, entry["per"])),
        measure=cast("Measure", _one_of(_MEASURES, entry["measure"])),
        scope=BudgetScope(
            organization=_text(scope["organization"]),
            project=_text(scope["project"]),
            tags=tuple(map(_tag, scope["tags"])),
            credit_type=_text(scope["credit_type"]),
            excluded_credit_types=tuple(map(str, scope["exclude_credit_types"])),
        ),
    )


def _tag(entry: Mapping[str, Any]) -> tuple[str, str]:
    return str(entry["tag"]), str(entry["value"])


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _one_of(known: Collection[str], value: object) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is not known")
    return str(value)
