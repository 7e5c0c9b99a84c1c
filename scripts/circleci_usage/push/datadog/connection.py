"""A session with Datadog's API: retries, and errors in our words and without keys.

This module, `client.py` and those that call them load Datadog's client, which takes time, so they
are imported only when something is sent.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self, cast

import urllib3
from datadog_api_client import ApiClient
from datadog_api_client.exceptions import ApiException
from urllib3.exceptions import HTTPError, SSLError

from circleci_usage.core.errors import AccessError, ServiceError, UsageExporterError
from circleci_usage.core.progress import Clock, Progress, wait_before_retry
from circleci_usage.core.untrusted_text import inert
from circleci_usage.push.datadog.client import TIMEOUTS, TOTAL, datadog_client, request_fault
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.sites import Site, unreachable

PAUSES: Final = (2.0, 4.0, 8.0, 16.0)
"""Seconds between attempts: long enough for a hiccup. A rate limit comes with its own pause."""

LONGEST_PAUSE: Final = 120.0
"""A rate limit that lasts longer is not waited for."""

WAIT_BUDGET: Final = timedelta(minutes=15)
"""For all pauses of a session together: points with the current timestamp must arrive within the
hour."""

_TOO_MANY: Final = 429
_EMPTY: Final = 204
_DENIED: Final = frozenset({401, 403})
_TEMPORARY: Final = frozenset({408, _TOO_MANY, *range(500, 600)})
_CLIENT_ERRORS: Final = 400
_FOREIGN: Final = "the response is not from Datadog, perhaps a proxy's page"

Request = Callable[[ApiClient], object]
"""A call of one of the client's APIs."""


