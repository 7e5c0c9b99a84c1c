"""HTTP for exports and logins.

No credentials by accident, timeouts, bodies of bounded size, and how long a server wants to wait.
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError
from urllib3 import PoolManager, ProxyManager
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError
from urllib3.exceptions import TimeoutError as NoResponseError

from circleci_usage import __version__
from circleci_usage.network.deadlines import Deadline, watched
from circleci_usage.network.faults import connection_fault
from circleci_usage.network.proxies import proxy_for, unusable_certificates

LONGEST_WAIT: Final = timedelta(days=31)
"""The longest wait that a server can request: nonsense must not overflow."""

CLOCK_YEARS: Final = range(2015, 2101)
"""A Date header with another year is not the time but nonsense."""

TOO_SLOW: Final = "the connection or the response is too slow"

REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
"""Status codes of redirects. No session follows them; the caller decides."""

_CHUNK: Final = 1 << 16
_SECONDS: Final = re.compile(r"[0-9]{1,12}")
_FOREVER: Final = re.compile(r"[0-9]{13,}")
_EPOCH_FROM: Final = 1_000_000_000
"""A rate-limit reset at least this large is a Unix time, a smaller one a number of seconds."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds to connect, to wait for the next byte, and for a whole exchange.

    A download has `total` for its headers, and again for each piece of `download.SLOWEST` bytes.
    """

    connect: float = 10
    read: float = 60
    total: float = 120


class BrokenError(Exception):
    """An exchange that did not complete; the message says why and contains no URL.

    Attributes:
        sent: whether the request may have reached the server.
        wait: how long the server wants the client to wait, if it said so.
    """

    def __init__(self, reason: str, *, sent: bool = True, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.wait = wait


class Session(requests.Session):
    """Uses proxies and certificates from the environment, but no credentials from ~/.netrc."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = _no_credentials
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter())
        self.headers.update(
            {
                "User-Agent": f"circleci-usage/{__version__}",
                "Accept": "*/*",
                "Accept-Encoding": "identity",
            }
        )

    def rebuild_auth(
        self, prepared_request: requests.PreparedRequest, response: requests.Response
    ) -> None:
        """Add nothing on a redirect: requests would look into ~/.netrc."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002 - as in requests
        """None: requests would read the whole body of a redirect even without following it."""
        return None

    def merge_environment_settings(self, url: Any, *args: Any, **others: Any) -> Any:  # noqa: ANN401
        """Like requests, but with the proxy's address checked before it is used."""
        settings: Any = super().merge_environment_settings(url, *args, **others)
        proxy = proxy_for(url)
        settings["proxies"] = {"http": proxy, "https": proxy} if proxy else {}
        return settings


class _Adapter(HTTPAdapter):
    """Connections that end with their deadline."""

    poolmanager: PoolManager

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - as in requests
        super().init_poolmanager(*arguments, **settings)
        watched(self.poolmanager)

    def proxy_manager_for(self, proxy: Any, **settings: Any) -> ProxyManager:  # noqa: ANN401 - as in requests
        manager: ProxyManager = super().proxy_manager_for(proxy, **settings)
        return watched(manager)


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


# The first match counts, after those of `connection_fault`. The texts contain no URL, which may
# carry a signature.
_REASONS: Final = (
    ((requests.Timeout, NoResponseError), "no response before the timeout"),
    (
        (requests.ConnectionError, ChunkedEncodingError, HTTPError),
        "the connection was interrupted",
    ),
    (Exception, "the request could not be sent"),
)


@contextmanager
def exchange(deadline: Deadline) -> Iterator[None]:
    """Translate the errors of requests and urllib3 within a deadline.

    Raises:
        BrokenError: the exchange did not complete.
        SettingsError: the environment names a certificate file that cannot be used.
    """
    try:
        yield
    except (requests.RequestException, HTTPError, ValueError) as error:
        raise _broken(error, deadline) from None
    except OSError:
        # requests' own checks before anything is sent; network errors are among those above.
        raise unusable_certificates() from None
    if deadline.is_over:
        raise BrokenError(TOO_SLOW)


def _broken(error: Exception, deadline: Deadline) -> BrokenError:
    if deadline.is_over:
        return BrokenError(TOO_SLOW, sent=deadline.has_connected)
    reason = connection_fault(error)
    if _never_connected(error):
        return BrokenError(reason or "no connection", sent=False)
    reason = reason or next(text for kind, text in _REASONS if isinstance(error, kind))
    return BrokenError(reason, sent=deadline.has_connected)


def _never_connected(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def request_once(
    method: str,
    address: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None,
    timeouts: Timeouts,
    limit: int,
) -> tuple[requests.Response, bytes]:
    """One request on a connection of its own, without redirects: the response and its body.

    Args:
        method: such as POST.
        address: which may be a secret.
        headers: besides those of every session.
        body: what is sent.
        timeouts: of the exchange.
        limit: the most bytes of the response's body.

    Raises:
        BrokenError: the exchange did not complete, or the response is too long.
        SettingsError: the environment names a certificate file that cannot be used.
    """
    with Session() as session, Deadline(timeouts.total) as deadline, exchange(deadline):
        made = session.request(
            method,
            address,
            data=body,
            headers=headers,
            timeout=(timeouts.connect, timeouts.read),
            allow_redirects=False,
            stream=True,
        )
        with made as response:
            content = read_body(response, limit=limit)
    return response, content


def read_body(response: requests.Response, *, limit: int) -> bytes:
    """A body of at most `limit` bytes.

    Raises:
        BrokenError: it is too long.
    """
    body = bytearray()
    while chunk := response.raw.read1(_CHUNK, decode_content=True):
        body += chunk
        if len(body) > limit:
            raise BrokenError("the response is too long")
    return bytes(body)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The server's time; None when the header is missing or nonsense."""
    date = _http_date(headers.get("Date", ""))
    return date if date and date.year in CLOCK_YEARS else None


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a server wants the client to wait; None when it does not say.

    Read from Retry-After (seconds or a date), or from rate-limit headers without requests left.

    Example:
        >>> wait_of({"Retry-After": "90"}, datetime(2026, 11, 2, tzinfo=UTC))
        datetime.timedelta(seconds=90)

    Args:
        headers: of its response; real ones are found in any case of letters.
        now: this moment, if the server does not send its own.
    """
    here = date_of(headers) or now
    seconds = _retry_after(headers, here)
    if seconds is None:
        seconds = _rate_limit_reset(headers, here)
    return None if seconds is None else min(timedelta(seconds=max(0.0, seconds)), LONGEST_WAIT)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    text = headers.get("Retry-After", "").strip()
    if _SECONDS.fullmatch(text):
        return float(text)
    if _FOREVER.fullmatch(text):
        return LONGEST_WAIT.total_seconds()
    date = _http_date(text)
    return None if date is None else (date - now).total_seconds()


def _rate_limit_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    for prefix in ("", "X-"):
        reset = headers.get(f"{prefix}RateLimit-Reset", "").strip()
        if headers.get(f"{prefix}RateLimit-Remaining", "").strip() == "0" and _SECONDS.fullmatch(
            reset
        ):
            return int(reset) - now.timestamp() if int(reset) >= _EPOCH_FROM else float(reset)
    return None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
    except (ValueError, TypeError, LookupError, OverflowError):
        return None
