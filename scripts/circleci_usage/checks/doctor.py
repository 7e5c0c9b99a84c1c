"""`doctor`: checks every setting in turn; each check reports ok or what to fix."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from circleci_usage.checks.export_checks import Check, check_circleci, check_store
from circleci_usage.checks.notification_check import check_notifications
from circleci_usage.config import environment as config
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.errors import SettingsError, UsageExporterError
from circleci_usage.core.periods import today_utc
from circleci_usage.core.progress import Progress, SystemClock
from circleci_usage.export.api_client import CircleCI
from circleci_usage.export.store import Store
from circleci_usage.login.token_expiry import if_rejected
from circleci_usage.network.http import Timeouts
from circleci_usage.network.reachable import WITHIN, ConnectionAttempt
from circleci_usage.push.datadog.credentials import API_KEY_VARIABLES, datadog_credentials
from circleci_usage.push.datadog.sites import Site, datadog_site, unreachable


@dataclass(frozen=True)
class DoctorSettings:
    """What to check.

    Attributes:
        circleci_url: address of CircleCI.
        find_token: gives the token for it, or raises what to do.
        organizations: ids or slugs.
        store: folder of the store.
        load_prices: reads the settings file; says which prices apply, or raises what is wrong.
        datadog_site: name of the Datadog site.
        datadog_url: another address of its API, if any.
        allow_insecure: whether tokens may be sent over plain http.
        organizations_from: the flag or variable that they were written in.
        load_notifications: reads the settings file; gives its notifications.
    """

    circleci_url: str
    find_token: Callable[[], ApiToken]
    organizations: Sequence[str]
    store: Path
    load_prices: Callable[[], str]
    datadog_site: str
    datadog_url: str | None
    allow_insecure: bool = False
    organizations_from: str = "--org-id"
    load_notifications: Callable[[], Sequence[NotificationSection]] = tuple


def examine(
    settings: DoctorSettings, environment: Mapping[str, str], *, progress: Progress
) -> Iterator[Check]:
    """Run all checks. No export starts, but one test request may count toward the hourly quota."""
    try:
        names = config.organizations(settings.organizations, settings.organizations_from)
    except SettingsError as error:
        names = ()
        yield Check.failed("organization", error)
    # Begun before CircleCI is asked, so that without a network one timeout is enough.
    to_datadog = _attempt_datadog(settings, environment)
    yield from _check_circleci(settings, names, progress)
    yield _check_settings(settings.load_prices)
    yield from check_store(Store(settings.store))
    if any(environment.get(name) for name in API_KEY_VARIABLES):
        yield _check_datadog(settings, environment, progress, to_datadog)
    notified = check_notifications(settings.load_notifications, environment, progress)
    if notified:
        yield notified


def _check_circleci(
    settings: DoctorSettings, organizations: Sequence[str], progress: Progress
) -> Iterator[Check]:
    try:
        token = settings.find_token()
        client = CircleCI(
            settings.circleci_url,
            token.secret,
            progress=progress,
            timeouts=Timeouts(WITHIN, WITHIN, WITHIN),
            allow_insecure=settings.allow_insecure,
            retry_waits=(),
            if_rejected=if_rejected(token, today_utc(SystemClock().now())),
        )
        fault = ConnectionAttempt(client.root).fault()
    except SettingsError as error:
        yield Check.failed("token", error)
        return
    if fault:
        yield Check.failed("connection", client.unavailable(fault))
        return
    yield from check_circleci(client, token, organizations, Store(settings.store))


def _attempt_datadog(
    settings: DoctorSettings, environment: Mapping[str, str]
) -> ConnectionAttempt | None:
    if not any(environment.get(name) for name in API_KEY_VARIABLES):
        return None
    # What is wrong in the settings is reported in its turn.
    with suppress(SettingsError):
        return ConnectionAttempt(_site(settings).url)
    return None


def _check_settings(load: Callable[[], str]) -> Check:
    try:
        return Check("settings", load())
    except UsageExporterError as error:
        return Check.failed("settings", error)


def _check_datadog(
    settings: DoctorSettings,
    environment: Mapping[str, str],
    progress: Progress,
    attempt: ConnectionAttempt | None,
) -> Check:
    from circleci_usage.push.datadog.account import check_keys  # noqa: PLC0415 - loads Datadog's client

    try:
        site, credentials = _site(settings), datadog_credentials(environment)
        fault = attempt and attempt.fault()
        if fault:
            raise unreachable(site, fault)
        message = check_keys(
            site, credentials, clock=SystemClock(), progress=progress, within=WITHIN
        )
    except UsageExporterError as error:
        return Check.failed("Datadog", error)
    return Check("Datadog", message)


def _site(settings: DoctorSettings) -> Site:
    return datadog_site(
        settings.datadog_site, settings.datadog_url, allow_insecure=settings.allow_insecure
    )
