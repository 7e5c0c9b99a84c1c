"""The proxy of the environment, as curl and Python's own modules read it."""

from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from circleci_usage.core.errors import SettingsError
from circleci_usage.network.addresses import is_loopback, proxy_address


def proxy_for(url: str) -> str | None:
    """The proxy for a URL by http_proxy, https_proxy, all_proxy and no_proxy, if any.

    Requests to this machine never go through another one: they may be plain HTTP only because
    they do not leave it.

    Raises:
        SettingsError: it is not the address of an HTTP proxy. The message does not quote it: it may
            hold a password.
    """
    named = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not named:
        return None
    proxy = proxy_address(named.strip())
    if proxy is None:
        raise SettingsError(
            "The proxy in the environment (HTTP_PROXY, HTTPS_PROXY or ALL_PROXY) is not a valid"
            " URL; write it as http://proxy.example.com:3128, or list the host in NO_PROXY."
        )
    stays_here = is_loopback(urlsplit(url).hostname or "")
    leaves = not is_loopback(_host(proxy))
    return None if stays_here and leaves else proxy


def _host(proxy: str) -> str:
    scheme, _, rest = proxy.partition("://")
    return urlsplit(f"{scheme}://{rest.rpartition('@')[2]}").hostname or ""
