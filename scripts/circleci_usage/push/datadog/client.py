"""Datadog's own client, configured so that keys go nowhere else and responses end in time."""

from io import BytesIO
from typing import Any, Final

import urllib3
from datadog_api_client import ApiClient, Configuration
from urllib3.exceptions import HTTPError

from circleci_usage.network.deadlines import Deadline, watched
from circleci_usage.network.faults import connection_fault
from circleci_usage.network.proxies import certificates_for, proxy_for
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.sites import Site

TIMEOUTS: Final = (10.0, 60.0)
"""Seconds to connect, and without a byte arriving."""

TOTAL: Final = 120.0
"""Seconds for a request and its whole response, however steadily it drips."""

_LONGEST_RESPONSE: Final = 32 << 20
_CHUNK: Final = 1 << 16

_UNSTABLE: Final = (
    "get_historical_metrics_configuration",
    "create_historical_metrics_configuration",
)
"""Operations that the client refuses unless they are allowed by name."""


def datadog_client(
    site: Site, credentials: Credentials, timeouts: tuple[float, float], total: float
) -> ApiClient:
    """The client.

    Raises:
        SettingsError: the environment names a proxy whose address is not valid.
    """
    client = ApiClient(_configuration(site, credentials, timeouts))
    rest = client.rest_client
    rest.pool_manager = _Bounded(watched(rest.pool_manager), total)
    return client


def _configuration(
    site: Site, credentials: Credentials, timeouts: tuple[float, float]
) -> Configuration:
    configuration = Configuration(
        host=site.url,
        request_timeout=timeouts,
        check_input_type=False,  # dictionaries instead of models: a sixth of the time
        preload_content=False,
        # False, unlike 0, also disables the client's silent retries of a PUT, and redirects, which
        # would carry the keys to another host.
        retry_policy=urllib3.util.Retry(total=False),
    )
    # Set afterwards: the constructor reads from the environment what it is not given.
    configuration.api_key = {"apiKeyAuth": credentials.api_key.get_secret_value()}
    if credentials.app_key:
        configuration.api_key["appKeyAuth"] = credentials.app_key.get_secret_value()
    configuration.proxy, configuration.proxy_headers = _proxy(site.url)
    configuration.ssl_ca_cert = certificates_for(site.url)
    for operation in _UNSTABLE:
        configuration.unstable_operations[operation] = True
    return configuration


def _proxy(url: str) -> tuple[str | None, dict[str, str] | None]:
    """The proxy that the environment names for an address; the client does not read it."""
    proxy = proxy_for(url)
    user = urllib3.util.parse_url(proxy).auth if proxy else None
    headers = urllib3.util.make_headers(proxy_basic_auth=user) if user else None
    return proxy, headers


class _TooSlowError(HTTPError):
    """The time for a response is over."""


class _TooLongError(HTTPError):
    """More arrives than a response can have."""


class _Bounded:
    """A pool manager that returns whole responses only, limited in time and size."""

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
        if len(body) > _LONGEST_RESPONSE:
            response.close()
            raise _TooLongError
    response.release_conn()
    return bytes(body)


def request_fault(error: HTTPError) -> str:
    """What went wrong, without urllib3's own text, which may contain a proxy's password."""
    if isinstance(error, _TooSlowError):
        return "the connection or the response is too slow"
    if isinstance(error, _TooLongError):
        return "the response is far too long"
    return connection_fault(error) or "the connection was interrupted"
