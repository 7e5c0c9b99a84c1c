"""What a budget covers: the costs of an organization, a project, a tag or a credit type."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import pandas as pd

from circleci_usage.analysis.budget_periods import Per
from circleci_usage.core.grouping import Flags, where
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import DistinctNames, Patterns, Rule
from circleci_usage.costs.tags import tag_column

Measure = Literal["cost", "credits"]
"""What a budget limits: money, or credits with those that are included."""

_DECIDING: Final = ["organization", "project", "credit_type"]


@dataclass(frozen=True)
class BudgetScope:
    """The costs that count towards a budget: those that match everything that is given.

    Attributes:
        organization: a pattern of organizations.
        project: a pattern of projects, as `project` or `organization/project`.
        tags: keys of tags and their values.
        credit_type: the only credit type that counts.
        excluded_credit_types: those that do not count.
    """

    organization: str | None = None
    project: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    credit_type: str | None = None
    excluded_credit_types: tuple[str, ...] = ()

    @property
    def rule(self) -> Rule:
        """What the scope says of the dimensions, without tags."""
        patterns = Patterns(
            organizations=_listed(self.organization),
            projects=_listed(self.project),
            credit_types=_listed(self.credit_type),
        )
        return Rule("", patterns, Patterns(credit_types=self.excluded_credit_types))


EVERYTHING: Final = BudgetScope()


@dataclass(frozen=True)
class BudgetPart:
    """What a budget is compared with: a measure of the costs in its scope and period."""

    per: Per = "month"
    measure: Measure = "cost"
    scope: BudgetScope = EVERYTHING

    @property
    def is_whole(self) -> bool:
        """Whether it is the cost of everything."""
        return self.measure == "cost" and self.scope == EVERYTHING


def costs_in(costs: Costs, scopes: Sequence[BudgetScope]) -> Mapping[BudgetScope, Costs]:
    """The lines of each scope.

    Args:
        costs: owned costs.
        scopes: some of them may overlap.
    """
    distinct = DistinctNames.of(costs.lines[_DECIDING])
    found: dict[BudgetScope, Costs] = {}
    for scope in scopes:
        flags = distinct.matching(scope.rule)[distinct.rows]
        for key, value in scope.tags:
            flags &= _tagged(costs.lines, key, value)
        found[scope] = replace(costs, lines=costs.lines[flags])
    return found


def _tagged(lines: pd.DataFrame, key: str, value: str) -> Flags:
    return where(lines[tag_column(key)], value.__eq__)


def _listed(pattern: str | None) -> tuple[str, ...]:
    return () if pattern is None else (pattern,)
