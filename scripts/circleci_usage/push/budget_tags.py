"""What a budget's samples and events are tagged with: its name, and what it is for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from circleci_usage.push.samples import TagPairs

_WITH_PERIOD: Final = frozenset({"week", "quarter", "year"})
"""The periods that are a tag; budgets by month or cycle had none from the start."""


def budget_tags(budget: Mapping[str, Any]) -> TagPairs:
    """The tags of an entry of summary.json; those of everything have only its name.

    >>> budget_tags({"name": "checkout", "team": "web", "per": "week"})
    (('team', 'web'), ('budget', 'checkout'), ('per', 'week'))
    """
    return tuple(_tags(budget))


def _tags(budget: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if budget.get("team"):
        yield "team", str(budget["team"])
    yield "budget", str(budget["name"])
    if budget.get("per") in _WITH_PERIOD:
        yield "per", str(budget["per"])
    scope = budget.get("scope") or {}
    for name in ("organization", "project", "credit_type"):
        if scope.get(name):
            yield name, str(scope[name])
