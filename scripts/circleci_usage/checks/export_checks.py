"""Is everything in place for an export? Each check reports ok or what to fix, in one line."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final, Self

from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.paths import exists
from circleci_usage.core.periods import today_utc
from circleci_usage.core.plurals import counted
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_client import CircleCI, find_organization
from circleci_usage.export.api_connection import CLOCK_TOLERANCE
from circleci_usage.export.api_responses import ExportRejectedError, NoAccessError, Organization
from circleci_usage.export.ledger import POSTS_PER_HOUR, State
from circleci_usage.export.pruned_windows import (
    PrunedUsage,
    days_of,
    listed_days,
    pruned_usage,
)
from circleci_usage.export.store import Store
from circleci_usage.login.token_expiry import about_expiry, expiry_warning
from circleci_usage.usage.input_files import export_command

_EXPORTS: Final = "exports"

_MAY: Final = (
    "The token may request them, as far as CircleCI tells: it rejected a test request because of"
    " the request, not of the token"
)
_LEVEL: Final = (
    "it has access to the organization, so its rights are too low; log in again as an admin of the"
    " organization, and choose the access level Write, then Admin"
)
_NOT_AUTHORIZED: Final = (
    "the organization is not in the list of those that it has access to; log in again, as a member"
    " of the organization, and choose it on CircleCI's page"
)
_ACCEPTED: Final = (
    "The token may request them. CircleCI accepted a test request that it should have rejected, so"
    " this check used one of this hour's requests, and may have started an export that nobody"
    " downloads; please report it."
)


@dataclass(frozen=True)
class Check:
    """The outcome of one check.

    Attributes:
        name: what was checked.
        message: what was found, or what to fix.
        exit_code: 0 when it is ok or not known, else that of the error.
        is_known: whether the check came to a result.
        source: where the token is from, if this is its check.
        expires: the last day of that token, if it is known.
        warnings: what to do soon, though there is nothing to fix yet.
    """

    name: str
    message: str
    exit_code: int = 0
    is_known: bool = True
    source: str | None = None
    expires: date | None = None
    warnings: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether there is nothing to fix."""
        return self.exit_code == 0

    @classmethod
    def failed(cls, name: str, error: UsageExporterError) -> Self:
        """The outcome of a check that ended in an error."""
        return cls(name, str(error), error.exit_code)


def check_circleci(
    client: CircleCI, token: ApiToken, organizations: Sequence[str], store: Store
) -> Iterator[Check]:
    """Check the token, the clock, each organization, and whether the first may be exported.

    Args:
        client: uses the token.
        token: its source and its last day.
        organizations: ids or slugs; the first one sends export requests.
        store: knows how many requests were sent within the hour.
    """
    try:
        accessible = client.collaborations()
    except ServiceError as error:
        yield Check.failed("connection", error)
        return
    except UsageExporterError as error:
        failed = Check.failed("token", error)
        yield replace(failed, source=token.source, expires=token.expires)
        return
    yield _accepted(token, len(accessible), today_utc(client.now()))
    yield _check_clock(client)
    for name in organizations:
        found = _find(client, name)
        yield _check_access(client, name, found)
        if name == organizations[0]:
            yield _check_exports(client, name, found, accessible, store)


def _accepted(token: ApiToken, organizations: int, today: date) -> Check:
    warning = expiry_warning(token, today)
    return Check(
        "token",
        f"CircleCI accepts the one from {token.source}; it has access to"
        f" {counted(organizations, 'organization')}. {about_expiry(token, today)}",
        source=token.source,
        expires=token.expires,
        warnings=(warning,) if warning else (),
    )


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


def _find(client: CircleCI, name: str) -> Organization | UsageExporterError:
    try:
        return find_organization(client, name)
    except UsageExporterError as error:
        return error


def _check_access(client: CircleCI, name: str, found: Organization | UsageExporterError) -> Check:
    """Whether the token has access to an organization."""
    what = f"organization {name}"
    if isinstance(found, UsageExporterError):
        return Check.failed(what, found)
    shown = f"{client.redacted(found.name)} ({found.id})"
    return Check(what, f"The token has access to it: {shown}.")


def _check_exports(
    client: CircleCI,
    name: str,
    found: Organization | UsageExporterError,
    accessible: Sequence[Organization],
    store: Store,
) -> Check:
    """Whether the token may request exports; sends a request that CircleCI must reject."""
    if isinstance(found, UsageExporterError):
        return _unknown(f"it was not tested, because of organization {name} above.")
    try:
        used = len(store.ledger.posts_in_hour(found.id, client.now()))
    except UsageExporterError:
        return _unknown("the store, which counts the export requests of this hour, is damaged.")
    if used >= POSTS_PER_HOUR - 1:
        return _unknown(
            f"{used} of this hour's {POSTS_PER_HOUR} export requests are used, and the test may"
            " count as one; rerun in an hour."
        )
    try:
        denial = client.probe_export(found.id)
    except UsageExporterError as error:
        return _unknown(str(error))
    if isinstance(denial, NoAccessError):
        cause = _LEVEL if found in accessible else _NOT_AUTHORIZED
        text = f"The token may not request exports of {name} ({denial.status}): {cause}."
        return Check(_EXPORTS, text, denial.exit_code)
    return _permission(denial)


def _permission(error: UsageExporterError | None) -> Check:
    """What the error of a test request says about the token."""
    match error:
        case None:
            return Check(_EXPORTS, _ACCEPTED)
        case ExportRejectedError():
            reason = f": {error.reason.rstrip('.')}" if error.reason else ""
            return Check(_EXPORTS, f"{_MAY} (HTTP 400{reason}).")
        case AccessError():
            return Check.failed(_EXPORTS, error)
        case _:
            return _unknown(str(error))


def _unknown(reason: str) -> Check:
    text = f"Whether the token may request exports is not known: {reason}"
    return Check(_EXPORTS, text, is_known=False)


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
        windows = store.ledger.in_state(State.FETCHED)
        pruned = pruned_usage(store, store.ledger.windows)
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
    yield from _check_pruned(store, pruned)


def _check_pruned(store: Store, pruned: PrunedUsage) -> Iterator[Check]:
    if pruned.kept:
        kept = listed_days(days_of(pruned.kept))
        yield Check("store", f"Only facts are kept of {kept}: the files were pruned.")
    if pruned.lost:
        lost = listed_days(days_of(pruned.lost))
        repair = f"restore a good copy of {inert(store.folder)}, or these days stay missing."
        yield Check(
            "store",
            f"The facts of {lost}, whose files were pruned, are lost; {repair}",
            is_known=False,
        )
