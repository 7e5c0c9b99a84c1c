"""What `teams` answers: read usage → what each team is charged, or who owns a project or job."""
# ruff: noqa: PLC0415 - `--help` must not wait for the libraries that read

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from circleci_usage.analysis.explained_ownership import ExplainedOwnership
    from circleci_usage.analysis.owned_usage import OwnedUsage
    from circleci_usage.analysis.team_costs import TeamCosts
    from circleci_usage.cli.cost_source import AskedUsage
    from circleci_usage.core.periods import Period
    from circleci_usage.costs.costs import Costs


def costs_of_teams(asked: "AskedUsage") -> "TeamCosts":
    """What each team is charged.

    Raises:
        SettingsError: there is usage without a price.
    """
    from circleci_usage.analysis.team_costs import team_costs
    from circleci_usage.core.decimals import exact_arithmetic

    settings = asked.settings
    with exact_arithmetic():
        period, _, owned = _priced(asked)
        in_period = owned.within(period)
        return team_costs(in_period, settings.ownership, period, settings.prices.currency)


def explained(asked: "AskedUsage", name: str) -> "ExplainedOwnership":
    """Who owns a project or job.

    Raises:
        SettingsError: nothing has that name, or there is usage without a price.
    """
    from circleci_usage.analysis.explained_ownership import explain_ownership
    from circleci_usage.core.decimals import exact_arithmetic

    settings = asked.settings
    with exact_arithmetic():
        period, costs, _ = _priced(asked)
        currency = settings.prices.currency
        return explain_ownership(costs, settings.ownership, name, period, currency)


def rule_warnings(asked: "AskedUsage") -> "Iterator[str]":
    """What in the rules has no effect on the usage."""
    from circleci_usage.analysis.settings_warnings import rule_warnings

    if not asked.usage.runs.empty:
        yield from rule_warnings(asked.usage.runs, asked.settings.ownership)


def _priced(asked: "AskedUsage") -> "tuple[Period, Costs, OwnedUsage]":
    """The days that are asked about, their costs, and these with their owners."""
    from circleci_usage.analysis.completeness import days_with_usage
    from circleci_usage.analysis.undated import with_days
    from circleci_usage.costs.pricing import refuse_unpriced
    from circleci_usage.pipeline import own_costs

    period = asked.settings.days(days_with_usage(asked.usage.runs))
    costs, owned = own_costs(with_days(asked.usage, period.last), asked.settings, period)
    in_period = costs.within(period)
    if not asked.settings.prices.allow_unpriced:
        refuse_unpriced(in_period)
    return period, in_period, owned
