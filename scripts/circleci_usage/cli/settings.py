"""Settings of a command: flags and environment → what the stages are called with.

Where a setting is given in several places, the first of these wins:

1. the flag;
2. the environment variable of the flag, which Typer reads;
3. the settings file, for prices: `--price-per-credit` overrides those in it;
4. the default, said once in `flag_groups` or in the settings file's model.

Secrets, that is tokens and keys, are in no flag: they come from the environment, and the token of
`login` from the system's keyring. Imports are inside the functions:
`--help` must not wait for the libraries behind the settings.
"""
# ruff: noqa: PLC0415

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.flag_groups import (
    DatadogFlags,
    ExportFlags,
    PeriodFlags,
    PushFlags,
    ReportFlags,
    SeriesFlags,
)
from circleci_usage.cli.isolation import check_drawing
from circleci_usage.cli.secrets import remember_secret
from circleci_usage.cli.value_sources import COMMAND_LINE, DEFAULT, is_from, written_in
from circleci_usage.core.comma_lists import comma_separated
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.suggestions import invalid_choice
from circleci_usage.core.untrusted_text import inert

if TYPE_CHECKING:
    from circleci_usage.config.api_token import ApiToken
    from circleci_usage.config.chosen_period import ChosenPeriod, PeriodSources
    from circleci_usage.core.periods import Period
    from circleci_usage.core.progress import Clock, Progress
    from circleci_usage.export_and_report import ExportSettings
    from circleci_usage.push.datadog.plan import PushOptions
    from circleci_usage.push.datadog.sites import Site
    from circleci_usage.push.prometheus.target import PrometheusOptions
    from circleci_usage.report_settings import ReportSettings


def period_from_flags(
    context: typer.Context, flags: PeriodFlags, clock: "Clock", *, in_files: bool = False
) -> "ChosenPeriod":
    """The chosen period: dates win over a name, unless only the name is a flag.

    Args:
        context: knows where each value came from.
        flags: the days or the name.
        clock: tells today.
        in_files: whether it is about given files, whose days end an open side.

    Raises:
        SettingsError: something in them is not understood.
    """
    from circleci_usage.config.chosen_period import WrittenPeriod, choose_period
    from circleci_usage.core.periods import today_utc

    sources = _period_sources(context)
    written = WrittenPeriod(flags.first, flags.last, flags.period, sources)
    overridden = []
    if is_from(context, "period", COMMAND_LINE) and not any(
        is_from(context, day, COMMAND_LINE) for day in ("first", "last")
    ):
        # The dates are variables, or there are none.
        overridden = [(sources.name, source) for source in written.dated_by]
        written = WrittenPeriod(None, None, flags.period, sources)
    today = today_utc(clock.now())
    is_explicit = not is_from(context, "period", DEFAULT)
    chosen = choose_period(written, today, in_files=in_files, is_explicit=is_explicit)
    return replace(chosen, overridden=(*overridden, *chosen.overridden))


def _period_sources(context: typer.Context) -> "PeriodSources":
    from circleci_usage.config.chosen_period import PeriodSources

    first, last, name = (written_in(context, part) for part in ("first", "last", "period"))
    return PeriodSources(first, last, name)


def export_span(chosen: "ChosenPeriod") -> "Period":
    """The days that `run` exports for a report on the chosen ones."""
    from circleci_usage.export_and_report import with_history

    return with_history(chosen.period, chosen.name)


def token_for(
    environment: Mapping[str, str], circleci_url: str, progress: "Progress"
) -> "ApiToken":
    """The token for CircleCI at an address, which no traceback will show.

    Raises:
        SettingsError: there is none, or what is there cannot be used.
    """
    from circleci_usage.login.find_token import find_token

    token = find_token(environment, circleci_url, progress)
    remember_secret(token.secret.get_secret_value())
    return token


