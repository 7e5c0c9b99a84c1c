"""Flags and environment → what the stages are called with. For cli.py alone.

Imports are inside the functions: `--help` must not wait for the libraries behind the settings.
"""
# ruff: noqa: PLC0415

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from circleci_usage.days import Period
    from circleci_usage.pricing import PriceList
    from circleci_usage.progress import Clock
    from circleci_usage.run import ExportSettings
    from circleci_usage.stages import ReportSettings
    from circleci_usage.usage_file import UsageFile


@dataclass(frozen=True)
class Chosen:
    """The period, its name if it came by one, and whether anybody said anything about it."""

    period: "Period"
    name: str | None
    said: bool


def chosen_period(context: typer.Context, first: str | None, last: str | None, name: str, clock: "Clock") -> Chosen:
    """Dates win over a name, unless the name is a flag and the dates stand in the environment."""
    from circleci_usage.config import chosen_period
    from circleci_usage.days import today_utc

    sources = {key: source.name for key in ("first", "last", "period") if (source := context.get_parameter_source(key))}
    if sources.get("period") == "COMMANDLINE" and "COMMANDLINE" not in {sources.get("first"), sources.get("last")}:
        first = last = None
    period = chosen_period(first, last, name, today_utc(clock.now()))
    return Chosen(period, None if first else name, said=bool(first) or sources.get("period") != "DEFAULT")


def export_settings(
    environment: Mapping[str, str],
    org_id: list[str] | None,
    store: Path,
    poll_seconds: float,
    max_wait: str,
    circleci_url: str,
) -> "ExportSettings":
    """What to export with: the flags, and the token from the environment.

    Raises:
        SettingsError: something is missing or not understood.
    """
    from circleci_usage import config
    from circleci_usage.circleci.exports import ExportOptions
    from circleci_usage.run import ExportSettings

    return ExportSettings(
        url=circleci_url,
        token=config.circleci_token(environment),
        organizations=config.organizations(org_id or []),
        store=store,
        options=ExportOptions(poll_seconds=poll_seconds, max_wait=config.duration(max_wait, "MAX_WAIT (--max-wait)")),
    )


def report_settings(
    folder: Path,
    price_per_credit: str | None,
    config: Path | None,
    period: "Period",
    *,
    merged: bool,
    allow_unpriced: bool = False,
    whole: bool = False,
) -> "ReportSettings":
    """How to report on the period; `whole` on all days that there are, and on the period when there are none.

    Raises:
        SettingsError: something in the flags or the settings file is not understood.
    """
    from circleci_usage.stages import ReportSettings

    file = usage_file(config)
    return ReportSettings(
        folder=folder,
        prices=prices(file, price_per_credit, allow_unpriced=allow_unpriced),
        ownership=file.ownership(),
        analysis=file.analysis(),
        period=None if whole else period,
        otherwise=period,
        merged=merged,
    )


def usage_file(config: Path | None) -> "UsageFile":
    """The settings file; one that says nothing when there is none.

    Raises:
        SettingsError: something in it is not understood.
    """
    from circleci_usage.config import config_file
    from circleci_usage.settings_file import load_settings_file
    from circleci_usage.usage_file import UsageFile

    path = config_file(config)
    return load_settings_file(path) if path else UsageFile()


def prices(file: "UsageFile", price_per_credit: str | None, *, allow_unpriced: bool = False) -> "PriceList":
    """What credits cost: the flag's price, else the settings file's, else the list price.

    Raises:
        SettingsError: something in them is not understood.
    """
    from circleci_usage.config import price_per_credit as parse_price

    price = parse_price(price_per_credit) if price_per_credit else None
    return file.price_list(price, allow_unpriced=allow_unpriced)
