"""What the settings say, as the small tables of a warehouse: prices, teams, budgets."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.pricing import PriceList
from circleci_usage.costs.rules import DIMENSION_OF
from circleci_usage.report_settings import ReportSettings
from circleci_usage.schema.export_columns import BRANCH_GROUP, USER_GROUP
from circleci_usage.warehouse.destination import Staged
from circleci_usage.warehouse.staged_files import stage_lines
from circleci_usage.warehouse.tables import BUDGETS, PRICES, TEAMS

Line = tuple[Any, ...]

_NAMED: Final = {BRANCH_GROUP: "branch", USER_GROUP: "user"}
"""What the table calls dimensions that rules know by groups only."""

_COMPARED: Final = frozenset({"month", "cycle"})
"""The periods of budgets that the warehouse knows; reports know all of them."""


def stage_settings(settings: ReportSettings, folder: Path) -> tuple[Staged, ...]:
    """The small tables, as files in a folder."""
    prices, ownership = settings.prices, settings.ownership
    lines = {
        PRICES: price_lines(prices),
        TEAMS: team_lines(ownership),
        BUDGETS: _budget_lines(settings),
    }
    return tuple(
        stage_lines(those, table, folder / f"{table.name}.parquet")
        for table, those in lines.items()
    )


def price_lines(prices: PriceList) -> Iterator[Line]:
    """A line per price period, and one per credit type that has a price of its own in it."""
    for plan, period in zip(prices.period_plans, prices.all_periods, strict=True):
        own = sorted(period.by_credit_type.items())
        for credit_type, price in [(None, period.price), *own]:
            days = (period.start, period.last)
            yield (*days, credit_type, price, prices.list_price, prices.currency, plan)


def team_lines(ownership: Ownership) -> Iterator[Line]:
    """A line per glob of a rule, and one per tag."""
    for place, rule in enumerate(ownership.rules, start=1):
        for name, globs in rule.patterns.lists.items():
            dimension = DIMENSION_OF[name]
            for glob in globs:
                yield (rule.value, place, _NAMED.get(dimension, dimension), None, glob)
    for name, values in ownership.tags.items():
        for team, value in values.items():
            yield (team, None, "tag", name, value)


def _budget_lines(settings: ReportSettings) -> Iterator[Line]:
    """A line per budget that the view `budget_status` can compare with the costs of all days."""
    prices = settings.prices
    for budget in settings.analysis.budgets:
        if not budget.part.is_whole or budget.per not in _COMPARED:
            continue
        cycle_day = prices.billing_cycle_day if budget.per == "cycle" else None
        names = (budget.name, budget.team, budget.per, prices.currency)
        yield (*names, budget.amount, cycle_day)