def export_settings(
    environment: Mapping[str, str],
    flags: ExportFlags,
    progress: "Progress",
    organizations_from: str = "--org-id",
) -> "ExportSettings":
    """How to export: the flags, and the token from the environment or the system's keyring.

    Args:
        environment: may have the token.
        flags: everything else.
        progress: shows that the keyring may wait to be unlocked.
        organizations_from: what the organizations were written in.

    Raises:
        SettingsError: something is missing or not understood.
    """
    from circleci_usage.config import environment as texts
    from circleci_usage.export.defaults import GB
    from circleci_usage.export.run_context import ExportOptions
    from circleci_usage.export_and_report import ExportSettings

    return ExportSettings(
        url=flags.circleci_url,
        token=token_for(environment, flags.circleci_url, progress),
        organizations=texts.organizations(flags.org_id or [], organizations_from),
        store=flags.store,
        options=ExportOptions(
            poll_seconds=texts.poll_seconds(flags.poll_seconds),
            max_wait=texts.parse_duration(flags.max_wait, "--max-wait"),
            max_ratio=flags.max_ratio,
            max_store_bytes=flags.max_store_size * GB,
            allow_insecure=flags.allow_insecure,
        ),
    )


def report_settings(
    environment: Mapping[str, str],
    flags: ReportFlags,
    applied: AppliedSettings,
    chosen: "ChosenPeriod",
    *,
    whole: bool = False,
) -> "ReportSettings":
    """How to report on the period.

    Args:
        environment: tells a CircleCI job where its artifacts are.
        flags: what is written.
        applied: prices, teams and budgets.
        chosen: the period.
        whole: report on all days that there are instead, and on the period only when there are
            none.

    Raises:
        SettingsError: something in the flags, the prices or the working folder is not understood.
    """
    from circleci_usage.cli.artifact_url import artifact_link
    from circleci_usage.cost_files.profiles import PROFILES
    from circleci_usage.report import Presentation
    from circleci_usage.report_settings import settings_of_file
    from circleci_usage.schema.report_files import FOCUS_DETAILS, FOCUS_VERSIONS, GRAINS

    check_drawing()
    tools = comma_separated(flags.export_for or ())
    of_file = settings_of_file(
        applied.file,
        applied.price,
        folder=flags.output,
        period=None if whole else chosen.period,
        otherwise=chosen.fallback,
        presentation=Presentation(None if whole else chosen.name, artifact_link(environment)),
        allow_unpriced=flags.allow_unpriced,
    )
    return replace(
        of_file,
        merged=flags.merged,
        team_reports=flags.team_reports,
        focus_version=_one_of(FOCUS_VERSIONS, flags.focus_version, "--focus-version"),
        focus_grain=_one_of(GRAINS, flags.focus_grain, "--focus-grain"),
        focus_gzip=flags.focus_gzip,
        focus_detail=_one_of(FOCUS_DETAILS, flags.focus_detail, "--focus-detail"),
        export_for=tuple(_one_of(PROFILES, name, "--export-for") for name in tools),
    )


def push_options(flags: PushFlags, store: Path) -> "PushOptions":
    """How to send a report to Datadog.

    Raises:
        SettingsError: a site or tag is unknown, or the tags cannot be combined.
    """
    from circleci_usage.push.datadog.plan import PushOptions
    from circleci_usage.push.metrics import chosen_tags
    from circleci_usage.push.timestamps import Mode

    return PushOptions(
        site=site_from_flags(flags),
        mode=Mode(_one_of([*Mode], flags.mode, "--mode")),
        tags=chosen_tags(flags.tags or (), flags.without_tags or ()),
        max_series=flags.max_series,
        historical_metrics_enabled=flags.historical_metrics_enabled,
        enable_historical=flags.enable_historical,
        custom_costs=flags.custom_costs,
        sent_costs=store / "datadog-costs.json",
    )


def prometheus_options(flags: SeriesFlags, output: Path) -> "PrometheusOptions":
    """What is written for Prometheus, and where.

    Raises:
        SettingsError: a tag is unknown, or the tags cannot be combined.
    """
    from circleci_usage.push.metrics import chosen_tags
    from circleci_usage.push.prometheus.target import PrometheusOptions

    return PrometheusOptions(
        output=output,
        tags=chosen_tags(flags.tags or (), flags.without_tags or ()),
        max_series=flags.max_series,
    )


def site_from_flags(flags: DatadogFlags) -> "Site":
    """Where Datadog is.

    Raises:
        SettingsError: the site is unknown, or the URL is not allowed.
    """
    from circleci_usage.push.datadog.sites import datadog_site

    return datadog_site(flags.datadog_site, flags.datadog_url, allow_insecure=flags.allow_insecure)


def _one_of(known: Collection[str], name: str, flag: str) -> str:
    if name not in known:
        raise SettingsError(f"{flag} {inert(name)}: {invalid_choice(name, known)}")
    return name
