"""The section `teams` of a proposed settings file."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.team_proposals import ProposedTeam, ProposedTeams
from circleci_usage.config.team_settings import team_entry
from circleci_usage.config.yaml_scalars import quoted
from circleci_usage.core.decimals import ratio, total
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.render.formatting import number_of, percent
from circleci_usage.settings_proposal.comments import comment, commented
from circleci_usage.settings_proposal.proposal import Proposal
from circleci_usage.settings_proposal.seen_usage import SeenUsage

_LISTED: Final = 10
_SHOWN: Final = 80
_WIDEST: Final = 70
_RULE: Final = (
    "Teams: the first one that matches a job run owns it; what none matches is unallocated."
)


def team_lines(proposal: Proposal) -> Iterator[str]:
    """The teams, each with its share of all credits, and the projects that belong to none."""
    usage, proposed = proposal.usage, proposal.teams
    if usage is None or not proposed.teams:
        why = (
            " No projects that share a first word have a noticeable cost, so none is proposed."
            if usage
            else ""
        )
        yield from comment(f"{_RULE}{why} An example:")
        yield from commented(
            ["teams:", '  - {name: payments, projects: ["pay-*", "acme/billing"]}']
        )
    else:
        yield from comment(
            f"{_RULE} Proposed from the first word of the projects' names: rename, merge or delete"
            " them. Each line ends with the team's share of all credits."
        )
        lines = ["teams:", *_aligned(proposed.teams, usage.credits)]
        yield from lines if proposal.accepts_teams else commented(lines)
    if usage:
        yield from _unallocated(proposed, usage)


def _aligned(teams: Sequence[ProposedTeam], whole: Decimal) -> Iterator[str]:
    """A line per team: `  - {name: pay, projects: ["pay-*"]} # 14.7%, 2,843,810 credits, …`."""
    entries = [f"  {team_entry(team.name, team.globs)}" for team in teams]
    width = min(max(map(len, entries)), _WIDEST)
    for entry, team in zip(entries, teams, strict=True):
        owned = f"{_used(team.credits, whole)}, {counted(len(team.projects), 'project')}"
        yield f"{entry:<{width}} # {owned}"


def _used(credits: Decimal, whole: Decimal) -> str:
    return f"{percent(ratio(credits, whole))}, {number_of(credits, 'credit')}"


def _unallocated(proposed: ProposedTeams, usage: SeenUsage) -> Iterator[str]:
    others = [project for project in usage.projects if not project.has_name]
    if proposed.unallocated:
        yield from comment(_summary(proposed, usage))
        several = len(usage.organizations) > 1
        for project in proposed.unallocated[:_LISTED]:
            name = _pasted(project.path if several else project.name)
            yield f"# - {name}: {_used(project.credits, usage.credits)}"
        more = len(proposed.unallocated) - _LISTED
        if more > 0:
            yield f"# - and {counted(more, 'smaller project')}"
    if used := total(project.credits for project in others):
        yield from comment(
            f"Charged to no project, such as user seats: {_used(used, usage.credits)}."
        )


def _summary(proposed: ProposedTeams, usage: SeenUsage) -> str:
    used = total(project.credits for project in proposed.unallocated)
    count = counted(len(proposed.unallocated), "project")
    left_out = ""
    if proposed.left_out:
        groups = counted(proposed.left_out, "smaller group")
        left_out = f" {groups} with a common first word are among them."
    return (
        f"In no team: {count}, {_used(used, usage.credits)}. To give one to a team, add its name"
        f" to the team's projects.{left_out}"
    )


def _pasted(name: str) -> str:
    """A name as a team's projects would have it; a very long one is cut."""
    return quoted(name if len(name) <= _SHOWN else inert(name, _SHOWN))
