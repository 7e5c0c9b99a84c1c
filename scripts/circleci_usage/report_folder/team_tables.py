"""Tables of teams: what no team owns."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.analysis.unallocated import UnallocatedCost
from circleci_usage.config.team_settings import team_entry
from circleci_usage.report_folder.columns import (
    CREDITS,
    CatalogTable,
    dimensions,
    money,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table
from circleci_usage.schema.keys import ProjectKey

UNALLOCATED_COSTS: Final = CatalogTable(
    "unallocated",
    "Unallocated costs",
    "What no team owns of a project, or was charged to no project.",
    (
        *dimensions(ProjectKey._fields),
        CREDITS,
        money("cost", "What is charged; empty where a part of the credits has no price."),
        share("share", "Share of the total cost; of the credits if nothing costs anything."),
        text("proposed_team", "The team that the name suggests; empty where it suggests none."),
        text("proposed_rule", "The line that does so at the end of `teams` in the settings file."),
    ),
)


def unallocated_table(unallocated: Iterable[UnallocatedCost]) -> Table:
    """What no team owns."""
    return Table(UNALLOCATED_COSTS, map(_row, unallocated))


def _row(each: UnallocatedCost) -> Row:
    rule = each.proposal
    proposed = (rule.team, team_entry(rule.team, rule.globs)) if rule else ("", "")
    return (*each.key, each.credits, each.cost, each.share, *proposed)
