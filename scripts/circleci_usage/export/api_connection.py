"""The connection to CircleCI's API: sends requests, retries what is safe, hides the token.

What is retried, and why:

- GET: after a 5xx, a missing or incomplete response, or a page that is not JSON (a proxy's), with
  the pauses of `RETRY_WAITS`.
- POST: only when no connection was made. Once a request may have reached CircleCI, an export may
  have started and one of ten per hour may be used up. Nobody can tell, so not even a 5xx is
  retried.
- 429: never for exports; it says how long to wait, and the caller has other work to do meanwhile.
  Other requests wait here if the wait is short.

Each request has its own connection. Requests are minutes apart, and on a kept-alive connection that
CircleCI has just closed nobody can tell whether a POST arrived. The token is sent to the API's own
origin only: redirects are not followed. No message contains the token or a URL's query.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from json import loads
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests

from circleci_usage.core.errors import ServiceError, SettingsError
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.core.untrusted_text import inert
from circleci_usage.export.api_responses import ApiResponse
from circleci_usage.export.wait_budget import SHORT_WAIT, WaitBudget
from circleci_usage.network.addresses import web_address
from circleci_usage.network.deadlines import Deadline
from circleci_usage.network.http import (
    REDIRECTS,
    BrokenError,
    Session,
    Timeouts,
    date_of,
    exchange,
    read_body,
    wait_of,
)

RETRY_WAITS: Final = (1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts: enough for a restart behind a load balancer."""

RESPONSE_GRACE: Final = timedelta(seconds=10)
"""How much longer than the rest of the wait budget a GET may take."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""A smaller difference to CircleCI's clock is latency and the whole seconds of the Date header."""

_LONGEST_RESPONSE: Final = 8 << 20
_JSON_ONLY: Final = frozenset({*range(300), 404})
"""Statuses that are believed. A proxy could send them too, but only CircleCI sends them as JSON."""


class Secret(Protocol):
    """A text that does not print itself, such as pydantic's SecretStr."""

    def get_secret_value(self) -> str:
        """The text."""


