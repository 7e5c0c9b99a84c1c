"""What charts show: plain values, quick to import and to pass to the process that draws them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from circleci_usage.render.view.daily import DailySeries


@dataclass(frozen=True)
class DaysChart:
    """Stacked bars of the days, with the previous period as a dashed line."""

    title: str
    subtitle: str
    daily: DailySeries
    currency: str


@dataclass(frozen=True)
class BarsChart:
    """Horizontal bars.

    Attributes:
        title: what they show.
        subtitle: of what.
        names: of the bars, from the top.
        values: their lengths.
        amounts: the values as text.
        has_rest: whether the last bar is everything else together.
    """

    title: str
    subtitle: str
    names: Sequence[str]
    values: Sequence[float]
    amounts: Sequence[str]
    has_rest: bool = False


@dataclass(frozen=True)
class ProjectChart:
    """What is drawn for one project; `total` is its cost as text."""

    file_name: str
    name: str
    total: str
    daily: Sequence[float]


@dataclass(frozen=True)
class Days:
    """What charts of projects have in common: the days, what to call them, the currency."""

    days: Sequence[date]
    name: str
    currency: str


@dataclass(frozen=True)
class ReportCharts:
    """All charts of a report.

    Attributes:
        cost_by_day: of the whole.
        bars: the name of a chart's files → the chart.
        days: those of the charts of projects.
        projects: one chart for each.
    """

    cost_by_day: DaysChart
    bars: dict[str, BarsChart]
    days: Days
    projects: Sequence[ProjectChart]
