"""Calls of GitHub's REST API: bounded, retried where that does nothing twice, without redirects."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, Final

import requests
from pydantic import SecretStr

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.progress import Clock, Progress, wait_before_retry
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.http import (
    REDIRECTS,
    BrokenError,
    Timeouts,
    request_once,
    wait_of,
)
from circleci_usage.pull_requests.defaults import TOKEN_VARIABLE

PAUSES: Final = (2.0, 4.0, 8.0)
"""Seconds between attempts; a rate limit comes with its own pause."""

LONGEST_PAUSE: Final = timedelta(minutes=2)
"""A rate limit that lasts longer is not waited for."""

_TIMEOUTS: Final = Timeouts(connect=10, read=30, total=60)
_LONGEST_RESPONSE: Final = 1 << 25
_SHOWN: Final = 120
_TEMPORARY: Final = frozenset({429, 500, 502, 503, 504})
_DENIED: Final = frozenset({401, 403, 404})
_REPEATABLE: Final = frozenset({"GET", "PATCH"})


@dataclass(frozen=True)
class Refusal:
    """Why there is no result.

    Attributes:
        status: of the response; None where there was none.
        reason: what it said, or what went wrong.
        is_done: whether the request may have been carried out.
        wait: how long GitHub wants us to wait.
    """

    status: int | None
    reason: str
    is_done: bool = False
    wait: timedelta | None = None

    @property
    def is_temporary(self) -> bool:
        """Whether another attempt makes sense."""
        return self.status is None or self.status in _TEMPORARY or self.wait is not None

    @property
    def shown(self) -> str:
        """`404: Not Found`, or what went wrong."""
        said = f": {self.reason}" if self.reason else ""
        return self.reason if self.status is None else f"{self.status}{said}"


class GithubApi:
    """GitHub's REST API.

    Args:
        url: its address.
        token: as whom.
        clock: what pauses are made with.
        progress: shows pauses.
        timeouts: of an exchange.
        pauses: see `PAUSES`.
    """

    def __init__(
        self,
        url: str,
        token: SecretStr,
        *,
        clock: Clock,
        progress: Progress,
        timeouts: Timeouts = _TIMEOUTS,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        self._url = url
        self._token = token
        self._clock = clock
        self._progress = progress
        self._timeouts = timeouts
        self._pauses = pauses

    def call(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - it is JSON
        """Make a call, again where it failed for a time and nothing is done twice.

        Raises:
            AccessError: the token is not accepted, or may not do this.
            ServiceError: GitHub cannot be reached, or cannot do it now.
            SettingsError: the address is not that of GitHub's API.
        """
        result = self.attempt(method, path, body)
        if isinstance(result, Refusal):
            raise self.explained(result)
        return result

    def attempt(self, method: str, path: str, body: object = None) -> Any:  # noqa: ANN401 - it is JSON
        """The same, but a refusal is returned."""
        pauses = iter(self._pauses)
        while isinstance(outcome := self._exchange(method, path, body), Refusal):
            usual = next(pauses, None)
            may_repeat = method in _REPEATABLE or not outcome.is_done
            if usual is None or not outcome.is_temporary or not may_repeat:
                break
            pause = outcome.wait or timedelta(seconds=usual)
            if pause > LONGEST_PAUSE:
                break
            seconds, state = pause.total_seconds(), outcome.shown
            wait_before_retry(self._clock, seconds, self._progress, subject="GitHub", state=state)
        return outcome

    def _exchange(self, method: str, path: str, body: object) -> Any:  # noqa: ANN401 - it is JSON
        try:
            response, content = self._send(method, path, body)
        except BrokenError as error:
            return Refusal(None, str(error), is_done=error.sent)
        status = response.status_code
        parsed = _json(content)
        if status in {HTTPStatus.OK, HTTPStatus.CREATED} and parsed is not None:
            return parsed
        wait = wait_of(response.headers, self._clock.now()) if status in {403, 429} else None
        is_done = status < HTTPStatus.BAD_REQUEST or status in {502, 504}
        return Refusal(status, self._said(parsed), is_done, wait)

    def _send(self, method: str, path: str, body: object) -> tuple[requests.Response, bytes]:
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._token.get_secret_value()}",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        if body is not None:
            headers["Content-Type"] = "application/json; charset=utf-8"
        return request_once(
            method,
            f"{self._url}{path}",
            headers=headers,
            body=None if body is None else json.dumps(body).encode(),
            timeouts=self._timeouts,
            limit=_LONGEST_RESPONSE,
        )

    def _said(self, body: object) -> str:
        """The message of a response, without the token: a proxy may quote it."""
        text = body.get("message") if isinstance(body, dict) else None
        secret = self._token.get_secret_value()
        return inert(text.replace(secret, "…"), _SHOWN) if isinstance(text, str) else ""

    def explained(self, refusal: Refusal) -> UsageExporterError:
        """The error that a refusal is."""
        status, said = refusal.status, refusal.shown
        if status in REDIRECTS:
            return SettingsError(
                f"GitHub's API redirects ({said}), which is not followed: the repository was"
                " renamed, or the address of the API is another."
            )
        if status in _DENIED and refusal.wait is None:
            return AccessError(
                f"GitHub does not let the token in {TOKEN_VARIABLE} comment on the pull request"
                f" ({said}): it needs read and write access to pull requests of this repository."
            )
        if refusal.is_temporary:
            return ServiceError(
                f"GitHub cannot be reached, or is temporarily unavailable ({said}); try again"
                " later: a comment that was posted is updated."
            )
        return ServiceError(f"GitHub rejects the comment ({said}).")


def _json(content: bytes) -> Any:  # noqa: ANN401 - it is JSON
    """What a body says; None for anything else, such as a proxy's page."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
