"""Where usage comes from: export files, or a store."""

from collections.abc import Sequence
from datetime import date
from os import PathLike
from pathlib import Path
from typing import Final

from circleci_usage.api.usage import Usage
from circleci_usage.config.chosen_period import (
    ChosenPeriod,
    PeriodSources,
    WrittenPeriod,
    choose_period,
)
from circleci_usage.config.settings_file import SettingsFile, load_settings_file
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import PERIOD_NAMES, today_utc
from circleci_usage.core.progress import Clock, SystemClock
from circleci_usage.core.untrusted_text import inert
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.input_files import FoundParts, find_parts, is_store
from circleci_usage.usage.polars.engine import on_this_machine

PeriodChoice = str | tuple[date | str | None, date | str | None]
"""A named period, such as `last-month`, or the first and the last UTC day, both included."""

_ANY: Final = "last-month"
"""Stands for no period: its days are only used when there are no data at all."""

_SOURCES: Final = PeriodSources("the first day", "the last day", "period")


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
    if not paths or "" in paths:
        raise SettingsError("Name the files or folders of an export; . is the working folder.")
    clock = SystemClock()
    chosen = _chosen(period, clock, in_files=True)
    parts = _parts_at([Path(path) for path in paths])
    return Usage(on_this_machine(parts), chosen, clock=clock, whole=period is None)


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
    path, clock = Path(folder), SystemClock()
    if not is_store(path):
        raise SettingsError(
            f"{inert(path)} is not a store; make one with `circleci-usage export`, or read export"
            " files with read_files."
        )
    chosen = _chosen(period, clock, in_files=False)
    parts = stored_parts(path, None if period is None else chosen.period)
    return Usage(on_this_machine(parts), chosen, clock=clock, whole=period is None)


def load_settings(path: str | PathLike[str]) -> SettingsFile:
    """Load a settings file, `usage.yml`: prices, teams, budgets.

    Raises:
        SettingsError: it cannot be read, or something in it is not understood; the message names
            line and key.
    """
    return load_settings_file(Path(path))


def _parts_at(paths: Sequence[Path]) -> FoundParts:
    if len(paths) == 1 and is_store(paths[0]):
        # The ledger knows more than the files: which days are complete, and what each file is.
        return stored_parts(paths[0])
    return find_parts(paths)


def _chosen(period: PeriodChoice | None, clock: Clock, *, in_files: bool) -> ChosenPeriod:
    written = _written(_ANY if period is None else period)
    return choose_period(written, today_utc(clock.now()), in_files=in_files)


def _written(period: str | Sequence[object]) -> WrittenPeriod:
    if isinstance(period, str):
        return WrittenPeriod(None, None, period, _SOURCES)
    days = [*period]
    if len(days) != len(("first", "last")):
        raise SettingsError(
            "The period needs a first and a last day, as in ('2026-10-01', '2026-10-31'), or a"
            f" name: {PERIOD_NAMES}."
        )
    first, last = (None if day is None else str(day) for day in days)
    return WrittenPeriod(first, last, "", _SOURCES)
