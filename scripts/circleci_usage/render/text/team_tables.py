"""The answers of `teams` on a terminal: costs by team, unallocated costs, who owns what and why."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from circleci_usage.analysis.explained_ownership import Entry, ExplainedOwnership, OwnedPart
from circleci_usage.analysis.rule_reasons import EXCLUDED, Match, Miss
from circleci_usage.analysis.team_costs import TeamCosts
from circleci_usage.analysis.unallocated import proposed_rules
from circleci_usage.config.team_settings import team_entry
from circleci_usage.core.decimals import plain
from circleci_usage.core.plurals import agreeing, enumerated, few
from circleci_usage.render.formatting import days, money, number, number_of, percent, visible_name

_LINES: Final = 20
_RULES: Final = 20
_NAMES: Final = 5
_UNKNOWN: Final = "–"


def team_cost_tables(costs: TeamCosts) -> RenderableType:
    """What each team is charged, what none is, and the rules that would change that."""
    parts: list[RenderableType] = [
        Text(f"Cost by team, {days(costs.period)}", "bold"),
        Text(money(costs.total.cost, costs.currency)),
        Text(),
        _teams(costs),
    ]
    if costs.unallocated:
        parts += [Text(), Text("Unallocated costs", "bold"), Text(), _unallocated(costs)]
    rules = proposed_rules(costs.unallocated)
    if rules:
        shown = rules[:_RULES]
        heading = "To allocate them, add these lines at the end of teams and correct them:"
        parts += [Text(), Text(heading)]
        parts += [Text(f"  {team_entry(rule.team, rule.globs)}") for rule in shown]
        if len(rules) > len(shown):
            parts.append(Text(f"  # and {number_of(len(rules) - len(shown), 'more team')}"))
    return Group(*parts)


def _teams(costs: TeamCosts) -> Table:
    table = _table("Team", "Cost", "Share", "Direct", "Shared", "Job runs")
    for line in costs.teams.lines.to_dict("records"):
        amounts = [money(line[name], costs.currency) for name in ("cost", "direct", "shared")]
        cost, direct, shared = amounts
        runs = number(line["job_runs"])
        name = Text(visible_name(str(line["team"])))
        table.add_row(name, cost, percent(line["share"]), direct, shared, runs)
    return table


def _unallocated(costs: TeamCosts) -> Table:
    table = _table("Project", "Cost", "Share", "Credits")
    table.add_column("Proposed team", overflow="fold")
    found = costs.unallocated
    for each in found[:_LINES]:
        name = Text.assemble(
            visible_name(each.key.project), (f"  {visible_name(each.key.organization)}", "dim")
        )
        team = Text(visible_name(each.proposal.team)) if each.proposal else Text(_UNKNOWN, "dim")
        cost = _cost(each.cost, costs.currency)
        table.add_row(name, cost, percent(each.share), number(each.credits), team)
    if len(found) > _LINES:
        table.add_row(Text(number_of(len(found) - _LINES, "more project")), style="dim")
    return table


def _table(name: str, *numbers: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    table.add_column(name, overflow="fold", min_width=_LINES)
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _cost(cost: Decimal | None, currency: str) -> str:
    return _UNKNOWN if cost is None else money(cost, currency)


def ownership_text(explained: ExplainedOwnership) -> RenderableType:
    """Who owns a project or job, part by part."""
    names = few([visible_name(name) for name in explained.names], _NAMES)
    lines = [Text(f"{names}, {days(explained.period)}", "bold")]
    for part in explained.parts:
        cost = _cost(part.cost, explained.currency)
        lines += [Text(), Text(f"{_owner(part)}  {cost}  {percent(part.share)}", "bold")]
        lines += [Text(f"  {reason}") for reason in reasons(part)]
        if len(explained.parts) > 1:
            jobs = few([visible_name(job) for job in part.jobs], _NAMES)
            lines.append(Text(f"  {agreeing(len(part.jobs), 'job', 'jobs')}: {jobs}", "dim"))
    return Group(*lines)


def _owner(part: OwnedPart) -> str:
    if not part.among:
        return visible_name(part.owner)
    percentages = [f"{visible_name(team)} {plain(each)}%" for team, each in part.among.items()]
    return enumerated(percentages)


def reasons(part: OwnedPart) -> Iterator[str]:
    """Why the part belongs to its owner, a sentence each."""
    entry = entry_name(part.entry)
    owner = f" {visible_name(part.owner)}" if part.entry.section == "teams" else ""
    if part.matches:
        matches = "; ".join(map(_match, part.matches))
        yield f"{entry}{owner}: {matches}"
    else:
        yield "no entry of teams matches"
    for miss in part.misses:
        yield f"teams[{miss.position}] {visible_name(miss.team)} is not it: {_miss(miss)}"


def entry_name(entry: Entry) -> str:
    """How messages name an entry: as those about mistakes in the settings file do.

    >>> entry_name(Entry("teams", 2)), entry_name(Entry("shared_costs")), entry_name(Entry(""))
    ('teams[2]', 'shared_costs', '')
    """
    is_list = entry.section in {"teams", "splits"}
    return f"{entry.section}[{entry.position}]" if is_list else entry.section


def _match(match: Match) -> str:
    names = few([visible_name(name) for name in match.names], _NAMES)
    return f'{match.key} "{visible_name(match.pattern)}" matches{f" {names}" if names else ""}'


def _miss(miss: Miss) -> str:
    if EXCLUDED in miss.keys:
        return "its `not` excludes this"
    if not miss.keys:
        return "its lists match, but never the same job runs"
    return f"its {enumerated(miss.keys)} do not match"