class ApiConnection:
    """Sends requests to the API below `root`, authenticated with `token`.

    Pauses between attempts and the time of the responses count toward the `wait_budget`.
    """

    def __init__(
        self,
        root: str,
        token: Secret,
        clock: Clock,
        progress: Progress,
        timeouts: Timeouts,
        retry_waits: Sequence[float] = RETRY_WAITS,
    ) -> None:
        self.root = root
        self._retry_waits = retry_waits
        self._token = token
        self._clock = clock
        self._progress = progress
        self.timeouts = timeouts
        self.clock_ahead = timedelta()
        self.wait_budget = WaitBudget(clock, progress)

    def now(self) -> datetime:
        """The time at CircleCI, as far as its responses told."""
        return self._clock.now() + self.clock_ahead

    def get(self, path: str) -> ApiResponse:
        """The response to a GET, retried if necessary.

        Raises:
            ServiceError: no attempt had a usable response.
        """
        try:
            return self._with_retries(lambda: self._send("GET", path), only_unsent=False)
        except BrokenError as error:
            raise self.unreachable(error) from None

    def get_patiently(self, path: str) -> ApiResponse:
        """As `get`, but a short 429 is waited out: such a request uses no scarce quota."""
        response = self.get(path)
        for _ in self._retry_waits:
            wait = self._short_wait(response)
            if wait is None:
                break
            self.wait_budget.wait(wait, "its rate limit is reached")
            response = self.get(path)
        return response

    def post(self, path: str, body: object) -> ApiResponse:
        """The response to a POST, retried only as long as no connection was made.

        Raises:
            BrokenError: no usable response; `sent` tells whether CircleCI may have received the
                request.
        """
        return self._with_retries(lambda: self._send("POST", path, body), only_unsent=True)

    def redacted(self, text: str) -> str:
        """A text from outside as a short, harmless line without the token."""
        return inert(self._without_token(text))

    def unreachable(self, error: BrokenError) -> ServiceError:
        """What to tell the user when no attempt succeeded."""
        wait = error.wait or timedelta()
        if not self._retry_waits:
            return self.unusable(f"is unavailable: {error}")
        if self.wait_budget.allows(max(wait, timedelta(seconds=self._retry_waits[0]))):
            attempts = len(self._retry_waits) + 1
            return self.unusable(f"is unavailable after {attempts} attempts: {error}")
        request = f" and asks to wait {wait.total_seconds():.0f} s" if wait else ""
        return self.unusable(
            f"is unavailable within this run's maximum wait (--max-wait): {error}{request}"
        )

    def unusable(self, why: str) -> ServiceError:
        """An error that names the server."""
        return ServiceError(
            f"CircleCI at {urlsplit(self.root).netloc} {why}; try again later, and check the"
            " network and --circleci-url (CIRCLECI_URL)."
        )

    def _short_wait(self, response: ApiResponse) -> timedelta | None:
        """How long to wait after a 429; None when it is not one, or the wait is too long."""
        if response.status != requests.codes.too_many:
            return None
        wait = wait_of(response.headers, self._clock.now())
        is_short = wait is not None and wait <= SHORT_WAIT and self.wait_budget.allows(wait)
        return wait if is_short else None

    def _with_retries(self, send: Callable[[], ApiResponse], *, only_unsent: bool) -> ApiResponse:
        for seconds in self._retry_waits:
            try:
                return send()
            except BrokenError as error:
                wait = min(error.wait or timedelta(seconds=seconds), SHORT_WAIT)
                if (only_unsent and error.sent) or not self.wait_budget.allows(wait):
                    raise
                self._progress.detail(
                    f"CircleCI: {error}; retrying in {wait.total_seconds():.0f} s."
                )
                self.wait_budget.wait(wait, str(error))
        return send()

    def _send(self, method: str, path: str, body: object = None) -> ApiResponse:
        """One exchange: any response that can be understood and is not a 5xx."""
        with (
            self.wait_budget.response(),
            self._progress.task("Waiting for CircleCI's response"),
            Deadline(self._seconds_for(method)) as deadline,
            exchange(deadline),
        ):
            content, response = self._exchange(method, path, body)
        return self._understood(response, content)

    def _seconds_for(self, method: str) -> float:
        """How long an exchange may take: a GET not much longer than the run may still wait.

        A POST has all the time: an unread response would cost a request of the quota for nothing.
        """
        total = self.timeouts.total
        if method == "POST":
            return total
        return min(total, (self.wait_budget.left + RESPONSE_GRACE).total_seconds())

    def _exchange(self, method: str, path: str, body: object) -> tuple[bytes, requests.Response]:
        headers = {
            # Not `Authorization: Bearer`: CircleCI server documents this header alone, and
            # circleci.com takes every kind of token in it, those of a login too.
            "Circle-Token": self._token.get_secret_value(),
            "Accept": "application/json",
        }
        with (
            Session() as session,
            session.request(
                method,
                f"{self.root}/{path}",
                json=body,
                headers=headers,
                timeout=(self.timeouts.connect, self.timeouts.read),
                allow_redirects=False,
                stream=True,
            ) as response,
        ):
            return read_body(response, limit=_LONGEST_RESPONSE), response

    def _understood(self, response: requests.Response, content: bytes) -> ApiResponse:
        status, headers = response.status_code, response.headers
        if status in REDIRECTS:
            raise self._redirected(headers.get("Location", ""))
        if status >= requests.codes.server_error:
            raise BrokenError(
                f"it returned HTTP {status}", wait=wait_of(headers, self._clock.now())
            )
        body = self._json(content)
        if not isinstance(body, dict | list) and status in _JSON_ONLY:
            raise BrokenError(
                f"it returned HTTP {status} with a page that is not JSON (a proxy's?)"
            )
        self._learn_time(headers)
        return ApiResponse(status, headers, body)

    def _redirected(self, location: str) -> SettingsError:
        target = web_address(location)
        where = "another address"
        if target:
            where = self.redacted(f"{target.scheme}://{target.hostname}")
        return SettingsError(
            f"CircleCI's address redirects to {where}, and the token is not sent there; check"
            " --circleci-url (CIRCLECI_URL) and the proxy."
        )

    def _json(self, content: bytes) -> object:
        """A body as values without the token; None when it is not JSON."""
        try:
            value = loads(content)
            # However the token is quoted in JSON, it must not get into a ledger or a file name.
            return self._values_without_token(value)
        except (ValueError, RecursionError):
            return None

    def _values_without_token(self, value: object) -> object:
        """JSON values with the token replaced in each text, keys included."""
        match value:
            case str():
                return self._without_token(value)
            case list():
                return [self._values_without_token(each) for each in value]
            case dict():
                return {
                    self._without_token(key): self._values_without_token(each)
                    for key, each in value.items()
                }
            case _:
                return value

    def _without_token(self, text: str) -> str:
        return text.replace(self._token.get_secret_value(), "***")

    def _learn_time(self, headers: Mapping[str, str]) -> None:
        there = date_of(headers)
        if there:
            ahead = there - self._clock.now()
            self.clock_ahead = ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta()
