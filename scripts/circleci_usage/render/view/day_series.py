"""What the chart of days stacks: the cost of each day by team, or by project where there is but one team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from math import isnan, nan
from typing import Final

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.render.formatting import days, visible
from circleci_usage.render.view.breakdown_lines import daily_costs
from circleci_usage.render.view.projects import project_names
from circleci_usage.report import Report

MOST_SERIES: Final = 6
"""More colours than that cannot be told apart."""


@dataclass(frozen=True)
class DaySeries:
    """Costs of one colour; `is_rest` marks all that has no colour of its own."""

    label: str
    values: Sequence[float]
    is_rest: bool = False


@dataclass(frozen=True)
class DailySeries:
    """Days and what is drawn for them, seats left out.

    Attributes:
        days: of the period.
        kind: what a series is: team or project.
        series: what is stacked, the costliest first.
        before: the days of the period before, each in the place of one with the same weekday; NaN where there is none.
    """

    days: Sequence[date]
    kind: str
    series: Sequence[DaySeries]
    before: DaySeries | None

    @property
    def totals(self) -> list[float]:
        """The height of each day."""
        stacked = [
            sum(values) for values in zip(*(series.values for series in self.series), strict=True)
        ]
        return stacked or [0.0] * len(self.days)

    @property
    def highest(self) -> float:
        """The highest point of all that is drawn."""
        behind = [cost for cost in self.before.values if not isnan(cost)] if self.before else []
        return max([*self.totals, *behind])


@lru_cache(maxsize=1)
def daily_series(report: Report) -> DailySeries:
    """The report's days."""
    kind, costs = "team", daily_costs(report, ["team"])
    if len(costs) <= 1:
        kind, costs = "project", daily_costs(report, PROJECT)
    names = project_names(report)
    costliest = sorted(costs.items(), key=lambda item: -sum(item[1]))
    every = [
        DaySeries(visible(*key) if kind == "team" else names.of(key), values)
        for key, values in costliest
        if any(values)
    ]
    shown, others = every[:MOST_SERIES], every[MOST_SERIES:]
    if len(others) == 1:
        shown.append(replace(others[0], is_rest=True))
    elif others:
        rest = [sum(values) for values in zip(*(series.values for series in others), strict=True)]
        shown.append(DaySeries(f"{len(others)} other {kind}s", rest, is_rest=True))
    return DailySeries([*report.period], kind, shown, _before(report))


def _before(report: Report) -> DaySeries | None:
    changes = report.findings.period_comparison
    if not changes:
        return None
    shift = (report.period.start.weekday() - changes.before.start.weekday()) % 7
    # The nearer of the two ways to bring the weekdays together.
    shift -= 7 * (shift > 3)  # noqa: PLR2004 - half a week
    known = dict(enumerate(map(float, changes.days_before), start=-shift))
    return DaySeries(
        days(changes.before), [known.get(place, nan) for place in range(len(report.period))]
    )
