"""Where Datadog is: one of its sites, or another address such as that of a proxy."""

from dataclasses import dataclass
from typing import Final

from circleci_usage.core.errors import ServiceError, SettingsError
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.addresses import service_address
from circleci_usage.push.datadog.defaults import DEFAULT_SITE

GOVERNMENT: Final = "ddog-gov.com"
"""Sites without Historical Metrics Ingestion."""

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

_CALLED: Final = {
    "us": DEFAULT_SITE,
    "us1": DEFAULT_SITE,
    "us3": "us3.datadoghq.com",
    "us5": "us5.datadoghq.com",
    "ap1": "ap1.datadoghq.com",
    "ap2": "ap2.datadoghq.com",
    "uk1": "uk1.datadoghq.com",
    "eu": "datadoghq.eu",
    "eu1": "datadoghq.eu",
    "gov": GOVERNMENT,
    "us1-fed": GOVERNMENT,
}
"""What Datadog calls its sites, and people write."""

_SETTING: Final = "DATADOG_URL (--datadog-url)"
_SHOWN: Final = 100


@dataclass(frozen=True)
class Site:
    """A Datadog site.

    Attributes:
        name: one of `SITES`; the keys belong to it.
        url: the address of its API.
    """

    name: str
    url: str

    @property
    def government(self) -> bool:
        """Whether it is a site for the government."""
        return self.name.endswith(GOVERNMENT)

    @property
    def app_url(self) -> str:
        """The address of its pages in a browser."""
        has_own_host = self.name.count(".") > 1
        return f"https://{self.name}" if has_own_host else f"https://app.{self.name}"


def datadog_site(name: str, url: str | None = None, *, allow_insecure: bool = False) -> Site:
    """A site by its name, and optionally another address to reach it at.

    People copy the name from a browser, so `https://`, `app.` or `api.` may come before it.

        >>> datadog_site("https://app.datadoghq.eu/")
        Site(name='datadoghq.eu', url='https://api.datadoghq.eu')

    Raises:
        SettingsError: the site is unknown; the URL is not valid, or keys must not be sent to it.
    """
    wanted = name.strip().lower().removeprefix("https://").rstrip("/")
    wanted = wanted.removeprefix("app.").removeprefix("api.")
    if wanted not in SITES:
        guess = did_you_mean(_CALLED.get(wanted, wanted), SITES)
        raise SettingsError(
            f"Unknown Datadog site '{inert(name, _SHOWN)}'; set DATADOG_SITE or --datadog-site to"
            f" the one in the address of your Datadog pages: {', '.join(SITES)}"
            f"{guess or '.'}"
        )
    if not url:
        return Site(wanted, f"https://api.{wanted}")
    example = "https://proxy.example.com"
    address = service_address(url, setting=_SETTING, example=example, allow_insecure=allow_insecure)
    return Site(wanted, address)


def unreachable(site: Site, reason: str) -> ServiceError:
    """The error for a site that gives no response."""
    return ServiceError(
        f"Datadog cannot be reached at {site.url}: {reason}. Try again later, and check the network"
        " and --datadog-url (DATADOG_URL)."
    )
