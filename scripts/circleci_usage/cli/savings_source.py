"""What `optimize` begins with: read usage → what to do to spend less in one project."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from circleci_usage.analysis.completeness import ReportDays
    from circleci_usage.analysis.savings import Action, Savings
    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.cli.project_choice import Choose, ProjectName
    from circleci_usage.core.periods import Period


@dataclass(frozen=True)
class ProjectSavings:
    """What to do to spend less in one project.

    Attributes:
        project: its names.
        period: the days that it is known from.
        currency: of all money.
        actions: those that the settings file does not dismiss.
    """

    project: "ProjectName"
    period: "Period"
    currency: str
    actions: "Sequence[Action]"


def savings_of_project(
    asked: "AskedUsage",
    choose: "Choose",
    now: "datetime",
) -> ProjectSavings:
    """What to do to spend less in one project, as the report on the same usage lists it.

    Args:
        asked: the usage, of all projects.
        choose: the project, of those that have usage.
        now: in UTC.

    Raises:
        SettingsError: there is no such project, or usage without a price.
    """
    from circleci_usage.cli.project_choice import projects_with_usage
    from circleci_usage.pipeline import known_days

    days = known_days(asked.usage, asked.source, asked.settings, now)
    project = choose(projects_with_usage(asked.usage.runs))
    found = _savings(asked, days)
    return ProjectSavings(
        project=project,
        period=days.period,
        currency=asked.settings.prices.currency,
        actions=[
            ranked.action
            for ranked in found.actions
            if (ranked.action.where.organization, ranked.action.where.project) == project
        ],
    )


def _savings(asked: "AskedUsage", days: "ReportDays") -> "Savings":
    from circleci_usage.analysis.analyze import AnalysisInput, analyze
    from circleci_usage.analysis.undated import with_days
    from circleci_usage.core.decimals import exact_arithmetic
    from circleci_usage.costs.pricing import refuse_unpriced
    from circleci_usage.pipeline import own_costs

    settings, period = asked.settings, days.period
    usage = with_days(asked.usage, period.last)
    with exact_arithmetic():
        _, owned = own_costs(usage, settings, period)
        in_period = owned.within(period)
        if not settings.prices.allow_unpriced:
            refuse_unpriced(in_period.costs)
        known = AnalysisInput(owned, in_period, days, usage, None, settings.job_groups)
        return analyze(known, settings.prices, settings.ownership, settings.analysis).savings