class DatadogRefusedError(Exception):
    """Datadog understood a request and rejects it, not because of the keys. For callers to explain.

    Attributes:
        status: of the response, such as 400, 404 or 413.
        reason: Datadog's own message, safe to show.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason

    @property
    def explanation(self) -> str:
        """`(400): not supported`, the end of a sentence about what was rejected."""
        return f"({self.status}): {self.reason}" if self.reason else f"({self.status})"


@dataclass(frozen=True)
class _Failure:
    """A failed attempt.

    Attributes:
        status: of the response; None if there was none.
        reason: what the response said, or what went wrong.
        pause: the seconds that Datadog asks to wait.
    """

    status: int | None
    reason: str
    pause: float | None = None

    @property
    def is_temporary(self) -> bool:
        return self.status is None or self.status in _TEMPORARY


class DatadogSession:
    """A session, open while its context lasts.

    Args:
        site: where.
        credentials: as whom.
        clock: what pauses are made with.
        progress: receives a message about each pause.
        timeouts: see `client.TIMEOUTS`.
        total: see `client.TOTAL`.
        pauses: see `PAUSES`.

    Raises:
        SettingsError: the environment names a proxy whose address is not valid.
    """

    def __init__(
        self,
        site: Site,
        credentials: Credentials,
        *,
        clock: Clock,
        progress: Progress,
        timeouts: tuple[float, float] = TIMEOUTS,
        total: float = TOTAL,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self.site = site
        self.credentials = credentials
        self.clock = clock
        self._progress = progress
        self._pauses = pauses
        self._until = clock.now() + WAIT_BUDGET
        self._client = datadog_client(site, credentials, timeouts, total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def call(self, request: Request, *, permission: str = "", repeatable: bool = True) -> Any:  # noqa: ANN401 - it is JSON
        """Make a request until it succeeds or another attempt makes no sense.

        Args:
            request: the call.
            permission: what the application key needs; empty when the API key is enough.
            repeatable: whether it may be made again when it is not known if it was carried out.

        Returns:
            The JSON of the response; None when it is empty.

        Raises:
            AccessError: Datadog does not accept the keys, or they are not allowed to do this.
            ServiceError: Datadog cannot be reached or cannot do it now.
            DatadogRefusedError: Datadog rejects the request.
        """
        pauses = iter(self._pauses)
        while isinstance(outcome := self._attempt(request), _Failure):
            pause = next(pauses, None)
            # A request over the rate limit was not processed, so a retry does nothing twice.
            again = outcome.is_temporary and (repeatable or outcome.status == _TOO_MANY)
            if pause is None or not again or not self._wait(pause, outcome):
                raise self._explained(outcome, permission)
        return outcome[0]

    def reason(self, body: object) -> str:
        """The errors in a response, without keys and safe to show."""
        said = "; ".join(_error_texts(body))
        return inert(self.credentials.hide(said))

    def _attempt(self, request: Request) -> tuple[Any] | _Failure:
        try:
            # The configuration asks for raw responses, whatever the client's types say.
            response = cast("urllib3.HTTPResponse", request(self._client))
            body = response.data
        except ApiException as error:
            return self._failure(error)
        except HTTPError as error:
            return _Failure(None, request_fault(error))
        except UnicodeDecodeError:  # raised by the client for the body of an error
            return _Failure(None, _FOREIGN)
        return _parsed(response.status, body)

    def _failure(self, error: ApiException) -> _Failure:
        if not error.status:  # the client's way to report that there is no TLS connection
            cause = error.__context__
            return _Failure(
                None, request_fault(cause if isinstance(cause, HTTPError) else SSLError())
            )
        headers = {name.lower(): value for name, value in (error.headers or {}).items()}
        reset = headers.get("x-ratelimit-reset", "")
        pause = float(reset) if error.status == _TOO_MANY and reset.isdecimal() else None
        return _Failure(error.status, self.reason(error.body), pause)

    def _wait(self, usual: float, failure: _Failure) -> bool:
        """Pause as usual or as long as Datadog asks for, unless that would be too long."""
        pause = usual if failure.pause is None else failure.pause
        if pause > LONGEST_PAUSE or self.clock.now() + timedelta(seconds=pause) > self._until:
            return False
        why = failure.reason if failure.status is None else f"status {failure.status}"
        self._progress.detail(f"Datadog: {why}; retrying in {pause:.0f} s.")
        wait_before_retry(self.clock, pause, self._progress, subject="Datadog", state=why)
        return True

    def _explained(
        self, failure: _Failure, permission: str
    ) -> UsageExporterError | DatadogRefusedError:
        status = failure.status
        details = f" Details: {failure.reason}." if failure.reason else ""
        if status in _DENIED:
            return AccessError(_denied(status, self.site, permission) + details)
        if status is None:
            return unreachable(self.site, failure.reason)
        if failure.is_temporary or status < _CLIENT_ERRORS:
            return ServiceError(_unavailable(status, self.site, details))
        return DatadogRefusedError(status, failure.reason)


def _parsed(status: int, body: bytes) -> tuple[Any] | _Failure:
    """The JSON of a successful response, in a tuple."""
    if not body.strip():
        if status == _EMPTY:
            return (None,)
        # Python takes a response that was cut off in its headers for one without a body.
        return _Failure(None, request_fault(HTTPError()))
    try:
        return (json.loads(body),)
    except (ValueError, RecursionError):
        return _Failure(status, _FOREIGN)


def _error_texts(body: object) -> list[str]:
    """The texts of the errors in a response, of whichever form.

    {"errors": ["no", {"detail": "too old"}]} → ["no", "too old"]
    """
    errors = (body.get("errors") or body.get("error")) if isinstance(body, dict) else None
    texts = []
    for error in errors if isinstance(errors, list) else [errors]:
        text = error.get("detail") or error.get("title") if isinstance(error, dict) else error
        if text and isinstance(text, str | int | float):
            texts.append(str(text))
    return texts


def _unavailable(status: int, site: Site, details: str) -> str:
    if status < _CLIENT_ERRORS:
        return f"{site.url} does not respond like Datadog ({status}); check DATADOG_URL.{details}"
    if status == _TOO_MANY:
        problem = "Datadog's rate limit (429) is reached and lasts too long."
    else:
        problem = f"Datadog at {site.url} is temporarily unavailable ({status})."
    return f"{problem}{details} Try again later."


def _denied(status: int, site: Site, permission: str) -> str:
    if permission:
        return (
            f"These keys are not allowed to do that in Datadog ({status}): the application key"
            f" (DATADOG_APP_KEY) needs {permission}, and both keys must belong to {site.name}."
        )
    return (
        f"Datadog does not accept the API key ({status}): check DATADOG_API_KEY, and that"
        f" DATADOG_SITE is the site of the key; it is set to {site.name}."
    )
