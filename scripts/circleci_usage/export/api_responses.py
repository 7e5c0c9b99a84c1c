"""What CircleCI's responses mean: JSON as values, and errors that a caller can act on."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UnfinishedError,
    UsageExporterError,
)
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.circleci_ids import is_circleci_id
from circleci_usage.network.addresses import has_user, web_address
from circleci_usage.network.http import BrokenError, wait_of

MOST_PARTS: Final = 10_000
"""Files that one export can have: it is limited to 100 MB, and a file has some megabytes."""

_FIRST_REDIRECT: Final = 300


class NoAccessError(AccessError):
    """The token has no access to what was requested (403, 404). `status` has CircleCI's words."""

    def __init__(self, message: str, status: str = "") -> None:
        super().__init__(message)
        self.status = status


class UnclearResponseError(ServiceError):
    """It is unknown whether CircleCI carried out the request."""


class ExportRejectedError(SettingsError):
    """CircleCI rejects the request (400). `reason` is what it said."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class RateLimitedError(UnfinishedError):
    """CircleCI's rate limit is reached (429). `wait` is how long to wait, if it said so."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Organization:
    """An organization that the token can access; `slug` is like `gh/acme`."""

    id: str
    name: str
    slug: str


@dataclass(frozen=True)
class ExportJob:
    """An export job as CircleCI describes it.

    Attributes:
        id: its id.
        state: created, processing, failed, completed, or a state that is new.
        urls: pre-signed URLs of its parts, if any.
        error_reason: why it failed, in CircleCI's words.
        quota_wait: how long the quota for such requests is used up, if CircleCI said so as well.
    """

    id: str
    state: str
    urls: tuple[str, ...] = ()
    error_reason: str | None = None
    quota_wait: timedelta | None = None


@dataclass(frozen=True)
class ApiResponse:
    """A complete response; `body` holds its JSON values, None when it is not JSON."""

    status: int
    headers: Mapping[str, str]
    body: object

    @property
    def message(self) -> str:
        """CircleCI's own message, unchanged; empty when there is none."""
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return message if isinstance(message, str) else ""


@dataclass(frozen=True)
class Advice:
    """What to do about a response: ends of its message.

    Attributes:
        no_access: without access to what was requested (403, 404).
        rejected: when the token itself is rejected (401): sentences.
    """

    no_access: str
    rejected: str = ""


def error_in(
    response: ApiResponse, what: str, now: datetime, advice: Advice
) -> UsageExporterError | None:
    """The error that a response means to the user; None for a success.

    Args:
        response: any response but a 5xx.
        what: what was requested, for the message.
        now: this moment.
        advice: what to do about some errors.
    """
    if response.status < _FIRST_REDIRECT:
        return None
    reason = inert(response.message)
    status = f"HTTP {response.status}: {reason}" if reason else f"HTTP {response.status}"
    error: UsageExporterError
    match response.status:
        case 400:
            error = ExportRejectedError(
                f"CircleCI rejected the request for {what} ({status}).", reason
            )
        case 401:
            error = AccessError(
                f"CircleCI rejected the token ({status}): it is wrong, expired or revoked."
                f" Project tokens do not work.{advice.rejected and f' {advice.rejected}'}"
            )
        case 403:
            error = NoAccessError(
                f"The token is not allowed to access {what} ({status}); {advice.no_access}.", status
            )
        case 404:
            error = NoAccessError(
                f"CircleCI did not find {what}, or the token has no access to it ({status});"
                f" {advice.no_access}.",
                status,
            )
        case 429:
            error = RateLimitedError(
                f"CircleCI's rate limit is reached ({status}); rerun later.",
                wait_of(response.headers, now),
            )
        case _:
            error = ServiceError(f"The request for {what} failed with {status}; try again later.")
    return error


def read_export_job(response: ApiResponse, now: datetime) -> ExportJob:
    """The export job that a response describes, its texts fit to be shown.

    Raises:
        BrokenError: it describes none.
    """
    body = response.body if isinstance(response.body, dict) else {}
    job, state = body.get("usage_export_job_id"), body.get("state")
    if not (isinstance(job, str) and is_circleci_id(job) and isinstance(state, str)):
        raise BrokenError("it describes no export job")
    reason = body.get("error_reason")
    return ExportJob(
        id=job,
        state=inert(state),
        urls=_urls(body.get("download_urls")),
        error_reason=inert(reason) if isinstance(reason, str) else None,
        quota_wait=wait_of(response.headers, now),
    )


def read_organizations(response: ApiResponse) -> tuple[Organization, ...]:
    """The organizations that a response lists. An entry without an id is left out.

    Raises:
        BrokenError: it is not a list.
    """
    if not isinstance(response.body, list):
        raise BrokenError("it is not a list of organizations")
    described = (_organization(entry) for entry in response.body)
    return tuple(each for each in described if each)


def read_organization(response: ApiResponse) -> Organization:
    """The organization that a response describes.

    Raises:
        BrokenError: it describes none.
    """
    found = _organization(response.body)
    if found is None:
        raise BrokenError("it describes no organization")
    return found


def _organization(entry: object) -> Organization | None:
    described = entry if isinstance(entry, dict) else {}
    found = Organization(_text(described, "id"), _text(described, "name"), _text(described, "slug"))
    return found if is_circleci_id(found.id) else None


def _text(described: Mapping[str, object], key: str) -> str:
    value = described.get(key)
    return value if isinstance(value, str) else ""


def _urls(value: object) -> tuple[str, ...]:
    """Each URL once. Leaving out a bad one would lose rows, so it makes the response unusable."""
    if not value:
        return ()
    urls = value if isinstance(value, list) else [value]
    if len(urls) > MOST_PARTS:
        raise BrokenError(f"it lists {len(urls):,} files, more than an export can have")
    if not all(_is_part_url(url) for url in urls):
        raise BrokenError("it contains an invalid download URL")
    return tuple(dict.fromkeys(urls))


def _is_part_url(value: object) -> bool:
    return isinstance(value, str) and web_address(value) is not None and not has_user(value)
