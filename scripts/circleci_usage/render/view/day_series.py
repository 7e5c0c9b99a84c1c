"""What the chart of days stacks: costs by team, or by project if there is only one team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from math import isnan, nan
from typing import Final

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.render.formatting import days, visible_name
from circleci_usage.render.view.breakdown_lines import daily_costs
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.report import Report
from circleci_usage.schema.keys import ProjectKey

MOST_SERIES: Final = 6
"""More colors cannot be told apart."""


@dataclass(frozen=True)
class DaySeries:
    """Costs of one color.

    Attributes:
        label: the name of a team or project, or what else it is.
        values: of each day.
        is_rest: whether it is all that has no color of its own.
        link: to the explorer; empty without one.
    """

    label: str
    values: Sequence[float]
    is_rest: bool = False
    link: str = ""


@dataclass(frozen=True)
class DailySeries:
    """Days and what is drawn for them, without seats.

    Attributes:
        days: of the period.
        kind: what a series is: team or project.
        series: what is stacked, the most expensive first.
        before: the previous period, its days aligned by weekday; NaN where it has none.
    """

    days: Sequence[date]
    kind: str
    series: Sequence[DaySeries]
    before: DaySeries | None

    @property
    def totals(self) -> list[float]:
        """The height of each day."""
        return _summed(self.series) or [0.0] * len(self.days)

    @property
    def highest(self) -> float:
        """The highest point of all that is drawn."""
        before = self.before.values if self.before else []
        return max([*self.totals, *(cost for cost in before if not isnan(cost))])


def daily_series(report: Report, names: ProjectNames, explore: ExploreLinks) -> DailySeries:
    """The days of a report."""
    kind = "team"
    keys: Sequence[str] = [kind]
    costs = daily_costs(report, keys)
    if len(costs) <= 1:
        kind, keys = "project", PROJECT
        costs = daily_costs(report, keys)
    most_expensive = sorted(costs.items(), key=lambda item: -sum(item[1]))
    every = []
    for key, values in most_expensive:
        if any(values):
            label = visible_name(*key) if kind == "team" else names.of(ProjectKey(*key))
            link = explore.named(dict(zip(keys, key, strict=True)))
            every.append(DaySeries(label, values, link=link))
    shown, others = every[:MOST_SERIES], every[MOST_SERIES:]
    if len(others) == 1:
        shown.append(replace(others[0], is_rest=True))
    elif others:
        shown.append(DaySeries(f"{len(others)} other {kind}s", _summed(others), is_rest=True))
    return DailySeries([*report.period], kind, shown, _before(report))


def _summed(series: Sequence[DaySeries]) -> list[float]:
    """The days of several series together; no days without a series."""
    days_of_each = [each.values for each in series]
    return [sum(values) for values in zip(*days_of_each, strict=True)]


def _before(report: Report) -> DaySeries | None:
    changes = report.findings.period_comparison
    if not changes:
        return None
    shift = (report.period.start.weekday() - changes.before.start.weekday()) % 7
    # The nearer of the two ways to bring the weekdays together.
    shift -= 7 * (shift > 3)  # noqa: PLR2004 - half a week
    known = dict(enumerate(map(float, changes.days_before), start=-shift))
    aligned = [known.get(place, nan) for place in range(len(report.period))]
    return DaySeries(days(changes.before), aligned)
