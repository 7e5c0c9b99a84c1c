"""The proxy and the certificates of the environment, as curl and Python's own modules read it."""

from ssl import create_default_context
from urllib.parse import urlsplit

from requests import Session
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


def certificates_for(url: str) -> str | None:
    """The file of trusted certificates by REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE, if any.

    Raises:
        SettingsError: it cannot be read.
    """
    with Session() as session:
        named = session.merge_environment_settings(url, {}, None, None, None)["verify"]
    if not isinstance(named, str):
        return None
    try:
        create_default_context(cafile=named)
    except OSError:
        raise unusable_certificates() from None
    return named


def unusable_certificates() -> SettingsError:
    """The error for a certificate file that the environment names and nobody can read."""
    return SettingsError(
        "The certificate file in REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) cannot be read; use a file"
        " in PEM format, or unset the variable."
    )


def _host(proxy: str) -> str:
    scheme, _, rest = proxy.partition("://")
    return urlsplit(f"{scheme}://{rest.rpartition('@')[2]}").hostname or ""
