"""CircleCI's API for the export: one method per call, results as values, failures as errors.

`api_connection.py` sends the requests and retries them; `api_responses.py` reads the responses.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import quote

import requests

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError, UsageExporterError
from circleci_usage.core.plurals import few
from circleci_usage.core.progress import Clock, NullProgress, Progress, SystemClock
from circleci_usage.core.secret_texts import TOKEN
from circleci_usage.core.suggestions import closest
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_connection import RETRY_WAITS, ApiConnection, Secret
from circleci_usage.export.api_responses import (
    Advice,
    ApiResponse,
    ExportJob,
    Organization,
    UnclearResponseError,
    error_in,
    read_export_job,
    read_organization,
    read_organizations,
)
from circleci_usage.export.organization_names import LONGEST_NAME, is_id, is_name, same_slug
from circleci_usage.export.wait_budget import WaitBudget
from circleci_usage.network.addresses import service_address
from circleci_usage.network.http import BrokenError, Timeouts

_MOST_NAMES: Final = 1_000
"""Organizations that a mistyped one is compared with."""
_NAMED: Final = 5
_SETTING: Final = "The address of CircleCI (--circleci-url, CIRCLECI_URL)"
_ORGANIZATION: Final = (
    "check ORG_ID, and run `circleci-usage doctor`, which tells whether the login did not authorize"
    " the organization (log in again and choose it) or the token's rights are too low (log in again"
    " as an organization admin, and choose Write, then Admin)"
)
_ADDRESS: Final = "check the address of CircleCI (--circleci-url, CIRCLECI_URL)"


class CircleCI:
    """CircleCI's API at `base_url` (with or without `/api/v2`), used with a token.

    The token is sent over plain HTTP to this machine only, unless that is allowed. Pauses between
    attempts and the time of the responses count toward the `wait_budget`, which an export shares.
    `if_rejected` says what to do when CircleCI rejects the token: sentences.

    All methods raise AccessError (401, 403, 404), ServiceError (no usable response),
    RateLimitedError (429), SettingsError (400, a redirect, a bad URL) and UnfinishedError (the wait
    budget is used up).
    """

    def __init__(
        self,
        base_url: str,
        token: Secret,
        *,
        clock: Clock | None = None,
        progress: Progress | None = None,
        timeouts: Timeouts | None = None,
        allow_insecure: bool = False,
        retry_waits: Sequence[float] = RETRY_WAITS,
        if_rejected: str = "",
    ) -> None:
        self._if_rejected = if_rejected
        self._clock = clock or SystemClock()
        self._connection = ApiConnection(
            f"{circleci_address(base_url, allow_insecure=allow_insecure)}/api/v2",
            _checked(token),
            self._clock,
            progress or NullProgress(),
            timeouts or Timeouts(),
            retry_waits,
        )

    @property
    def root(self) -> str:
        """The address of the API."""
        return self._connection.root

    @property
    def wait_budget(self) -> WaitBudget:
        """How long this run may still wait for CircleCI."""
        return self._connection.wait_budget

    @property
    def timeouts(self) -> Timeouts:
        """How long to wait for what."""
        return self._connection.timeouts

    @property
    def clock_ahead(self) -> timedelta:
        """How far CircleCI's clock is ahead of this computer's.

        Zero when they agree, and before the first response.
        """
        return self._connection.clock_ahead

    def now(self) -> datetime:
        """The time at CircleCI, which decides what is in the future."""
        return self._connection.now()

    def redacted(self, text: str) -> str:
        """A text from outside as a short, harmless line without the token."""
        return self._connection.redacted(text)

    def unavailable(self, why: str) -> ServiceError:
        """The error for a connection that cannot be made."""
        return self._connection.unusable(f"is unavailable: {why}")

    def create_export(
        self, organizations: Sequence[str], start: datetime, end: datetime
    ) -> ExportJob:
        """Request an export of the first organization together with the others.

        Both moments are included.

        Raises:
            UnclearResponseError: the export may have started or not.
            ExportRejectedError: CircleCI rejects the request.
        """
        body: dict[str, object] = {"start": _timestamp(start), "end": _timestamp(end)}
        if len(organizations) > 1:
            body["shared_org_ids"] = list(organizations[1:])
        try:
            response = self._connection.post(_export_path(organizations[0]), body)
            self._check(response, _one_of(organizations), _ORGANIZATION)
            return read_export_job(response, self._clock.now())
        except BrokenError as error:
            if not error.sent:
                raise self._connection.unreachable(error) from None
            raise UnclearResponseError(
                f"CircleCI gave no usable response to the export request ({error}). Whether the"
                " export started is unknown, and requesting it again right now could use the hourly"
                " quota twice; rerun the same command to resume."
            ) from None

    def probe_export(self, organization: str) -> UsageExporterError | None:
        """CircleCI's error for an export request that it must reject: may the token make others?

        The days are in the future, and the last one is before the first, so no export can start.
        The request may count toward the hourly quota all the same. It is sent once.

        Returns:
            ExportRejectedError when only the request is at fault, AccessError when the token is,
            another error when neither is known; None when CircleCI accepted it.
        """
        start, end = (self.now() + timedelta(days=days) for days in (2, 1))
        body = {"start": _timestamp(start), "end": _timestamp(end)}
        try:
            response = self._connection.post(_export_path(organization), body)
        except BrokenError as error:
            return self._connection.unusable(f"gave no usable response: {error}")
        return self._error_in(response, _one_of([organization]), _ORGANIZATION)

    def poll_export(self, organization: str, job: str) -> ExportJob | None:
        """The export job that the organization requested; None when CircleCI does not know it."""
        response = self._connection.get(f"{_export_path(organization)}/{quote(job, safe='')}")
        if response.status == requests.codes.not_found:
            return None
        self._check(response, _one_of([organization]), _ORGANIZATION)
        with self._reading():
            return read_export_job(response, self._clock.now())

    def collaborations(self) -> tuple[Organization, ...]:
        """The organizations that the token's owner belongs to."""
        response = self._connection.get_patiently("me/collaborations")
        self._check(response, "the list of your organizations", _ADDRESS)
        with self._reading():
            return read_organizations(response)

    def organization(self, slug_or_id: str) -> Organization | None:
        """The organization with a slug or id; None when the token finds none."""
        if not is_name(slug_or_id):
            return None
        path = f"organization/{quote(slug_or_id, safe='/')}"
        response = self._connection.get_patiently(path)
        if response.status in {requests.codes.not_found, requests.codes.forbidden}:
            return None
        self._check(response, _one_of([slug_or_id]), _ORGANIZATION)
        with self._reading():
            return read_organization(response)

    def look_up(self, path: str) -> ApiResponse:
        """The response to a GET that uses no scarce quota, whatever its status.

        A short rate limit is waited out. `path` is below the root, with its query.
        """
        return self._connection.get_patiently(path)

    def _check(self, response: ApiResponse, what: str, no_access: str) -> None:
        error = self._error_in(response, what, no_access)
        if error:
            raise error

    def _error_in(
        self, response: ApiResponse, what: str, no_access: str
    ) -> UsageExporterError | None:
        advice = Advice(no_access, self._if_rejected)
        return error_in(response, what, self._clock.now(), advice)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except BrokenError as error:
            raise self._connection.unusable(f"returned an invalid response: {error}") from None


