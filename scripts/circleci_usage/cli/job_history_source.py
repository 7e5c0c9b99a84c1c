"""What `estimate` begins with: read usage → what the jobs of one project used a month."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from circleci_usage.analysis.completeness import ReportDays
    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.cli.project_choice import Choose
    from circleci_usage.costs.resource_rates import Rates
    from circleci_usage.estimate.history import PricedUsage, ProjectHistory
    from circleci_usage.usage.daily_usage import DailyUsage


def history_of_project(asked: "AskedUsage", choose: "Choose", now: "datetime") -> "ProjectHistory":
    """What the jobs of one project used a month.

    Args:
        asked: the usage, of all projects.
        choose: the project, of those that have usage.
        now: in UTC.

    Raises:
        SettingsError: there is no such project, or usage without a price.
    """
    from circleci_usage.cli.project_choice import projects_with_usage
    from circleci_usage.estimate.history import project_history
    from circleci_usage.pipeline import known_days

    days = known_days(asked.usage, asked.source, asked.settings, now)
    projects = projects_with_usage(asked.usage.runs)
    project = projects[choose(projects)]
    return project_history(_priced(asked, days), project)


def _priced(asked: "AskedUsage", days: "ReportDays") -> "PricedUsage":
    from circleci_usage.analysis.projected_days import projected_days
    from circleci_usage.analysis.undated import with_days
    from circleci_usage.core.decimals import exact_arithmetic
    from circleci_usage.costs.costs import within
    from circleci_usage.costs.pricing import refuse_unpriced
    from circleci_usage.estimate.history import PricedUsage
    from circleci_usage.pipeline import own_costs

    settings, period = asked.settings, days.period
    projected = projected_days(within(asked.usage.runs, period), days)
    usage = with_days(asked.usage, period.last)
    with exact_arithmetic():
        costs, _ = own_costs(usage, settings, period)
        in_period = costs.within(period)
        if not settings.prices.allow_unpriced:
            refuse_unpriced(in_period)
    rates = _rates(usage, settings.analysis.rates)
    return PricedUsage(usage, in_period, period, projected, rates, settings.prices.currency)


def _rates(usage: "DailyUsage", rates: "Rates") -> "Rates":
    """The rates, with those that the export agrees on where no other is known."""
    from circleci_usage.costs.derived_rates import derive_rates

    derived = derive_rates(usage.run_statistics.classes)
    return rates.completed({key: each.credits_per_minute for key, each in derived.items()})
