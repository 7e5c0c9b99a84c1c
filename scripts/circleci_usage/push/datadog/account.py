"""Requests besides a push: checking the keys, and creating a dashboard."""

import re
from collections.abc import Mapping
from typing import Any, Final

from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v1.api.dashboards_api import DashboardsApi
from datadog_api_client.v2.api.key_management_api import KeyManagementApi

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.push.datadog.connection import DatadogSession
from circleci_usage.push.datadog.credentials import PUT_APP_KEY, Credentials
from circleci_usage.push.datadog.plain_requests import request_or_fail
from circleci_usage.push.datadog.sites import Site

_PATH: Final = re.compile(r"/[0-9A-Za-z_./-]{1,300}")


def check_keys(
    site: Site,
    credentials: Credentials,
    *,
    clock: Clock,
    progress: Progress,
    within: float | None = None,
) -> str:
    """Ask Datadog whether it accepts the keys.

    Args:
        site: where.
        credentials: the keys.
        clock: what pauses are made with.
        progress: receives a message about each pause.
        within: seconds for each of the two requests, without another attempt; None for patience.

    Returns:
        A sentence on what they can be used for.

    Raises:
        AccessError: Datadog does not accept them.
        ServiceError: Datadog cannot be reached.
    """
    hurry: dict[str, Any] = {}
    if within is not None:
        hurry = {"timeouts": (within, within), "total": within, "pauses": ()}
    with DatadogSession(site, credentials, clock=clock, progress=progress, **hurry) as datadog:
        request_or_fail(datadog, lambda client: AuthenticationApi(client).validate())
        if credentials.app_key is None:
            return (
                f"{site.name} accepts the API key; Custom Costs and dashboards also need an"
                " application key."
            )
        request_or_fail(
            datadog,
            lambda client: KeyManagementApi(client).validate_api_key(),
            permission="an active owner",
        )
        return f"{site.name} accepts the API key and the application key."


def create_dashboard(
    dashboard: Mapping[str, Any],
    site: Site,
    credentials: Credentials,
    *,
    clock: Clock,
    progress: Progress,
) -> str:
    """Create a dashboard; doing it again creates another one.

    Returns:
        Its address.

    Raises:
        SettingsError: there is no application key.
        AccessError: Datadog does not accept the keys, or they are not allowed to do this.
        ServiceError: Datadog cannot be reached, or rejects the dashboard.
    """
    if credentials.app_key is None:
        raise SettingsError(
            f"Creating a dashboard also needs a Datadog application key; {PUT_APP_KEY}."
        )
    body: Any = dashboard
    with DatadogSession(site, credentials, clock=clock, progress=progress) as datadog:
        created = request_or_fail(
            datadog,
            lambda client: DashboardsApi(client).create_dashboard(body),
            permission="the permission dashboards_write",
            repeatable=False,
        )
    path = created.get("url") if isinstance(created, dict) else None
    is_path = isinstance(path, str) and bool(_PATH.fullmatch(path))
    return f"{site.app_url}{path if is_path else ''}"
