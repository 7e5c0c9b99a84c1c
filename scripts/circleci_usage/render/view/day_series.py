"""What the chart of days stacks: costs by team, or by project if there is only one team."""

from collections.abc import Sequence
from dataclasses import replace
from math import nan
from typing import Final

from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.render.formatting import days, visible_name
from circleci_usage.render.view.breakdown_lines import daily_costs
from circleci_usage.render.view.daily import DailySeries, DaySeries, summed
from circleci_usage.render.view.explore_links import ExploreLinks
from circleci_usage.render.view.project_names import ProjectNames
from circleci_usage.report import Report
from circleci_usage.schema.keys import ProjectKey

MOST_SERIES: Final = 6
"""More colors cannot be told apart."""


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
        shown.append(DaySeries(f"{len(others)} other {kind}s", summed(others), is_rest=True))
    return DailySeries([*report.period], kind, shown, _before(report))


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
