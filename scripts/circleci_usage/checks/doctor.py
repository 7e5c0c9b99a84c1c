"""Is everything in place? Every setting looked at in turn; each check says what is well or what to fix."""

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
    """What to look at; `load_prices` reads the settings file and says what is wrong with it."""

    circleci_url: str
    organizations: Sequence[str]
    store: Path
    load_prices: Callable[[], object]
    datadog_site: str
    datadog_url: str | None
    allow_insecure: bool = False


def examine(
    settings: DoctorSettings, environment: Mapping[str, str], *, progress: Progress
) -> Iterator[Check]:
    """Look at everything, without spending an export."""
    try:
        names = config.organizations(settings.organizations)
    except SettingsError as error:
        names = ()
        yield Check.failed("organisation", error)
    try:
        token, insecure = config.circleci_token(environment), settings.allow_insecure
        client = CircleCI(settings.circleci_url, token, progress=progress, allow_insecure=insecure)
    except SettingsError as error:
        yield Check.failed("token", error)
    else:
        yield from check_circleci(client, names)
    yield _settings(settings.load_prices)
    yield from check_store(Store(settings.store))
    if any(environment.get(name) for name in API_KEY_VARIABLES):
        yield _datadog(settings, environment, progress)


def _settings(load: Callable[[], object]) -> Check:
    try:
        load()
    except UsageExporterError as error:
        return Check.failed("settings", error)
    return Check("settings", "The prices are understood.")


def _datadog(settings: DoctorSettings, environment: Mapping[str, str], progress: Progress) -> Check:
    from circleci_usage.push.datadog.account import check_keys  # noqa: PLC0415 - the client costs start-up time

    try:
        site = datadog_site(
            settings.datadog_site, settings.datadog_url, allow_insecure=settings.allow_insecure
        )
        said = check_keys(
            site, datadog_credentials(environment), clock=SystemClock(), progress=progress
        )
    except UsageExporterError as error:
        return Check.failed("Datadog", error)
    return Check("Datadog", said)
