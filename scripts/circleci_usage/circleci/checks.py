"""Is everything in place for an export? Each check ends in one line: what is well, or what to fix."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circleci_usage.circleci.client import CLOCK_TOLERANCE, CircleCI, find_organization
from circleci_usage.circleci.ledger import State
from circleci_usage.circleci.store import Store
from circleci_usage.errors import UsageExporterError
from circleci_usage.foreign import inert
from circleci_usage.plurals import counted

_EXPIRY: Final = (
    "When it expires CircleCI's API does not say: at most a year after it was made. CircleCI mails its owner 30, 15, 7"
    " and 1 day before."
)


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: what.
        ok: whether it is well.
        message: what was found, or what to fix.
    """

    name: str
    ok: bool
    message: str


def check_circleci(client: CircleCI, organizations: Sequence[str]) -> tuple[Check, ...]:
    """The token, the clock, and each organisation by id or slug. Costs none of the scarce export requests."""
    try:
        seen = client.collaborations()
    except UsageExporterError as error:
        return (Check("token", ok=False, message=str(error)),)
    seen_ones = counted(len(seen), "organization")
    token = Check("token", ok=True, message=f"CircleCI accepts it; it sees {seen_ones}. {_EXPIRY}")
    return (token, _check_clock(client), *(_check_organization(client, name) for name in organizations))


def check_store(store: Store) -> tuple[Check, ...]:
    """The folder, the ledger, and every part against its checksum."""
    return tuple(_check_store(store))


def _check_clock(client: CircleCI) -> Check:
    ahead = client.clock_ahead
    if not ahead:
        minutes = CLOCK_TOLERANCE.seconds // 60
        return Check("clock", ok=True, message=f"It agrees with CircleCI's within {minutes} min.")
    relation = "behind" if ahead.total_seconds() > 0 else "ahead of"
    return Check(
        "clock",
        ok=False,
        message=f"This computer's clock is {abs(ahead)} {relation} CircleCI's; set it right. Exports go by CircleCI's.",
    )


def _check_organization(client: CircleCI, name: str) -> Check:
    what = f"organisation {name}"
    try:
        found = find_organization(client, name)
    except UsageExporterError as error:
        return Check(what, ok=False, message=str(error))
    return Check(what, ok=True, message=f"The token sees it: {client.redacted(found.name)} ({found.id}).")


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
        yield Check("store", ok=False, message=f"{where} cannot be written to; choose another folder with --store.")
        return
    try:
        windows = [window for window in store.ledger.windows if window.state is State.FETCHED]
    except UsageExporterError as error:
        yield Check("store", ok=False, message=str(error))
        return
    rows = sum(window.rows for window in windows)
    yield Check(
        "store", ok=True, message=f"{folder} has {counted(len(windows), 'window')} with {counted(rows, 'job run')}."
    )
    for part in (part for window in windows for part in window.parts):
        fault = store.fault_of(part)
        if fault:
            yield Check("store", ok=False, message=f"{fault} Remove it, and the next export fetches it again.")
