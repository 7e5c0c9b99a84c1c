"""Asks CircleCI one thing after another; an answer that does not come is a reason, not an error.

After three failures in a row, and once CircleCI rejects the token or has no quota left, nothing
more is asked: a report must not wait for what it can do without.
"""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Final, TypeVar

from circleci_usage.core.errors import UnfinishedError, UsageExporterError
from circleci_usage.core.progress import Progress
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.api_responses import ApiResponse
from circleci_usage.network.http import BrokenError

MAX_WAIT: Final = timedelta(minutes=3)
"""How long a report waits in all for responses and for the rate limit."""

RETRY_WAITS: Final = (1.0, 2.0)
"""Seconds between the attempts of a request."""

_MOST_FAILURES: Final = 3

_Answer = TypeVar("_Answer")


class Trouble(StrEnum):
    """Why something is not known, as the end of a sentence."""

    NOT_FOUND = "not found at CircleCI, or the token has no access (HTTP 404)"
    FORBIDDEN = "the token has no access (HTTP 403)"
    REJECTED = "CircleCI rejected the token (HTTP 401)"
    RATE_LIMITED = "CircleCI's rate limit is reached (HTTP 429)"
    UNAVAILABLE = "CircleCI is unavailable"
    TOO_SLOW = "CircleCI's responses took too long"
    INVALID = "CircleCI's response is invalid"


_BY_STATUS: Final[dict[int, Trouble]] = {
    HTTPStatus.UNAUTHORIZED: Trouble.REJECTED,
    HTTPStatus.FORBIDDEN: Trouble.FORBIDDEN,
    HTTPStatus.NOT_FOUND: Trouble.NOT_FOUND,
    HTTPStatus.TOO_MANY_REQUESTS: Trouble.RATE_LIMITED,
}
_FINAL: Final = (Trouble.REJECTED, Trouble.RATE_LIMITED)
"""What the next request would meet as well."""


class Asker:
    """Asks CircleCI, within `MAX_WAIT` in all."""

    def __init__(self, client: CircleCI, progress: Progress) -> None:
        client.wait_budget.max_wait = MAX_WAIT
        self._client = client
        self._progress = progress
        self._failures = 0
        self._stopped: Trouble | None = None

    def ask(self, path: str, read: Callable[[object], _Answer]) -> _Answer | Trouble:
        """What a GET below the root of the API returns, or why that is not known.

        Args:
            path: with its query.
            read: makes the answer of the response's JSON; it raises BrokenError if it cannot.
        """
        if self._stopped:
            return self._stopped
        try:
            response = self._client.look_up(path)
            trouble = _trouble(response)
            answer = read(response.body) if trouble is None else trouble
        except BrokenError as error:
            return self._failed(error, Trouble.INVALID)
        except UnfinishedError as error:
            self._progress.detail(str(error))
            self._stopped = Trouble.TOO_SLOW
            return self._stopped
        except UsageExporterError as error:
            return self._failed(error, Trouble.UNAVAILABLE)
        self._failures = 0
        self._stopped = trouble if trouble in _FINAL else None
        return answer

    def _failed(self, error: Exception, trouble: Trouble) -> Trouble:
        self._progress.detail(str(error))
        self._failures += 1
        if self._failures == _MOST_FAILURES:
            self._stopped = trouble
        return trouble


def _trouble(response: ApiResponse) -> Trouble | None:
    if response.status == HTTPStatus.OK:
        return None
    return _BY_STATUS.get(response.status, Trouble.INVALID)
