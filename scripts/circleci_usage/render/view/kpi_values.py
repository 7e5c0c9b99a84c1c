"""KPIs in numbers that people read, the same on the page and in texts."""

from decimal import Decimal

from circleci_usage.analysis.kpis import REALIZED_SAVINGS, SUCCESS_RATE, Kpi
from circleci_usage.render.formatting import (
    money,
    percent,
    percent_change,
    points_change,
    unit_money,
)


def kpi_value(kpi: Kpi, value: Decimal, currency: str) -> str:
    """A value of the KPI: `$0.5656`, `73.7%`."""
    if kpi.name == SUCCESS_RATE:
        return percent(value)
    show = money if kpi.name == REALIZED_SAVINGS else unit_money
    return show(value, currency)


def kpi_change(kpi: Kpi) -> str:
    """The change vs. the previous period: `−3.1%`, `+1.2 points`; empty where it is not known."""
    if kpi.change is None:
        return ""
    return points_change(kpi.change) if kpi.name == SUCCESS_RATE else percent_change(kpi.change)
