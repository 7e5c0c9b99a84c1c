"""Datadog's API by its own client: one session, time-outs, repeated requests, errors in our words and without keys.

The client is imported here and in the modules beside that call this one; those are imported when something is sent.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from types import TracebackType
from typing import Any, Final, Self, cast

import urllib3
from datadog_api_client import ApiClient, Configuration
from datadog_api_client.exceptions import ApiException
from urllib3.exceptions import HTTPError, ProxyError, SSLError

from circleci_usage.core.errors import AccessError, ServiceError, UsageExporterError
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.network.deadlines import Deadline, watched
from circleci_usage.network.proxies import proxy_for
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.sites import Site

PAUSES: Final = (2.0, 4.0, 8.0, 16.0)
"""Seconds between tries: long enough for a hiccup. A rate limit says itself how long it lasts."""

LONGEST_PAUSE: Final = 120.0
"""A rate limit that lasts longer is not waited for."""

WAIT_BUDGET: Final = timedelta(minutes=15)
"""For all pauses of a session together: what is stamped now has to arrive within the hour."""

TIMEOUTS: Final = (10.0, 60.0)
"""Seconds to connect, and without a byte arriving."""

TOTAL: Final = 120.0
"""Seconds for a request and its whole answer, however steadily it drips."""

_TOO_MANY: Final = 429
_EMPTY: Final = 204
_DENIED: Final = frozenset({401, 403})
_PASSING: Final = frozenset({408, _TOO_MANY, *range(500, 600)})
_REDIRECTS: Final = range(300, 400)
_SHOWN: Final = 300
_LONGEST_ANSWER: Final = 32 << 20
_CHUNK: Final = 1 << 16
_FOREIGN: Final = "the answer is not Datadog's, but maybe a proxy's page"

Request = Callable[[ApiClient], object]
"""A call of one of the client's APIs."""


class DatadogRefusedError(Exception):
    """Datadog understood a request and does not do it, for another reason than the keys. For callers to explain.

    Attributes:
        status: of the answer, such as 400, 404 or 413.
        reason: what Datadog says.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"{status}: {reason}")
        self.status = status
        self.reason = reason


@dataclass(frozen=True)
class _Trouble:
    """A try that failed: the status of the answer, if there was one, what it said, and how long it asks to wait."""

    status: int | None
    reason: str
    pause: float | None = None

    @property
    def may_pass(self) -> bool:
        return self.status is None or self.status in _PASSING


class DatadogSession:
    """A session, open while its context lasts.

    Args:
        site: where.
        credentials: as whom.
        clock: what pauses are made with.
        progress: is told of pauses.
        timeouts: see `TIMEOUTS`.
        total: see `TOTAL`.

    Raises:
        SettingsError: the environment names a proxy that cannot be one.
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
    ) -> None:
        self.site = site
        self.credentials = credentials
        self.clock = clock
        self._progress = progress
        self._until = clock.now() + WAIT_BUDGET
        self._client = ApiClient(_configuration(site, credentials, timeouts))
        rest = self._client.rest_client
        rest.pool_manager = _Bounded(watched(rest.pool_manager), total)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._client.close()

    def call(self, request: Request, *, right: str = "", repeatable: bool = True) -> Any:  # noqa: ANN401 - it is JSON
        """Make a request until it succeeds or another try makes no sense.

        Args:
            request: the call.
            right: what the application key has to be allowed; empty when the API key will do.
            repeatable: whether it may be made again when nobody knows if it was done.

        Returns:
            The JSON of the answer; None when it is empty.

        Raises:
            AccessError: Datadog does not accept the keys, or they may not do this.
            ServiceError: Datadog cannot be reached or cannot do it now.
            DatadogRefusedError: it will not do it.
        """
        pauses = iter(PAUSES)
        while isinstance(outcome := self._try(request), _Trouble):
            pause = next(pauses, None)
            # Too many requests were not looked at, so another one does nothing twice.
            again = outcome.may_pass and (repeatable or outcome.status == _TOO_MANY)
            if pause is None or not again or not self._wait(pause, outcome):
                raise self._explained(outcome, right)
        return outcome[0]

    def shown(self, body: object) -> str:
        """What the errors in an answer say, safe to be shown."""
        errors = (body.get("errors") or body.get("error")) if isinstance(body, dict) else None
        errors = errors if isinstance(errors, list) else [errors]
        texts = (
            error.get("detail") or error.get("title") if isinstance(error, dict) else error
            for error in errors
        )
        said = "; ".join(
            str(text) for text in texts if text and isinstance(text, str | int | float)
        )
        shown = "".join(char if char.isprintable() else " " for char in self.credentials.hide(said))
        return shown[:_SHOWN]

    def _try(self, request: Request) -> tuple[Any] | _Trouble:
        try:
            # The configuration asks for answers as they are, whatever the client's types say.
            response = cast("urllib3.HTTPResponse", request(self._client))
            body = response.data
        except ApiException as error:
            return self._trouble(error)
        except HTTPError as error:
            return _Trouble(None, _broken(error))
        except UnicodeDecodeError:  # of the client, about the body of an error
            return _Trouble(None, _FOREIGN)
        if not body.strip():
            # Python takes an answer that was cut off in its head for one without a body.
            return (None,) if response.status == _EMPTY else _Trouble(None, _broken(HTTPError()))
        try:
            return (json.loads(body),)
        except (ValueError, RecursionError):
            return _Trouble(response.status, _FOREIGN)

    def _trouble(self, error: ApiException) -> _Trouble:
        if not error.status:  # the client's way to say that there is no TLS connection
            return _Trouble(None, _broken(SSLError()))
        reset = {name.lower(): value for name, value in (error.headers or {}).items()}.get(
            "x-ratelimit-reset", ""
        )
        pause = float(reset) if error.status == _TOO_MANY and reset.isdecimal() else None
        return _Trouble(error.status, self.shown(error.body), pause)

    def _wait(self, usual: float, trouble: _Trouble) -> bool:
        """Pause as long as usual or as Datadog asks for, unless that would be too long."""
        pause = usual if trouble.pause is None else trouble.pause
        if pause > LONGEST_PAUSE or self.clock.now() + timedelta(seconds=pause) > self._until:
            return False
        why = trouble.reason if trouble.status is None else f"it answers {trouble.status}"
        self._progress.detail(f"DatadogSession: {why}; trying again in {pause:.0f} s.")
        self.clock.sleep(pause)
        return True

    def _explained(self, trouble: _Trouble, right: str) -> UsageExporterError | DatadogRefusedError:
        status, said = trouble.status, f" It says: {trouble.reason}." if trouble.reason else ""
        if status is None:
            return ServiceError(
                f"Datadog cannot be reached at {self.site.url}: {trouble.reason}. Try again later."
            )
        if status in _DENIED:
            return AccessError(_denied(status, self.site, right) + said)
        if status == _TOO_MANY:
            return ServiceError(
                f"Datadog's rate limit is used up (429) and lasts too long.{said} Try again later."
            )
        if status in _PASSING:
            return ServiceError(
                f"Datadog at {self.site.url} cannot do it now ({status}).{said} Try again later."
            )
        if status in _REDIRECTS or status < _REDIRECTS.start:
            return ServiceError(
                f"{self.site.url} does not answer as Datadog does ({status}); check DATADOG_URL.{said}"
            )
        return DatadogRefusedError(status, trouble.reason)


