"""`doctor`: checks every setting in turn; each check reports ok or what to fix."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from circleci_usage.checks.export_checks import Check, check_circleci, check_store
from circleci_usage.config import environment as config
from circleci_usage.core.errors import SettingsError, UsageExporterError
from circleci_usage.core.progress import Progress, SystemClock
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.store import Store
from circleci_usage.push.datadog.credentials import API_KEY_VARIABLES, datadog_credentials
from circleci_usage.push.datadog.sites import datadog_site


@dataclass(frozen=True)
class DoctorSettings:
    """What to check.

    Attributes:
        circleci_url: address of CircleCI.
        organizations: ids or slugs.
        store: folder of the store.
        load_prices: reads the settings file; says which prices apply, or raises what is wrong.
        datadog_site: name of the Datadog site.
        datadog_url: another address of its API, if any.
        allow_insecure: whether tokens may be sent over plain http.
        organizations_from: the flag or variable that they were written in.
    """

    circleci_url: str
    organizations: Sequence[str]
    store: Path
    load_prices: Callable[[], str]
    datadog_site: str
    datadog_url: str | None
    allow_insecure: bool = False
    organizations_from: str = "--org-id"


def examine(
    settings: DoctorSettings, environment: Mapping[str, str], *, progress: Progress
) -> Iterator[Check]:
    """Run all checks, without using up an export request."""
    try:
        names = config.organizations(settings.organizations, settings.organizations_from)
    except SettingsError as error:
        names = ()
        yield Check.failed("organization", error)
    try:
        token, insecure = config.circleci_token(environment), settings.allow_insecure
        client = CircleCI(settings.circleci_url, token, progress=progress, allow_insecure=insecure)
    except SettingsError as error:
        yield Check.failed("token", error)
    else:
        yield from check_circleci(client, names)
    yield _check_settings(settings.load_prices)
    yield from check_store(Store(settings.store))
    if any(environment.get(name) for name in API_KEY_VARIABLES):
        yield _check_datadog(settings, environment, progress)


def _check_settings(load: Callable[[], str]) -> Check:
    try:
        return Check("settings", load())
    except UsageExporterError as error:
        return Check.failed("settings", error)


def _check_datadog(
    settings: DoctorSettings, environment: Mapping[str, str], progress: Progress
) -> Check:
    from circleci_usage.push.datadog.account import check_keys  # noqa: PLC0415 - loads Datadog's client

    try:
        site = datadog_site(
            settings.datadog_site, settings.datadog_url, allow_insecure=settings.allow_insecure
        )
        credentials = datadog_credentials(environment)
        message = check_keys(site, credentials, clock=SystemClock(), progress=progress)
    except UsageExporterError as error:
        return Check.failed("Datadog", error)
    return Check("Datadog", message)
