"""Is everything in place? Every setting looked at in turn; each finding says what is well or what to fix."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from circleci_usage.circleci.checks import Check, check_circleci, check_store
from circleci_usage.circleci.client import CircleCI
from circleci_usage.circleci.store import Store
from circleci_usage.config import environment as config
from circleci_usage.errors import AccessError, SettingsError, UsageExporterError
from circleci_usage.progress import Progress, SystemClock
from circleci_usage.push.credentials import API_KEY_VARIABLES, datadog_credentials
from circleci_usage.push.sites import datadog_site


@dataclass(frozen=True)
class Finding:
    """A check and the exit code that it is worth: 0 when all is well."""

    check: Check
    exit_code: int


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


def examine(settings: DoctorSettings, environment: Mapping[str, str], *, progress: Progress) -> Iterator[Finding]:
    """Look at everything, without spending an export."""
    try:
        names = config.organizations(settings.organizations)
    except SettingsError as error:
        names = ()
        yield _failed("organisation", error)
    try:
        token, insecure = config.circleci_token(environment), settings.allow_insecure
        client = CircleCI(settings.circleci_url, token, progress=progress, allow_insecure=insecure)
    except SettingsError as error:
        yield _failed("token", error)
    else:
        for check in check_circleci(client, names):
            yield _finding(check, AccessError.exit_code)
    yield _settings(settings.load_prices)
    for check in check_store(Store(settings.store)):
        yield _finding(check, SettingsError.exit_code)
    if any(environment.get(name) for name in API_KEY_VARIABLES):
        yield _datadog(settings, environment, progress)


def _settings(load: Callable[[], object]) -> Finding:
    try:
        load()
    except UsageExporterError as error:
        return _failed("settings", error)
    return _finding(Check("settings", ok=True, message="The prices are understood."), 0)


def _datadog(settings: DoctorSettings, environment: Mapping[str, str], progress: Progress) -> Finding:
    from circleci_usage.push.datadog import check_keys  # noqa: PLC0415 - the client costs start-up time

    try:
        site = datadog_site(settings.datadog_site, settings.datadog_url, allow_insecure=settings.allow_insecure)
        said = check_keys(site, datadog_credentials(environment), clock=SystemClock(), progress=progress)
    except UsageExporterError as error:
        return _failed("Datadog", error)
    return _finding(Check("Datadog", ok=True, message=said), 0)


def _failed(name: str, error: UsageExporterError) -> Finding:
    return Finding(Check(name, ok=False, message=str(error)), error.exit_code)


def _finding(check: Check, exit_code: int) -> Finding:
    return Finding(check, 0 if check.ok else exit_code)
