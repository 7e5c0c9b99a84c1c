"""What `teams` tells with `--json`; `catalog` describes every key."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.explained_ownership import ExplainedOwnership, OwnedPart
from circleci_usage.analysis.team_costs import TeamCosts
from circleci_usage.analysis.unallocated import UnallocatedCost
from circleci_usage.config.team_settings import team_entry
from circleci_usage.core.decimals import plain
from circleci_usage.render.text.team_tables import entry_name, reasons
from circleci_usage.report_folder.summary import period_to_json

_AMOUNTS: Final = ("cost", "direct", "shared", "share", "credits")


def team_members(costs: TeamCosts) -> dict[str, Any]:
    """What each team is charged, and what none is."""
    return {
        "period": period_to_json(costs.period),
        "currency": costs.currency,
        "cost": plain(costs.total.cost),
        "teams": [*map(_team, costs.teams.lines.to_dict("records"))],
        "unallocated": [*map(_unallocated, costs.unallocated)],
    }


def ownership_members(explained: ExplainedOwnership) -> dict[str, Any]:
    """Who owns a project or job, and why."""
    return {
        "period": period_to_json(explained.period),
        "currency": explained.currency,
        "names": [*explained.names],
        "parts": [*map(_part, explained.parts)],
    }


def _team(line: Mapping[Any, Any]) -> dict[str, Any]:
    amounts = {name: plain(line[name]) for name in _AMOUNTS}
    return {"team": line["team"], **amounts, "job_runs": line["job_runs"]}


def _unallocated(each: UnallocatedCost) -> dict[str, Any]:
    rule = each.proposal
    return {
        **each.key._asdict(),
        "credits": plain(each.credits),
        "cost": _amount(each.cost),
        "share": plain(each.share),
        "proposed_team": rule.team if rule else None,
        "proposed_rule": team_entry(rule.team, rule.globs) if rule else None,
    }


def _part(part: OwnedPart) -> dict[str, Any]:
    return {
        "owner": part.owner,
        "entry": entry_name(part.entry) or None,
        "reasons": [*reasons(part)],
        "among": [{"team": team, "percentage": plain(each)} for team, each in part.among.items()],
        "jobs": [*part.jobs],
        "credits": plain(part.credits),
        "cost": _amount(part.cost),
        "share": plain(part.share),
    }


def _amount(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)
