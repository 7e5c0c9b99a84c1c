"""Flags → what a report asks CircleCI for. Without these flags, it asks nothing."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in settings.py

import os
from pathlib import Path
from typing import TYPE_CHECKING

from circleci_usage.cli import settings
from circleci_usage.cli.lookup_flags import LookupFlags, ReportLookupFlags
from circleci_usage.core.errors import SettingsError

if TYPE_CHECKING:
    from circleci_usage.config.api_token import ApiToken
    from circleci_usage.core.progress import Clock, Progress
    from circleci_usage.export_and_report import ExportSettings
    from circleci_usage.insights.lookups import Lookups
    from circleci_usage.report_settings import ReportSettings


def lookups_of_report(
    flags: ReportLookupFlags,
    reporting: "ReportSettings",
    store: Path,
    clock: "Clock",
    progress: "Progress",
) -> "Lookups":
    """What `report` asks for; names of users are kept if there is a store.

    Raises:
        SettingsError: there is no token, or the flags contradict the settings file.
    """
    from circleci_usage.insights.lookups import NO_LOOKUPS
    from circleci_usage.usage.input_files import is_store

    if not _asks(flags, reporting):
        return NO_LOOKUPS
    token = settings.token_for(os.environ, flags.circleci_url, progress)
    kept_in = store if is_store(store) else None
    insecure = flags.allow_insecure
    return _lookups(flags, flags.circleci_url, token, kept_in, clock, progress, insecure=insecure)


def lookups_of_run(
    flags: LookupFlags,
    reporting: "ReportSettings",
    exporting: "ExportSettings",
    clock: "Clock",
    progress: "Progress",
) -> "Lookups":
    """What `run` asks for, with the token of the export and in its store.

    Raises:
        SettingsError: the flags contradict the settings file.
    """
    from circleci_usage.insights.lookups import NO_LOOKUPS

    if not _asks(flags, reporting):
        return NO_LOOKUPS
    url, token, store = exporting.url, exporting.token, exporting.store
    insecure = exporting.options.allow_insecure
    return _lookups(flags, url, token, store, clock, progress, insecure=insecure)


def _asks(flags: LookupFlags, reporting: "ReportSettings") -> bool:
    if flags.user_names and reporting.analysis.people.are_hashed:
        raise SettingsError(
            "--user-names (USER_NAMES) contradicts the settings file, which hashes the ids of"
            " users; omit one of them."
        )
    return flags.insights or flags.user_names


def _lookups(
    flags: LookupFlags,
    url: str,
    token: "ApiToken",
    store: Path | None,
    clock: "Clock",
    progress: "Progress",
    *,
    insecure: bool,
) -> "Lookups":
    from circleci_usage.core.periods import today_utc
    from circleci_usage.export.api_client import CircleCI
    from circleci_usage.insights.asking import RETRY_WAITS
    from circleci_usage.insights.circleci_lookups import circleci_lookups
    from circleci_usage.insights.user_name_cache import CACHE_NAME, UserNameCache

    client = CircleCI(
        url,
        token.secret,
        clock=clock,
        progress=progress,
        allow_insecure=insecure,
        retry_waits=RETRY_WAITS,
    )
    return circleci_lookups(
        client,
        insights=flags.insights,
        user_names=flags.user_names,
        cache=UserNameCache(store / CACHE_NAME if store else None),
        today=today_utc(clock.now()),
        progress=progress,
    )
