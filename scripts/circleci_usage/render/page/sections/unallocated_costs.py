"""Unallocated costs: what no team owns, and the settings that would change that."""

from typing import Final

from circleci_usage.analysis.unallocated import UnallocatedCost, proposed_rules
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.config.team_settings import team_entry
from circleci_usage.render.formatting import money, percent
from circleci_usage.render.page.tables import (
    PageTable,
    PageTables,
    Row,
    more_rows,
    name_cell,
    project_cell,
    unknown,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report_folder.team_tables import UNALLOCATED_COSTS

_ROWS: Final = 10
_RULES: Final = 20
_PROPOSED: Final = "Proposed team"
_HEADINGS: Final = ("Project", "Cost", "Share", _PROPOSED)


def unallocated_costs_section(view: ReportView) -> PageTables | None:
    """The projects that no team owns; None where there are no teams."""
    found = view.report.findings.unallocated
    if not (found and view.report.ownership.teams):
        return None
    rules = proposed_rules(found)[:_RULES]
    rows = [_row(each, view) for each in found[:_ROWS]]
    note = more_rows(_ROWS, found, "project")
    hint = "No entry of teams in the settings file matches these costs."
    if not all(is_project(each.key) for each in found):
        hint += " What belongs to no project, such as user seats, can be split by shared_costs."
    if rules:
        hint += " To allocate projects, add these lines at the end of teams, and correct them:"
    return PageTables(
        hint=hint,
        text="".join(f"  {team_entry(rule.team, rule.globs)}\n" for rule in rules),
        tables=[PageTable("Not in any team", _HEADINGS, rows, note, texts=(_PROPOSED,))],
        files=[UNALLOCATED_COSTS.name],
    )


def _row(each: UnallocatedCost, view: ReportView) -> Row:
    cost = unknown() if each.cost is None else money(each.cost, view.currency)
    team = name_cell(each.proposal.team) if each.proposal else unknown("–")
    return [project_cell(each.key, view), cost, percent(each.share), team]
