"""What `optimize` begins with: read usage → what to do to spend less in one project."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    import pandas as pd

    from circleci_usage.analysis.savings import Action, Savings
    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.cli.project_choice import ProjectName
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
    choose: "Callable[[Iterator[ProjectName]], ProjectName]",
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
    from circleci_usage.analysis.completeness import days_with_usage

    period = asked.settings.days(days_with_usage(asked.usage.runs))
    project = choose(_projects(asked.usage.runs))
    found = _savings(asked, period, now)
    return ProjectSavings(
        project=project,
        period=period,
        currency=asked.settings.prices.currency,
        actions=[
            ranked.action
            for ranked in found.actions
            if (ranked.action.where.organization, ranked.action.where.project) == project
        ],
    )


def _projects(runs: "pd.DataFrame") -> "Iterator[ProjectName]":
    from circleci_usage.cli.project_choice import ProjectName

    names = runs[["organization", "project"]].drop_duplicates()
    for organization, project in names.itertuples(index=False):
        yield ProjectName(str(organization), str(project))


def _savings(asked: "AskedUsage", period: "Period", now: "datetime") -> "Savings":
    from circleci_usage.analysis.analyze import AnalysisInput, analyze
    from circleci_usage.analysis.completeness import ExportedDays, report_days
    from circleci_usage.analysis.undated import with_days
    from circleci_usage.core.decimals import exact_arithmetic
    from circleci_usage.core.periods import today_utc
    from circleci_usage.costs.pricing import refuse_unpriced
    from circleci_usage.export.ledger import complete_through
    from circleci_usage.pipeline import own_costs

    source, settings = asked.source, asked.settings
    exported = ExportedDays(source.complete_through, source.complete, complete_through(now))
    days = report_days(asked.usage.runs, period, exported, today_utc(now))
    usage = with_days(asked.usage, period.last)
    with exact_arithmetic():
        _, owned = own_costs(usage, settings, period)
        in_period = owned.within(period)
        if not settings.prices.allow_unpriced:
            refuse_unpriced(in_period.costs)
        known = AnalysisInput(owned, in_period, days, usage, None, settings.job_groups)
        return analyze(known, settings.prices, settings.ownership, settings.analysis).savings
