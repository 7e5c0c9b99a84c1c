"""Is everything in place for an export? Each check ends in one line: what is well, or what to fix."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from circleci_usage.core.errors import DataError, SettingsError, UsageExporterError
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_client import CircleCI, find_organization
from circleci_usage.export.api_connection import CLOCK_TOLERANCE
from circleci_usage.export.ledger import State
from circleci_usage.export.store import Store

_EXPIRY: Final = (
    "When it expires CircleCI's API does not say: at most a year after it was made. CircleCI mails its owner 30, 15, 7"
    " and 1 day before."
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        message: what was found, or what to fix.
        exit_code: what that is worth: 0 when all is well, else that of the error that was met.
    """

    name: str
    message: str
    exit_code: int = 0

    @property
    def ok(self) -> bool:
        """Whether it is well."""
        return self.exit_code == 0

    @classmethod
    def failed(cls, name: str, error: UsageExporterError) -> Self:
        """What was looked at ended in an error."""
        return cls(name, str(error), error.exit_code)


def check_circleci(client: CircleCI, organizations: Sequence[str]) -> tuple[Check, ...]:
    """The token, the clock, and each organisation by id or slug. Costs none of the scarce export requests."""
    try:
        seen = client.collaborations()
    except UsageExporterError as error:
        return (Check.failed("token", error),)
    seen_ones = counted(len(seen), "organization")
    token = Check("token", f"CircleCI accepts it; it sees {seen_ones}. {_EXPIRY}")
    return (
        token,
        _check_clock(client),
        *(_check_organization(client, name) for name in organizations),
    )


def check_store(store: Store) -> tuple[Check, ...]:
    """The folder, the ledger, and every part against its checksum."""
    return tuple(_check_store(store))


def _check_clock(client: CircleCI) -> Check:
    ahead = client.clock_ahead
    if not ahead:
        minutes = CLOCK_TOLERANCE.seconds // 60
        return Check("clock", f"It agrees with CircleCI's within {minutes} min.")
    relation = "behind" if ahead.total_seconds() > 0 else "ahead of"
    return Check(
        "clock",
        f"This computer's clock is {abs(ahead)} {relation} CircleCI's; set it right. Exports go by CircleCI's.",
        SettingsError.exit_code,
    )


def _check_organization(client: CircleCI, name: str) -> Check:
    what = f"organisation {name}"
    try:
        found = find_organization(client, name)
    except UsageExporterError as error:
        return Check.failed(what, error)
    return Check(what, f"The token sees it: {client.redacted(found.name)} ({found.id}).")


def _is_there(place: Path) -> bool:
    try:
        return place.exists()
    except OSError:
        return False


def _check_store(store: Store) -> Iterator[Check]:
    folder = store.folder
    nearest = next(place for place in (folder, *folder.parents, Path("/")) if _is_there(place))
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        where = inert(nearest)
        fault = f"{where} cannot be written to; choose another folder with --store."
        yield Check("store", fault, SettingsError.exit_code)
        return
    try:
        windows = [window for window in store.ledger.windows if window.state is State.FETCHED]
    except UsageExporterError as error:
        yield Check.failed("store", error)
        return
    rows = sum(window.rows for window in windows)
    yield Check(
        "store", f"{folder} has {counted(len(windows), 'window')} with {counted(rows, 'job run')}."
    )
    for part in (part for window in windows for part in window.parts):
        if damage := store.fault_of(part):
            yield Check(
                "store",
                f"{damage} Remove it, and the next export fetches it again.",
                DataError.exit_code,
            )
