"""Tables of unit costs: by month, for the whole and for each team."""

from collections.abc import Iterable
from typing import Final

from circleci_usage.analysis.unit_costs import MonthlyUnitCost
from circleci_usage.report_folder.columns import (
    CatalogTable,
    Column,
    day,
    dimension,
    exact,
    money,
    share,
    text,
)
from circleci_usage.report_folder.table import Row, Table

UNIT: Final = text(
    "unit",
    "`pipeline`, `workflow_run`, `default_branch_success`, `active_user`, `build_minute`, or one"
    " of `units` in the settings file.",
)
COUNT: Final = exact("count", "units", "How many; empty where that is not known.")
COST_PER_UNIT: Final = money(
    "cost_per_unit", "Cost ÷ count, to six places; empty without units, or where one is not known."
)


def _columns(cost: str, *names: Column) -> tuple[Column, ...]:
    return (
        day("from", "First known day of the month."),
        day("to", "Last known day of it."),
        *names,
        UNIT,
        COUNT,
        money("cost", cost),
        COST_PER_UNIT,
        share("change_month", "Change of `cost_per_unit` vs. the month before, both complete."),
        share("change_year", "Change vs. the same month of the year before, both complete."),
        text("complete", "`yes` where all days of the month are known and priced, else `no`."),
    )


UNIT_COSTS: Final = CatalogTable(
    "unit_costs",
    "Unit costs",
    "A unit in a calendar month. Each line has all costs of its month.",
    _columns("What is charged for the month, whatever the unit."),
)
TEAM_UNIT_COSTS: Final = CatalogTable(
    "team_unit_costs",
    "Unit costs by team",
    "A unit of a team in a calendar month. Each line has all costs of its team.",
    _columns(
        "What the team is charged: its own costs and its share of shared ones.", dimension("team")
    ),
)


def unit_costs_table(months: Iterable[MonthlyUnitCost]) -> Table:
    """The unit costs of the whole."""
    return Table(UNIT_COSTS, ((*_days(each), *_amounts(each)) for each in months))


def team_unit_costs_table(months: Iterable[MonthlyUnitCost]) -> Table:
    """The unit costs of the teams."""
    return Table(TEAM_UNIT_COSTS, ((*_days(each), each.team, *_amounts(each)) for each in months))


def _days(each: MonthlyUnitCost) -> Row:
    return each.month.first, each.month.last


def _amounts(each: MonthlyUnitCost) -> Row:
    found = each.unit_cost
    return (
        found.unit,
        found.count,
        found.cost,
        found.cost_per_unit,
        each.change_month,
        each.change_year,
        "yes" if each.is_complete else "no",
    )