def resolve_organization(client: CircleCI, name: str) -> Organization:
    """The organization with an id or slug (`gh/acme`). An id is used as given, without a request.

    Raises:
        AccessError: as `find_organization`.
    """
    if is_id(name):
        return Organization(name.lower(), name.lower(), name.lower())
    return find_organization(client, name)


def find_organization(client: CircleCI, name: str) -> Organization:
    """The organization with this id or slug, if the token can access it.

    Raises:
        AccessError: it cannot; the message lists the organizations that it can access.
    """
    accessible = client.collaborations()
    for each in accessible:
        if name.lower() == each.id.lower() or same_slug(name, each.slug):
            return each
    found = client.organization(name)
    if found:
        return found
    names = [f"{client.redacted(each.slug)} ({client.redacted(each.id)})" for each in accessible]
    shown = inert(name, LONGEST_NAME)
    raise AccessError(
        f"Organization '{shown}' was not found with this token, which can access:"
        f" {', '.join(names) or 'none'}. Check ORG_ID.{_guess(client, name, accessible)}"
        f" If {shown} is right, the login did not authorize it (log in again and choose it), or the"
        " token's user is not a member."
    )


def _guess(client: CircleCI, name: str, accessible: Sequence[Organization]) -> str:
    """A question about the organization with the most similar slug or name."""
    slugs = {
        text: each.slug for each in accessible[:_MOST_NAMES] for text in (each.slug, each.name)
    }
    alike = closest(name, slugs)
    return f" Did you mean {client.redacted(slugs[alike])}?" if alike else ""


def _one_of(organizations: Sequence[str]) -> str:
    """The organizations of a request: CircleCI does not tell which of them it is about.

    >>> _one_of(["gh/acme"]), _one_of(["gh/acme", "gh/labs"])
    ('organization gh/acme', 'one of the organizations gh/acme, gh/labs')
    """
    names = few(organizations, _NAMED)
    return (
        f"one of the organizations {names}" if len(organizations) > 1 else f"organization {names}"
    )


def _export_path(organization: str) -> str:
    return f"organizations/{quote(organization, safe='')}/usage_export_job"


def circleci_address(base_url: str, *, allow_insecure: bool) -> str:
    """The address of CircleCI without the `/api/v2` of its API, and without trailing slashes.

    Raises:
        SettingsError: it is invalid, or plain HTTP that is not allowed.
    """
    example = "https://circleci.com"
    url = service_address(
        base_url, setting=_SETTING, example=example, allow_insecure=allow_insecure
    )
    return url.removesuffix("/api/v2").rstrip("/")


def _checked(token: Secret) -> Secret:
    if not TOKEN.fullmatch(token.get_secret_value()):
        raise SettingsError(
            "The CircleCI API token is empty, too long, or contains invalid characters; check it"
            " for quotes, spaces and line breaks."
        )
    return token


def _timestamp(moment: datetime) -> str:
    """RFC 3339 in UTC with whole milliseconds, such as `2026-10-01T00:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
