"""summary.json of a team: the keys that are known by team, and what the team is charged."""

from typing import Any, Final

from circleci_usage.core.decimals import plain
from circleci_usage.report import UNNAMED, Presentation, TeamReport
from circleci_usage.report_folder.summary import MOST_ENTRIES, json_text, summary

_OF_THE_WHOLE: Final = (
    "reconciliation",
    "extra_costs",
    "people",
    "suggested_job_groups",
    "branch_kinds",
    "runs_at_limit",
    "team_reports",
    "by_tag",
    "by_plan",
    "credit_balance",
    "commitments",
    "unallocated",
)
"""What is not known by team; an empty list would say that there is nothing."""


def team_summary_json(
    mine: TeamReport, most: int = MOST_ENTRIES, presentation: Presentation = UNNAMED
) -> str:
    """The report of a team as a JSON text."""
    return json_text(team_summary(mine, most, presentation))


def team_summary(
    mine: TeamReport, most: int = MOST_ENTRIES, presentation: Presentation = UNNAMED
) -> dict[str, Any]:
    """The document before it is written down.

    `team` has its name, the two parts of its cost, the cost of all teams, and how many jobs it
    owns with other teams: `jobs_with_others` have their run statistics here, `jobs_elsewhere` with
    another team.

    Args:
        mine: what to write.
        most: entries that a list may have, if it grows with the names of the export.
        presentation: what the report is shown with.
    """
    document = summary(mine.report, most, presentation)
    version = document.pop("schema_version")
    for key in _OF_THE_WHOLE:
        document.pop(key, None)
    team = {
        "name": mine.team,
        "direct": plain(mine.direct),
        "shared": plain(mine.shared),
        "cost_of_all_teams": plain(mine.whole_cost),
        "jobs_with_others": mine.with_others,
        "jobs_elsewhere": mine.elsewhere,
    }
    return {"schema_version": version, "team": team, **document}
