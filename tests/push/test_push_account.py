"""Checking the keys, and creating the dashboard."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from circleci_usage.core.errors import (
    AccessError,
    ServiceError,
    SettingsError,
)
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import HangUp
from circleci_usage.push.datadog.account import check_keys, create_dashboard
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.dashboards import Dashboard, dashboard
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.datadog.sites import datadog_site
from datadog_intake import API_KEY, APP_KEY, DatadogIntake, FaultsAt
from push_runner import NOW

KEYS = Credentials(SecretStr(API_KEY), SecretStr(APP_KEY))
API_KEY_ALONE = Credentials(SecretStr(API_KEY))


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(PinnedClock(NOW)) as intake:
        yield intake


@pytest.fixture
def options(datadog: DatadogIntake) -> PushOptions:
    return PushOptions(datadog_site("datadoghq.eu", datadog.url))


def test_valid_keys_are_reported(datadog: DatadogIntake, options: PushOptions) -> None:
    def check(credentials: Credentials) -> str:
        return check_keys(options.site, credentials, clock=datadog.clock, progress=NullProgress())

    assert check(KEYS) == "datadoghq.eu accepts the API key and the application key."
    assert check(API_KEY_ALONE).startswith("datadoghq.eu accepts the API key; Custom Costs")
    with pytest.raises(AccessError, match="does not accept the API key"):
        check(Credentials(SecretStr("a" * 32)))
    with pytest.raises(AccessError, match="the application key"):
        check(Credentials(SecretStr(API_KEY), SecretStr("b" * 40)))


def test_the_dashboard_is_created_and_its_address_returned(
    datadog: DatadogIntake, options: PushOptions
) -> None:
    def create(credentials: Credentials) -> str:
        body = dashboard(Dashboard.METRICS)
        return create_dashboard(
            body, options.site, credentials, clock=datadog.clock, progress=NullProgress()
        )

    assert create(KEYS) == "https://app.datadoghq.eu/dashboard/abc-def-ghi/circleci-usage"
    assert [made["title"] for made in datadog.dashboards] == ["CircleCI usage and cost"]
    with pytest.raises(SettingsError, match="application key"):
        create(API_KEY_ALONE)
    datadog.faults = FaultsAt("/api/v1/dashboard", [HangUp(done=True)])
    with pytest.raises(ServiceError, match="cannot be reached"):
        create(KEYS)
    assert len(datadog.dashboards) == 2
