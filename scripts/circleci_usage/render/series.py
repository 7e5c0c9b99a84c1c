"""What the chart of days stacks: the cost of each day by team, or by project where there is but one team."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from circleci_usage.analysis.totals import PROJECT
from circleci_usage.render.lines import daily_costs
from circleci_usage.render.projects import project_names
from circleci_usage.report import Report

MOST_SERIES: Final = 6
"""More colours than that cannot be told apart."""


@dataclass(frozen=True)
class Series:
    """Costs of one colour; `is_rest` marks all that has no colour of its own."""

    label: str
    values: Sequence[float]
    is_rest: bool = False


@dataclass(frozen=True)
class DailySeries:
    """Days and what to stack on them, the costliest first; `kind` says what a series is: team or project."""

    days: Sequence[date]
    kind: str
    series: Sequence[Series]

    @property
    def totals(self) -> list[float]:
        """The height of each day."""
        return [sum(values) for values in zip(*(series.values for series in self.series), strict=True)] or [
            0.0 for _ in self.days
        ]


def daily_series(report: Report) -> DailySeries:
    """The report's days."""
    kind, costs = "team", daily_costs(report, ["team"])
    if len(costs) <= 1:
        kind, costs = "project", daily_costs(report, PROJECT)
    names = project_names(report)
    costliest = sorted(costs.items(), key=lambda item: -sum(item[1]))
    every = [Series(key[0] if kind == "team" else names.of(key), values) for key, values in costliest if any(values)]
    shown, others = every[:MOST_SERIES], every[MOST_SERIES:]
    if len(others) == 1:
        shown.append(replace(others[0], is_rest=True))
    elif others:
        rest = [sum(values) for values in zip(*(series.values for series in others), strict=True)]
        shown.append(Series(f"{len(others)} other {kind}s", rest, is_rest=True))
    return DailySeries([*report.period], kind, shown)
