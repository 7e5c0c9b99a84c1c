"""Where Datadog is: its sites, or another address such as a proxy's."""

from dataclasses import dataclass
from typing import Final

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert
from circleci_usage.network.addresses import service_address

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

_SETTING: Final = "DATADOG_URL (--datadog-url)"
_SHOWN: Final = 100


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


def datadog_site(name: str, url: str | None = None, *, allow_insecure: bool = False) -> Site:
    """A site by its name, and another address to reach it at, if any.

    The name is taken as people copy it: with `https://`, `app.` or `api.` before it.

    Raises:
        SettingsError: there is no such site; the URL is none, or one to which the keys must not be sent.
    """
    wanted = (
        name.strip()
        .lower()
        .removeprefix("https://")
        .rstrip("/")
        .removeprefix("app.")
        .removeprefix("api.")
    )
    if wanted not in SITES:
        raise SettingsError(
            f"There is no Datadog site '{inert(name, _SHOWN)}'; set DATADOG_SITE or --datadog-site to one of"
            f" {', '.join(SITES)}: the one in the address of your Datadog pages."
        )
    if not url:
        return Site(wanted, f"https://api.{wanted}")
    example = "https://proxy.example.com"
    return Site(
        wanted,
        service_address(url, setting=_SETTING, example=example, allow_insecure=allow_insecure),
    )