class _TooSlowError(HTTPError):
    """The time for an answer is over."""


class _TooLongError(HTTPError):
    """More arrives than an answer can have."""


class _Bounded:
    """A pool manager whose answers are whole when they are given out: in time, and not without end."""

    def __init__(self, manager: urllib3.PoolManager, seconds: float) -> None:
        self._manager = manager
        self._seconds = seconds
        self.clear = manager.clear

    def request(self, method: str, url: str, **settings: Any) -> urllib3.HTTPResponse:  # noqa: ANN401 - urllib3's own
        with Deadline(self._seconds) as deadline:
            try:
                response = self._manager.request(method, url, redirect=False, **settings)
                body = _whole(response)
            except HTTPError:
                if deadline.is_over:
                    raise _TooSlowError from None
                raise
            if deadline.is_over:
                raise _TooSlowError
        return urllib3.HTTPResponse(
            BytesIO(body),
            headers=response.headers,
            status=response.status,
            reason=response.reason,
            preload_content=False,
            decode_content=False,  # it is decoded already
        )


def _whole(response: urllib3.BaseHTTPResponse) -> bytes:
    body = bytearray()
    while chunk := response.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > _LONGEST_ANSWER:
            response.close()
            raise _TooLongError
    response.release_conn()
    return bytes(body)


def _configuration(
    site: Site, credentials: Credentials, timeouts: tuple[float, float]
) -> Configuration:
    configuration = Configuration(
        host=site.url,
        request_timeout=timeouts,
        check_input_type=False,  # dictionaries instead of models: a sixth of the time
        preload_content=False,
        # False, unlike 0, also leaves out the client's silent repetitions of a PUT, and redirects, which would carry
        # the keys to another host.
        retry_policy=urllib3.util.Retry(total=False),
    )
    # Set afterwards: the constructor looks into the environment for what it is not given.
    configuration.api_key = {"apiKeyAuth": credentials.api_key.get_secret_value()}
    if credentials.app_key:
        configuration.api_key["appKeyAuth"] = credentials.app_key.get_secret_value()
    configuration.proxy, configuration.proxy_headers = _proxy(site.url)
    for operation in _UNSTABLE:
        configuration.unstable_operations[operation] = True
    return configuration


_UNSTABLE: Final = (
    "get_historical_metrics_configuration",
    "create_historical_metrics_configuration",
)


def _proxy(url: str) -> tuple[str | None, dict[str, str] | None]:
    """The proxy that the environment names for an address, as for CircleCI; the client does not look there."""
    proxy = proxy_for(url)
    user = urllib3.util.parse_url(proxy).auth if proxy else None
    return proxy, urllib3.util.make_headers(proxy_basic_auth=user) if user else None


def _denied(status: int, site: Site, right: str) -> str:
    if right:
        return (
            f"Datadog does not let these keys do that ({status}): the application key (DATADOG_APP_KEY) needs {right},"
            f" and both keys have to belong to {site.name}."
        )
    return (
        f"Datadog does not accept the API key ({status}): check DATADOG_API_KEY, and that DATADOG_SITE is the site that"
        f" it belongs to; now it is {site.name}."
    )


# The first that fits counts.
_TROUBLES: Final = (
    (SSLError, "no trusted TLS connection (a proxy's certificate? see SSL_CERT_FILE)"),
    (ProxyError, "no connection through the proxy"),
    (_TooSlowError, "it answers too slowly"),
    (_TooLongError, "the answer is far too long"),
    (urllib3.exceptions.ReadTimeoutError, "no answer within the time-out"),
    (urllib3.exceptions.ConnectTimeoutError, "no connection"),
    (HTTPError, "the connection broke"),
)


def _broken(error: HTTPError) -> str:
    """What urllib3 met, without its words, which may hold a proxy's password."""
    return next(words for kind, words in _TROUBLES if isinstance(error, kind))
