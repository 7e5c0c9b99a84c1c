"""Where usage comes from: export files, or a store."""

from collections.abc import Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Final

from circleci_usage.api.arguments import days_of, path_of, usage_paths
from circleci_usage.api.usage import Usage
from circleci_usage.api.watched import watched
from circleci_usage.api.wording import in_python
from circleci_usage.config.chosen_period import (
    ChosenPeriod,
    PeriodSources,
    WrittenPeriod,
    choose_period,
)
from circleci_usage.config.settings_file import SettingsFile, load_settings_file
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import today_utc
from circleci_usage.core.progress import Clock, SystemClock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.input_files import FoundParts, find_parts, is_store

PeriodChoice = str | tuple[date | str | None, date | str | None]
"""A named period, such as `last-month`, or the first and the last UTC day, both included."""

_ANY: Final = "last-month"
"""Stands for no period: its days are only used when there are no data at all."""

_SOURCES: Final = PeriodSources("the first day", "the last day", "period")


@in_python()
def read_files(*paths: str | PathLike[str], period: PeriodChoice | None = None) -> Usage:
    """Read export files: `.csv.gz`, `.csv`, folders of either, or a report folder.

    Args:
        paths: a folder is searched with all folders in it.
        period: the days to look at; by default all days in the files. A report on a period compares
            it with the earlier days in the files.

    Raises:
        SettingsError: a path does not exist, there is no usage file, or the period is not
            understood.
        DataError: a file is not a usage export.
    """
    given, clock = usage_paths(paths), SystemClock()
    chosen = _chosen(period, clock, in_files=True)
    source = watched(_parts_at(given), "read_files")
    return Usage(source, chosen, clock=clock, whole=period is None)


@in_python()
def read_store(
    folder: str | PathLike[str] = ".circleci-usage", period: PeriodChoice | None = None
) -> Usage:
    """Read the store that `circleci-usage export` and `run` keep.

    Args:
        folder: of the store.
        period: the days to look at; by default all days in the store. A report on a period compares
            it with the earlier days in the store.

    Raises:
        SettingsError: there is no store, it has no usage of the period, or the period is not
            understood.
        DataError: the store is damaged.
    """
    path = path_of(folder, "read_store", "pass the folder of a store")
    clock = SystemClock()
    if not is_store(path):
        raise SettingsError(
            f"{inert(path)} is not a store; make one with `circleci-usage export`, or read export"
            " files with read_files."
        )
    chosen = _chosen(period, clock, in_files=False)
    parts = stored_parts(path, None if period is None else chosen.period)
    source = watched(parts, "read_store")
    return Usage(source, chosen, clock=clock, whole=period is None)


def load_settings(path: str | PathLike[str]) -> SettingsFile:
    """Load a settings file, `usage.yml`: prices, teams, budgets.

    Raises:
        SettingsError: it cannot be read, or something in it is not understood; the message names
            line and key.
    """
    advice = "pass the path of a settings file, as in load_settings('usage.yml')"
    return load_settings_file(path_of(path, "load_settings", advice))


def _parts_at(paths: Sequence[Path]) -> FoundParts:
    if len(paths) == 1 and is_store(paths[0]):
        # The ledger knows more than the files: which days are complete, and what each file is.
        return stored_parts(paths[0])
    return find_parts(paths)


def _chosen(period: object, clock: Clock, *, in_files: bool) -> ChosenPeriod:
    written = _written(_ANY if period is None else period)
    if written.last and not (in_files or written.first):
        # Days of a store are exported between two days.
        raise SettingsError(
            f"The period has a last day, {inert(written.last)}, but no first day; pass both."
        )
    return choose_period(written, today_utc(clock.now()), in_files=in_files)


def _written(period: object) -> WrittenPeriod:
    if isinstance(period, str) and period.strip():
        return WrittenPeriod(None, None, period, _SOURCES)
    first, last = days_of(period)
    return WrittenPeriod(first, last, "", _SOURCES)
