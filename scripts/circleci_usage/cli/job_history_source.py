"""What `estimate` begins with: read usage → what the jobs of one project used a month."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date, datetime

    import pandas as pd

    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.cli.project_choice import ProjectName
    from circleci_usage.core.periods import Period
    from circleci_usage.costs.resource_rates import Rates
    from circleci_usage.estimate.history import PricedUsage, ProjectHistory
    from circleci_usage.schema.keys import ProjectKey
    from circleci_usage.usage.daily_usage import DailyUsage

    Choose = Callable[[Iterable[ProjectName]], ProjectName]


def history_of_project(asked: "AskedUsage", choose: "Choose", now: "datetime") -> "ProjectHistory":
    """What the jobs of one project used a month.

    Args:
        asked: the usage, of all projects.
        choose: the project, of those that have usage.
        now: in UTC.

    Raises:
        SettingsError: there is no such project, or usage without a price.
    """
    from circleci_usage.analysis.completeness import days_with_usage
    from circleci_usage.estimate.history import project_history

    period = asked.settings.days(days_with_usage(asked.usage.runs))
    project = _chosen(asked.usage.runs, choose)
    return project_history(_priced(asked, period, now), project)


def _chosen(runs: "pd.DataFrame", choose: "Choose") -> "ProjectKey":
    from circleci_usage.cli.project_choice import ProjectName
    from circleci_usage.schema.export_columns import NO_NAME
    from circleci_usage.schema.keys import ProjectKey

    rows = runs[[*ProjectKey._fields]].drop_duplicates().astype(str)
    keys = [ProjectKey(*row) for row in rows.itertuples(index=False, name=None)]
    named = [key for key in keys if key.project != NO_NAME]
    by_name = {ProjectName(key.organization, key.project): key for key in named}
    return by_name[choose(by_name)]


def _priced(asked: "AskedUsage", period: "Period", now: "datetime") -> "PricedUsage":
    from circleci_usage.analysis.undated import with_days
    from circleci_usage.core.decimals import exact_arithmetic
    from circleci_usage.costs.pricing import refuse_unpriced
    from circleci_usage.estimate.history import PricedUsage
    from circleci_usage.pipeline import own_costs

    days = _projected_days(asked, period, now)
    usage = with_days(asked.usage, period.last)
    with exact_arithmetic():
        costs, _ = own_costs(usage, asked.settings, period)
        in_period = costs.within(period)
        if not asked.settings.prices.allow_unpriced:
            refuse_unpriced(in_period)
    rates = _rates(usage, asked.settings.analysis.rates)
    return PricedUsage(usage, in_period, period, days, rates, asked.settings.prices.currency)


def _projected_days(asked: "AskedUsage", period: "Period", now: "datetime") -> "Sequence[date]":
    from circleci_usage.analysis.completeness import ExportedDays, report_days
    from circleci_usage.analysis.projected_days import projected_days
    from circleci_usage.core.periods import today_utc
    from circleci_usage.costs.costs import within
    from circleci_usage.export.ledger import complete_through

    source, runs = asked.source, asked.usage.runs
    exported = ExportedDays(source.complete_through, source.complete, complete_through(now))
    days = report_days(runs, period, exported, today_utc(now))
    return projected_days(within(runs, period), days)


def _rates(usage: "DailyUsage", rates: "Rates") -> "Rates":
    """The rates, with those that the export agrees on where no other is known."""
    from circleci_usage.costs.derived_rates import derive_rates

    derived = derive_rates(usage.run_statistics.classes)
    return rates.completed({key: each.credits_per_minute for key, each in derived.items()})
