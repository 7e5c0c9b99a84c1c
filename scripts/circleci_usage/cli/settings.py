"""Flags and environment → what the stages are called with. For the commands alone.

Imports are inside the functions: `--help` must not wait for the libraries behind the settings.
"""
# ruff: noqa: PLC0415

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import typer

from circleci_usage.cli.isolation import check_drawing
from circleci_usage.core.errors import SettingsError

if TYPE_CHECKING:
    from decimal import Decimal

    from circleci_usage.config.settings_model import SettingsFile
    from circleci_usage.core.periods import Period
    from circleci_usage.core.progress import Clock
    from circleci_usage.costs.pricing import PriceList
    from circleci_usage.export_and_report import ExportSettings
    from circleci_usage.push.datadog.plan import PushOptions
    from circleci_usage.report_settings import ReportSettings


@dataclass(frozen=True)
class Chosen:
    """What was chosen of days.

    Attributes:
        period: the days; on an open side as far as there are files of.
        name: of the period, if it came by one.
        said: whether anybody said anything about it.
        otherwise: the days when there are no files at all.
        warnings: what was not taken as it was written.
    """

    period: "Period"
    name: str | None
    said: bool
    otherwise: "Period"
    warnings: tuple[str, ...] = ()


def chosen_period(
    context: typer.Context,
    first: str | None,
    last: str | None,
    name: str,
    clock: "Clock",
    *,
    in_files: bool = False,
) -> Chosen:
    """Dates win over a name, unless the name is a flag and the dates stand in the environment.

    Args:
        context: knows where each value came from.
        first: the first day, as it is written.
        last: the last day.
        name: the name of a period.
        clock: tells today.
        in_files: whether it is about files, which say where an open side ends.

    Raises:
        SettingsError: something in them is not understood.
    """
    from circleci_usage.config import environment as config
    from circleci_usage.core.periods import today_utc

    sources = {
        key: source.name
        for key in ("first", "last", "period")
        if (source := context.get_parameter_source(key))
    }
    if sources.get("period") == "COMMANDLINE" and "COMMANDLINE" not in {
        sources.get("first"),
        sources.get("last"),
    }:
        first = last = None
    today = today_utc(clock.now())
    period = (config.period_in_files if in_files else config.chosen_period)(
        first, last, name, today
    )
    future = config.future_end(last, today)
    cut = (
        f"The range ends on {future}, which is in the future: it is cut to today, {today}."
        if future
        else None
    )
    by_dates = bool(config.written(first) or config.written(last))
    return Chosen(
        period=period,
        name=None if by_dates else name.strip(),
        said=by_dates or sources.get("period") != "DEFAULT",
        otherwise=config.without_open_sides(period, today),
        warnings=(cut,) if cut else (),
    )


def export_span(chosen: Chosen) -> "Period":
    """The days that `run` exports for a report on the chosen ones."""
    from circleci_usage.export_and_report import with_history

    return with_history(chosen.period, chosen.name)


def export_settings(
    environment: Mapping[str, str],
    *,
    org_id: list[str] | None,
    store: Path,
    circleci_url: str,
    poll_seconds: float,
    max_wait: str,
    max_store_size: int,
    max_ratio: int,
    allow_insecure: bool,
) -> "ExportSettings":
    """What to export with: the flags, and the token from the environment.

    Raises:
        SettingsError: something is missing or not understood.
    """
    from circleci_usage.config import environment as config
    from circleci_usage.export.defaults import GB
    from circleci_usage.export.engine import ExportOptions
    from circleci_usage.export_and_report import ExportSettings

    return ExportSettings(
        url=circleci_url,
        token=config.circleci_token(environment),
        organizations=config.organizations(org_id or []),
        store=store,
        options=ExportOptions(
            poll_seconds=config.poll_seconds(poll_seconds),
            max_wait=config.duration(max_wait, "MAX_WAIT (--max-wait)"),
            max_ratio=max_ratio,
            max_store_bytes=max_store_size * GB,
            allow_insecure=allow_insecure,
        ),
    )


