"""Unit costs: of the period, of the last months, and by team."""

from collections.abc import Callable, Hashable, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from circleci_usage.analysis.unit_costs import MonthlyUnitCost, UnitCost, UnitCostChange
from circleci_usage.core.periods import Period
from circleci_usage.render.formatting import (
    Shown,
    days,
    money,
    number,
    percent_change,
    unit_money,
)
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    Tone,
    more_rows,
    name_cell,
    unknown,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.unit_names import is_named_by_settings, unit_name, why_unknown

_MONTHS: Final = 13
_TEAMS: Final = 10
_HINT: Final = (
    "All costs of the days divided by the units of these days, whatever the costs are for."
    " A pipeline and a workflow run count on the day of their first job run."
)

_OfUnits = Sequence[MonthlyUnitCost]
"""All units of a month, or of a team in a month."""


def unit_costs_section(view: ReportView) -> PageTables | None:
    """What a pipeline, a workflow run, a deploy, an active user and a build minute cost."""
    found = view.report.findings.unit_costs
    if not any(each.now.counted.parts for each in found.period):
        return None
    tables = [_period_table(found.period, found.months, view)]
    months = _grouped(found.months, lambda each: each.month)
    if len(months) > 1:
        tables.append(_months_table(months, view))
    if found.teams:
        tables.append(_teams_table(found.teams, view))
    return PageTables(tables, _hint(view), files=["unit_costs", "team_unit_costs"])


def _hint(view: ReportView) -> str:
    changes = view.report.findings.period_comparison
    if not changes or not changes.without_seats:
        return _HINT
    return f"{_HINT} The comparison excludes seats because they are billed monthly."


def _period_table(found: Sequence[UnitCostChange], months: _OfUnits, view: ReportView) -> PageTable:
    """The units of the period, with the previous one, and the year before of a whole month."""
    report = view.report
    changes = report.findings.period_comparison
    before = days(changes.before) if changes else "Previous period"
    headings = ["Unit", "Cost per unit", "Units", before, "Change"]
    rows = [[*_unit_row(each, view.currency)] for each in found]
    years = {each.unit_cost.unit: each for each in months if each.month == report.period}
    if any(each.change_year is not None for each in years.values()):
        headings.append("Year over year")
        for row, each in zip(rows, found, strict=True):
            row.append(_change(years[each.now.unit].change_year))
    return PageTable(days(report.period), headings, rows)


def _unit_row(each: UnitCostChange, currency: str) -> Row:
    now = each.now
    units: Cell | str = (
        Cell("–", whole=why_unknown(now)) if now.count is None else number(now.count)
    )
    previous: Cell | str = unknown("–")
    if each.previous is not None:
        previous = unit_money(each.previous, currency)
    name = unit_name(now.unit)
    if not is_named_by_settings(now.unit):
        name = name.capitalize()
    return [name_cell(name), _cost_per_unit(now, currency), units, previous, _change(each.change)]


def _months_table(months: Sequence[_OfUnits], view: ReportView) -> PageTable:
    rows = []
    for of_month in months[-_MONTHS:]:
        month = of_month[0]
        part = "" if month.is_complete else " (partial)"
        name = Shown(f"{days(month.month)}{part}", month.month.first)
        rows.append([name, *_costs(of_month, view.currency, with_changes=True)])
    return PageTable("By month, with month over month", _headings("Month", months[0]), rows)


def _teams_table(found: _OfUnits, view: ReportView) -> PageTable:
    """The teams of the last complete month, or of the last one."""
    complete = [each.month for each in found if each.is_complete]
    month: Period = (complete or [each.month for each in found])[-1]
    of_month = [each for each in found if each.month == month]
    teams = _grouped(of_month, lambda each: each.team)
    teams.sort(key=lambda of_team: -(of_team[0].unit_cost.cost or Decimal(0)))
    rows = []
    for of_team in teams[:_TEAMS]:
        name = of_team[0].team or ""
        cell = name_cell(name, link=view.explore.named({"team": name}))
        rows.append([cell, *_costs(of_team, view.currency, with_changes=False)])
    title = f"By team, {days(month)}"
    return PageTable(title, _headings("Team", teams[0]), rows, more_rows(_TEAMS, teams, "team"))


def _grouped(
    found: _OfUnits, key: Callable[[MonthlyUnitCost], Hashable]
) -> list[list[MonthlyUnitCost]]:
    """What stands together."""
    return [[*alike] for _, alike in groupby(found, key=key)]


def _headings(name: str, of_units: _OfUnits) -> Sequence[str]:
    return [name, "Cost", *(f"Per {unit_name(each.unit_cost.unit)}" for each in of_units)]


def _costs(of_units: _OfUnits, currency: str, *, with_changes: bool) -> Row:
    cost = of_units[0].unit_cost.cost
    cells: list[Cell | str] = [unknown() if cost is None else money(cost, currency)]
    for each in of_units:
        shown = _cost_per_unit(each.unit_cost, currency)
        if with_changes and isinstance(shown, str) and each.change_month is not None:
            shown = Cell(shown, detail=percent_change(each.change_month))
        cells.append(shown)
    return cells


def _cost_per_unit(unit_cost: UnitCost, currency: str) -> Cell | str:
    value = unit_cost.cost_per_unit
    return Cell("–", whole=why_unknown(unit_cost)) if value is None else unit_money(value, currency)


def _change(share: Decimal | None) -> Cell | str:
    if share is None:
        return unknown("–")
    tone: Tone = ""
    if share:
        tone = "more" if share > 0 else "less"
    return Cell(percent_change(share), tone=tone)
