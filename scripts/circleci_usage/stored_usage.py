"""Which parts of a store a report reads: its period and the days it is compared with."""

from pathlib import Path
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.paths import exists
from circleci_usage.core.periods import Period, add_months, month_start, previous_period
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.ledger import WITH_USAGE
from circleci_usage.export.pruned_windows import pruned_usage, pruned_usage_warnings
from circleci_usage.export.store import Store, no_usage_warnings
from circleci_usage.usage.input_files import (
    FoundParts,
    export_command,
    find_parts,
    has_usage_files,
)
from circleci_usage.usage.recorded import find_recorded

_MAKE_ONE: Final = "export usage into it with `circleci-usage run` or `circleci-usage export`"
_USUAL_MONTHS: Final = 2
"""Months before the previous period that show what is usual."""

_EXPLORED_MONTHS: Final = 12
"""Months before the period that the explorer compares it with: the same days a year earlier."""


def with_stored_history(period: Period) -> Period:
    """The days of the store that a period is compared with."""
    usual = add_months(month_start(previous_period(period).start), -_USUAL_MONTHS)
    year_before = add_months(month_start(period.start), -_EXPLORED_MONTHS)
    return Period(min(usual, year_before), period.stop)


def stored_parts(
    folder: Path, period: Period | None = None, *, reads_facts: bool = True
) -> FoundParts:
    """The parts of the store for a period and the days it is compared with, or all of them.

    Args:
        folder: the store.
        period: the days that are wanted.
        reads_facts: whether facts are read; if not, the days of pruned windows are missing.

    Raises:
        SettingsError: it has none of the period, or there is no store.
    """
    store = Store(folder)
    stored = [window for window in store.ledger.windows if window.state in WITH_USAGE]
    if not stored:
        return _unrecorded(store)
    if period is None:
        wanted = Period(
            min(window.first for window in stored), max(window.period.stop for window in stored)
        )
        days = compared = wanted
    else:
        wanted, days = period, with_stored_history(period)
        compared = Period(previous_period(period).start, period.stop)
    if not any(window.overlaps(wanted) for window in stored):
        raise SettingsError(
            f"The store {inert(folder)} has no usage of {wanted}; fetch it with"
            f" {export_command(folder, wanted)}, or name the files or folders of an export."
        )
    empty = no_usage_warnings(window for window in stored if window.overlaps(compared))
    found = find_recorded(store.recorded(days))
    pruned = pruned_usage(store, store.with_usage(days))
    if not reads_facts:
        pruned = pruned.without_facts()
    judged = Period(month_start(wanted.start), wanted.stop)
    return FoundParts(
        (*pruned.parts, *found.parts),
        (*pruned_usage_warnings(store, pruned, compared), *empty, *found.warnings),
        complete_through=store.complete_through(wanted, missing=pruned.missing),
        complete=store.complete_days(days, judged, missing=pruned.missing),
    )


def _unrecorded(store: Store) -> FoundParts:
    """Export files in a folder that is given as a store, but has no window that was downloaded."""
    folder = store.folder
    absence = store.absence
    if absence is None:
        raise SettingsError(f"The store {inert(folder)} has no usage yet; {_MAKE_ONE}.")
    if exists(folder) and has_usage_files(folder):
        return find_parts([folder])
    raise SettingsError(
        f"{absence}; {_MAKE_ONE}, or name export files or a folder of them."
        " `circleci-usage demo` makes a report without an account."
    )
