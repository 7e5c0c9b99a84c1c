"""Costs that no team owns, by project, with a rule for each as far as its name tells."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, NamedTuple

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.analysis.team_proposals import ProposedRule, SeenProject, propose_rules
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.decimals import ratio
from circleci_usage.core.grouping import sum_by
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.costs.allocation import UNALLOCATED, Ownership
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.rules import Rule
from circleci_usage.schema.export_columns import NO_NAME
from circleci_usage.schema.keys import ProjectKey

_MEASURES: Final = ("credits", "unpriced_credits", "cost")


@dataclass(frozen=True)
class UnallocatedCost:
    """What no team owns of a project.

    Attributes:
        key: the project, or what was charged to none.
        credits: of it.
        cost: of it; None where some of the credits have no price.
        share: of the cost of everything; of the credits if nothing costs anything.
        proposal: a rule that gives it to a team; None where its name does not tell.
    """

    key: ProjectKey
    credits: Decimal
    cost: Decimal | None
    share: Decimal
    proposal: ProposedRule | None


def unallocated_costs(costs: Costs, ownership: Ownership) -> tuple[UnallocatedCost, ...]:
    """What no team owns, the most expensive first.

    Args:
        costs: owned costs of a period, by the names that breakdowns have.
        ownership: the teams and what they own.
    """
    sums = sum_by(costs.lines, [*PROJECT, "team"], _MEASURES).reset_index()
    # The names of what costs the same are in their order.
    sums = sums.sort_values(["cost", "credits"], ascending=False, kind="stable")
    lines = [*map(_line, sums.itertuples(index=False, name=None))]
    proposals = _proposals(lines, ownership)
    measure = "cost" if sums["cost"].any() else "credits"
    whole = costs.total(measure)
    found = []
    for line in lines:
        if line.team == UNALLOCATED:
            credits, unpriced, cost = map(to_decimal, line.counts, map(costs.places, _MEASURES))
            share = ratio(cost if measure == "cost" else credits, whole)
            known_cost = None if unpriced else cost
            proposal = proposals.get(line.name)
            found.append(UnallocatedCost(line.key, credits, known_cost, share, proposal))
    return tuple(found)


def proposed_rules(unallocated: Iterable[UnallocatedCost]) -> tuple[ProposedRule, ...]:
    """The rules that are proposed, each once, those of the most expensive projects first."""
    every = (each.proposal for each in unallocated)
    return tuple(dict.fromkeys(rule for rule in every if rule))


class _Line(NamedTuple):
    """What a project used for a team: `_MEASURES` as whole numbers."""

    key: ProjectKey
    team: str
    counts: tuple[int, ...]

    @property
    def name(self) -> tuple[str, str]:
        """The organization and project that globs match; what has no project has no name."""
        return self.key.organization, self.key.project if is_project(self.key) else NO_NAME


def _line(values: tuple[Any, ...]) -> _Line:
    *names, team, credits, unpriced, cost = values
    return _Line(ProjectKey(*map(str, names)), str(team), (int(credits), int(unpriced), int(cost)))


def _proposals(
    lines: Sequence[_Line], ownership: Ownership
) -> Mapping[tuple[str, str], ProposedRule]:
    """Organization and name of a project → the rule for what no team owns of it."""
    credits: Counter[tuple[str, str]] = Counter()
    owners: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for line in lines:
        credits[line.name] += line.counts[0]
        owners[line.name].add(line.team)
    ordered = sorted(credits, key=lambda name: (-credits[name], name))
    projects = {name: SeenProject(*name, Decimal(credits[name])) for name in ordered}
    unallocated = [projects[name] for name in ordered if UNALLOCATED in owners[name]]
    # A team that owns some jobs or branches of every project says nothing about any of them.
    telling = {rule.value for rule in ownership.rules if _names_projects(rule)}
    owned = {projects[name]: owners[name] & telling for name in ordered}
    rules = propose_rules(unallocated, owned, ownership.teams)
    return {(project.organization, project.name): rule for project, rule in rules.items()}


def _names_projects(rule: Rule) -> bool:
    return bool(rule.patterns.projects) and "*" not in rule.patterns.projects
