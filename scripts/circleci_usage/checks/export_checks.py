"""Is everything in place for an export? Each check reports ok or what to fix, in one line."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from circleci_usage.core.errors import (
    DataError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.paths import exists
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_client import CircleCI, find_organization
from circleci_usage.export.api_connection import CLOCK_TOLERANCE
from circleci_usage.export.ledger import State
from circleci_usage.export.store import Store
from circleci_usage.usage.input_files import export_command

_EXPIRY: Final = (
    "CircleCI's API does not report when it expires: at most a year after it was created. CircleCI"
    " emails its owner 30, 15, 7 and 1 day before."
)


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: what was checked.
        message: what was found, or what to fix.
        exit_code: 0 when it is ok, else that of the error.
    """

    name: str
    message: str
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        """Whether there is nothing to fix."""
        return self.exit_code == 0

    @classmethod
    def failed(cls, name: str, error: UsageExporterError) -> Self:
        """The outcome of a check that ended in an error."""
        return cls(name, str(error), error.exit_code)


def check_circleci(client: CircleCI, organizations: Sequence[str]) -> tuple[Check, ...]:
    """Check the token, the clock, and each organization by id or slug; uses no export request."""
    try:
        accessible = client.collaborations()
    except UsageExporterError as error:
        name = "connection" if isinstance(error, ServiceError) else "token"
        return (Check.failed(name, error),)
    count = counted(len(accessible), "organization")
    token = Check("token", f"CircleCI accepts it; it has access to {count}. {_EXPIRY}")
    found = (_check_organization(client, name) for name in organizations)
    return (token, _check_clock(client), *found)


def check_store(store: Store) -> tuple[Check, ...]:
    """Check the folder, the ledger, and every part against its checksum."""
    return tuple(_check_store(store))


def _check_clock(client: CircleCI) -> Check:
    ahead = client.clock_ahead
    if not ahead:
        minutes = CLOCK_TOLERANCE.seconds // 60
        return Check("clock", f"It matches CircleCI's within {minutes} min.")
    relation = "behind" if ahead.total_seconds() > 0 else "ahead of"
    return Check(
        "clock",
        f"This computer's clock is {abs(ahead)} {relation} CircleCI's; correct it. Exports use"
        " CircleCI's.",
        SettingsError.exit_code,
    )


def _check_organization(client: CircleCI, name: str) -> Check:
    what = f"organization {name}"
    try:
        found = find_organization(client, name)
    except UsageExporterError as error:
        return Check.failed(what, error)
    shown = f"{client.redacted(found.name)} ({found.id})"
    return Check(what, f"The token has access to it: {shown}.")


def _check_store(store: Store) -> Iterator[Check]:
    folder = store.folder
    try:
        absence = store.absence
    except UsageExporterError as error:
        yield Check.failed("store", error)
        return
    nearest = next(place for place in (folder, *folder.parents, Path("/")) if exists(place))
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        fault = f"{inert(nearest)} is not writable; choose another folder with --store."
        yield Check("store", fault, SettingsError.exit_code)
        return
    if absence:
        yield Check("store", f"{absence} yet; the first `run` or `export` makes it.")
        return
    try:
        windows = [window for window in store.ledger.windows if window.state is State.FETCHED]
    except UsageExporterError as error:
        yield Check.failed("store", error)
        return
    rows = counted(sum(window.rows for window in windows), "job run")
    yield Check("store", f"{folder} has {counted(len(windows), 'window')} with {rows}.")
    for window in windows:
        for damage in filter(None, map(store.fault_of, window.parts)):
            repair = export_command(store.folder, window.period)
            message = f"{damage} Rerun {repair}, which downloads it again."
            yield Check("store", message, DataError.exit_code)