def report_settings(
    environment: Mapping[str, str],
    folder: Path,
    price_per_credit: str | None,
    config: Path | None,
    chosen: Chosen,
    *,
    merged: bool,
    allow_unpriced: bool = False,
    focus_version: str = "1.2",
    focus_grain: str = "auto",
    focus_gzip: bool = False,
    export_for: Sequence[str] | None = None,
    whole: bool = False,
) -> "ReportSettings":
    """How to report on the period; `whole` on all days that there are, and on the period when there are none.

    Raises:
        SettingsError: something in the flags, the settings file or the working folder is not understood.
    """
    from circleci_usage.cli.artifact_url import artifact_link
    from circleci_usage.cost_files.focus import FOCUS_VERSIONS, GRAINS
    from circleci_usage.cost_files.profiles import PROFILES
    from circleci_usage.report_settings import ReportSettings

    check_drawing()
    file = usage_file(config)
    return ReportSettings(
        folder=folder,
        prices=prices(file, price_per_credit, allow_unpriced=allow_unpriced),
        ownership=file.ownership(),
        analysis=file.analysis(),
        job_groups=file.grouped_jobs(),
        period=None if whole else chosen.period,
        otherwise=chosen.otherwise,
        period_name=None if whole else chosen.name,
        link=artifact_link(environment),
        merged=merged,
        focus_version=_one_of(FOCUS_VERSIONS, focus_version, "--focus-version"),
        focus_grain=_one_of(GRAINS, focus_grain, "--focus-grain"),
        focus_gzip=focus_gzip,
        export_for=tuple(_one_of(PROFILES, name, "--export-for") for name in export_for or ()),
        checksum=file.cost_checksum(only_price(price_per_credit)),
    )


def push_options(
    *,
    site: str,
    url: str | None,
    allow_insecure: bool,
    store: Path,
    **chosen: Unpack["PushChoices"],
) -> "PushOptions":
    """How to send a report to Datadog.

    Raises:
        SettingsError: there is no such site or tag, or the tags do not go together.
    """
    from circleci_usage.push.datadog.plan import MAX_SERIES, PushOptions
    from circleci_usage.push.datadog.sites import datadog_site
    from circleci_usage.push.datadog.timestamps import Mode
    from circleci_usage.push.metrics import chosen_tags

    return PushOptions(
        site=datadog_site(site, url, allow_insecure=allow_insecure),
        mode=Mode(_one_of([*Mode], chosen.get("mode", Mode.SNAPSHOT), "--mode")),
        tags=chosen_tags(chosen.get("tags") or (), chosen.get("without_tags") or ()),
        max_series=chosen.get("max_series", MAX_SERIES),
        historical_metrics_enabled=chosen.get("historical_metrics_enabled", False),
        enable_historical=chosen.get("enable_historical", False),
        custom_costs=chosen.get("custom_costs", False),
        memory=store / "datadog-costs.json",
    )


class PushChoices(TypedDict, total=False):
    """What may be chosen about a push; each is a flag of `push datadog`."""

    mode: str
    tags: list[str] | None
    without_tags: list[str] | None
    max_series: int
    historical_metrics_enabled: bool
    enable_historical: bool
    custom_costs: bool


def _one_of(known: Collection[str], name: str, flag: str) -> str:
    if name not in known:
        raise SettingsError(
            f"{flag} {name}: there is no such choice; take one of {', '.join(known)}."
        )
    return name


def usage_file(config: Path | None) -> "SettingsFile":
    """The settings file; one that says nothing when there is none.

    Raises:
        SettingsError: something in it is not understood.
    """
    from circleci_usage.config.environment import config_file
    from circleci_usage.config.settings_file import load_settings_file
    from circleci_usage.config.settings_model import SettingsFile

    path = config_file(config)
    return load_settings_file(path) if path else SettingsFile()


def prices(
    file: "SettingsFile", price_per_credit: str | None, *, allow_unpriced: bool = False
) -> "PriceList":
    """What credits cost: the flag's price, else the settings file's, else the list price.

    Raises:
        SettingsError: something in them is not understood.
    """
    return file.price_list(only_price(price_per_credit), allow_unpriced=allow_unpriced)


def only_price(price_per_credit: str | None) -> "Decimal | None":
    """The price that a flag or the environment puts in place of the settings file's.

    Raises:
        SettingsError: it is no price.
    """
    from circleci_usage.config.environment import price_per_credit as parse_price

    return parse_price(price_per_credit) if price_per_credit else None
