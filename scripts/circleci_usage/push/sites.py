"""Where Datadog is: its sites, or another address such as a proxy's."""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from circleci_usage.errors import SettingsError

DEFAULT_SITE: Final = "datadoghq.com"

GOVERNMENT: Final = "ddog-gov.com"
"""Where there is no Historical Metrics Ingestion."""

SITES: Final = (
    DEFAULT_SITE,
    "us3.datadoghq.com",
    "us5.datadoghq.com",
    "ap1.datadoghq.com",
    "ap2.datadoghq.com",
    "uk1.datadoghq.com",
    "datadoghq.eu",
    GOVERNMENT,
    f"us2.{GOVERNMENT}",
)
"""Every site that datadog-api-client accepts."""


@dataclass(frozen=True)
class Site:
    """A Datadog site.

    Attributes:
        name: one of `SITES`; the keys belong to it.
        url: where its API is asked.
    """

    name: str
    url: str

    @property
    def government(self) -> bool:
        """Whether it is one for the government."""
        return self.name.endswith(GOVERNMENT)

    @property
    def app_url(self) -> str:
        """Where people look at it in a browser."""
        has_own_host = self.name.count(".") > 1
        return f"https://{self.name}" if has_own_host else f"https://app.{self.name}"


def datadog_site(name: str, url: str | None = None) -> Site:
    """A site by its name, and another address to reach it at, if any.

    The name is taken as people copy it: with `https://`, `app.` or `api.` before it.

    Raises:
        SettingsError: there is no such site, or the URL is none.
    """
    wanted = name.strip().lower().removeprefix("https://").rstrip("/").removeprefix("app.").removeprefix("api.")
    if wanted not in SITES:
        raise SettingsError(
            f"There is no Datadog site {name!r}; set DATADOG_SITE or --datadog-site to one of {', '.join(SITES)}: the"
            " one in the address of your Datadog pages."
        )
    return Site(wanted, _address(url) if url else f"https://api.{wanted}")


def _address(url: str) -> str:
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.username or parts.password or parts.query or parts.fragment:
        raise SettingsError(
            "DATADOG_URL (--datadog-url) is no address of a Datadog API; write one such as https://proxy.example.com,"
            " without a user, a password or a query."
        )
    return url.strip().rstrip("/")
