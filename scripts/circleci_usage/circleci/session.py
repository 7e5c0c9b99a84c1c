"""HTTP as the API client and the downloads need it: no credentials by accident, time-outs, bodies that end, waits."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Final

import requests
from requests.exceptions import ChunkedEncodingError, ProxyError, SSLError
from urllib3.exceptions import HTTPError, MaxRetryError, NewConnectionError
from urllib3.exceptions import TimeoutError as NoAnswerError

from circleci_usage import __version__

LONGEST_WAIT: Final = timedelta(days=31)
"""A server that says to come back later than this is taken by this, so that nonsense does not overflow."""

_CHUNK: Final = 1 << 16
_SECONDS: Final = re.compile(r"\d{1,12}")
_EPOCH_FROM: Final = 1_000_000_000
"""A rate-limit reset at least this large is a Unix time, a smaller one a number of seconds."""


@dataclass(frozen=True)
class Timeouts:
    """Seconds: to connect, without a byte arriving, and for the whole of an API answer."""

    connect: float = 10
    read: float = 60
    total: float = 120


class BrokenError(Exception):
    """An exchange that did not come to its end; the message says how, and holds no URL.

    Attributes:
        sent: whether the request may have reached the server.
        wait: how long the server wants to be left alone, if it said so.
    """

    def __init__(self, reason: str, *, sent: bool = True, wait: timedelta | None = None) -> None:
        super().__init__(reason)
        self.sent = sent
        self.wait = wait


class Session(requests.Session):
    """Takes proxies and certificates from the environment as usual, but never credentials from ~/.netrc."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = _no_credentials
        self.max_redirects = 5
        self.headers.update(
            {"User-Agent": f"circleci-usage/{__version__}", "Accept": "*/*", "Accept-Encoding": "identity"}
        )

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Add nothing on a redirect: requests would look into ~/.netrc."""


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


# The first that fits counts. The words hold no URL, which may carry a signature or a proxy's password.
_TROUBLES: Final = (
    (requests.ConnectTimeout, "no connection within the time-out", False),
    (SSLError, "no trusted TLS connection (a proxy's certificate? see REQUESTS_CA_BUNDLE)", False),
    (ProxyError, "no connection through the proxy", False),
    ((requests.Timeout, NoAnswerError), "no answer within the time-out", True),
    ((requests.ConnectionError, ChunkedEncodingError, HTTPError), "the connection broke", True),
    (Exception, "it could not be requested", True),
)


def broken(error: Exception) -> BrokenError:
    """What requests or urllib3 met, in our words."""
    if _never_connected(error):
        return BrokenError("no connection", sent=False)
    return next(BrokenError(words, sent=sent) for kind, words, sent in _TROUBLES if isinstance(error, kind))


def _never_connected(error: Exception) -> bool:
    cause = error.args[0] if error.args else None
    return isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)


def read_body(response: requests.Response, *, limit: int, seconds: float) -> bytes:
    """A body of at most `limit` bytes, arriving within `seconds`, however slowly its bytes drip.

    Raises:
        BrokenError: it is too long, too slow, or ends too early.
    """
    body = bytearray()
    until = monotonic() + seconds
    try:
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > limit:
                raise BrokenError("the answer is far too long")
            if monotonic() > until:
                raise BrokenError("no whole answer within the time-out")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise broken(error) from None
    return bytes(body)


def date_of(headers: Mapping[str, str]) -> datetime | None:
    """The server's time."""
    return _http_date(headers.get("Date", ""))


def wait_of(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long a server wants to be left alone, by Retry-After (seconds or date), else by used-up rate-limit headers.

    Args:
        headers: of its answer, found in any case of letters.
        now: this moment, if the server does not say its own.
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
    date = _http_date(text)
    return None if date is None else (date - now).total_seconds()


def _rate_limit_reset(headers: Mapping[str, str], now: datetime) -> float | None:
    for prefix in ("", "X-"):
        reset = headers.get(f"{prefix}RateLimit-Reset", "").strip()
        if headers.get(f"{prefix}RateLimit-Remaining", "").strip() == "0" and _SECONDS.fullmatch(reset):
            return int(reset) - now.timestamp() if int(reset) >= _EPOCH_FROM else float(reset)
    return None


def _http_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date.astimezone(UTC)
