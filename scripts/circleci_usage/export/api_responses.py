"""What CircleCI's answers mean: JSON from outside → values, and the errors that a caller can act on."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from circleci_usage.core.errors import ServiceError, SettingsError, UnfinishedError
from circleci_usage.export.http import BrokenError, wait_of
from circleci_usage.network.addresses import has_user, web_address

MOST_PARTS: Final = 10_000
"""Files that one export may have: it is limited to 100 MB, and a file has some megabytes."""

_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,99}")
"""Ids become pieces of paths and of file names."""


class UnclearAnswerError(ServiceError):
    """Whether CircleCI did it is not known."""


class ExportRefusedError(SettingsError):
    """CircleCI did not like the request (400). `reason` is what it said."""

    def __init__(self, message: str, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class RateLimitedError(UnfinishedError):
    """CircleCI wants to be asked later (429). `wait` is how much later, if it said so."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        super().__init__(message)
        self.wait = wait


@dataclass(frozen=True)
class Organization:
    """An organisation that the token sees; `slug` like `gh/acme`."""

    id: str
    name: str
    slug: str


@dataclass(frozen=True)
class ExportJob:
    """An export job as CircleCI describes it.

    Attributes:
        id: its id.
        state: created, processing, failed, completed, or a word that is new.
        urls: pre-signed URLs of its parts, if any.
        error_reason: why it failed, in CircleCI's words.
        quota_wait: for how long the quota for such requests is used up, when CircleCI said so along with it.
    """

    id: str
    state: str
    urls: tuple[str, ...] = ()
    error_reason: str | None = None
    quota_wait: timedelta | None = None


@dataclass(frozen=True)
class ApiResponse:
    """An answer that arrived whole; `body` is its JSON, None when it is none."""

    status: int
    headers: Mapping[str, str]
    body: object

    @property
    def message(self) -> str:
        """CircleCI's message, as it came."""
        message = self.body.get("message") if isinstance(self.body, dict) else None
        return message if isinstance(message, str) else ""


def read_export_job(
    answer: ApiResponse, redacted: Callable[[str], str], now: datetime
) -> ExportJob:
    """The export job that an answer describes; `redacted` makes its texts fit to be shown.

    Raises:
        BrokenError: it describes none.
    """
    body = answer.body if isinstance(answer.body, dict) else {}
    job, state, reason = (
        body.get(name) for name in ("usage_export_job_id", "state", "error_reason")
    )
    if not (
        isinstance(job, str)
        and _ID.fullmatch(job)
        and redacted(job) == job
        and isinstance(state, str)
    ):
        raise BrokenError("its answer describes no export job")
    return ExportJob(
        id=job,
        state=redacted(state),
        urls=_urls(body.get("download_urls")),
        error_reason=redacted(reason) if isinstance(reason, str) else None,
        quota_wait=wait_of(answer.headers, now),
    )


def read_organizations(answer: ApiResponse) -> tuple[Organization, ...]:
    """The organisations that an answer lists; an entry without a name for programs is none that can be asked for.

    Raises:
        BrokenError: it is no list.
    """
    if not isinstance(answer.body, list):
        raise BrokenError("its answer is no list of organisations")
    return tuple(found for entry in answer.body if (found := _organization(entry)))


def read_organization(answer: ApiResponse) -> Organization:
    """The organisation that an answer describes.

    Raises:
        BrokenError: it describes none.
    """
    found = _organization(answer.body)
    if found is None:
        raise BrokenError("its answer describes no organisation")
    return found


def _organization(entry: object) -> Organization | None:
    described = entry if isinstance(entry, dict) else {}
    texts = {
        key: value for key in ("id", "name", "slug") if isinstance(value := described.get(key), str)
    }
    if not _ID.fullmatch(texts.get("id", "")):
        return None
    return Organization(texts["id"], texts.get("name", ""), texts.get("slug", ""))


def _urls(value: object) -> tuple[str, ...]:
    """Each URL once. One that is left out would be rows that are lost: what is no URL spoils the answer."""
    urls = value if isinstance(value, list) else [value] if value else []
    if len(urls) > MOST_PARTS:
        raise BrokenError(f"its answer lists {len(urls):,} files, more than an export can have")
    if not all(isinstance(url, str) and web_address(url) and not has_user(url) for url in urls):
        raise BrokenError("its answer holds something that is no URL of a part")
    return tuple(dict.fromkeys(urls))
