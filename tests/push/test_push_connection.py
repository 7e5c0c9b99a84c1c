"""The session with Datadog: what is retried and what is not, and where keys are sent."""

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import timedelta

import pytest
from datadog_api_client import ApiClient
from datadog_api_client.v1.api.authentication_api import AuthenticationApi
from datadog_api_client.v2.api.key_management_api import KeyManagementApi
from datadog_api_client.v2.api.metrics_api import MetricsApi
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, UsageExporterError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Fault,
    HangUp,
    Instead,
    Reset,
    Stall,
    Truncate,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Response
from circleci_usage.push.datadog.connection import (
    LONGEST_PAUSE,
    PAUSES,
    WAIT_BUDGET,
    DatadogRefusedError,
    DatadogSession,
)
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.sites import datadog_site
from datadog_intake import API_KEY, APP_KEY, DatadogIntake
from push_runner import NOW

KEYS = Credentials(SecretStr(API_KEY), SecretStr(APP_KEY))


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(PinnedClock(NOW)) as intake:
        yield intake


def session(
    datadog: DatadogIntake, url: str | None = None, credentials: Credentials = KEYS
) -> DatadogSession:
    site = datadog_site("datadoghq.com", url or datadog.url, allow_insecure=True)
    return DatadogSession(
        site, credentials, clock=datadog.clock, progress=NullProgress(), timeouts=(5, 0.2)
    )


def validate(client: ApiClient) -> object:
    return AuthenticationApi(client).validate()


def submit(client: ApiClient) -> object:
    body: dict[str, object] = {"series": []}
    return MetricsApi(client).submit_metrics(body=body)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "faults",
    [[error_response(code, "x")] * 4 for code in (408, 500, 502, 503, 504)]
    + [
        [HangUp()],
        [Reset()],
        [Stall()],
        [Truncate(3)],
        [Instead(Response(503, {}, b"\xff\xfe"))],
        [HangUp(), Stall()],
    ],
)
def test_temporary_failures_are_retried(datadog: DatadogIntake, faults: list[Fault]) -> None:
    datadog.faults = in_turn(faults)

    with session(datadog) as api:
        assert api.call(validate) == {"valid": True}

    assert len(datadog.calls) == len(faults) + 1
    assert datadog.clock.now() - NOW == timedelta(seconds=sum(PAUSES[: len(faults)]))


@pytest.mark.parametrize("code", [400, 404, 409, 413, 422])
def test_rejected_requests_are_not_retried(datadog: DatadogIntake, code: int) -> None:
    datadog.faults = in_turn(
        [Instead(Response.json(code, {"errors": ["because", {"detail": "of this"}]}))]
    )

    with session(datadog) as api, pytest.raises(DatadogRefusedError) as caught:
        api.call(validate)

    assert (caught.value.status, caught.value.reason, len(datadog.calls)) == (
        code,
        "because; of this",
        1,
    )


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"errors": "all of it"}, "all of it"),
        ({"error": "one"}, "one"),
        ({"errors": None}, ""),
        ({"errors": [None, 5, {"title": "x"}]}, "5; x"),
        (["errors"], ""),
        ("x", ""),
    ],
)
def test_errors_of_any_form_are_understood(
    datadog: DatadogIntake, body: object, reason: str
) -> None:
    datadog.faults = in_turn([Instead(Response.json(400, body))])

    with session(datadog) as api, pytest.raises(DatadogRefusedError) as caught:
        api.call(validate)

    assert caught.value.reason == reason


@pytest.mark.parametrize("fault", [error_response(500, "x"), HangUp(done=True), Stall(done=True)])
def test_requests_that_are_not_repeatable_are_made_once(
    datadog: DatadogIntake, fault: Fault
) -> None:
    datadog.faults = in_turn([fault])

    with session(datadog) as api, pytest.raises(ServiceError):
        api.call(validate, repeatable=False)

    assert len(datadog.calls) == 1


@pytest.mark.parametrize(
    ("reset", "pauses", "calls"),
    [("37", 37, 2), ("0", 0, 2), (f"{LONGEST_PAUSE + 1:.0f}", 0, 1), ("soon", PAUSES[0], 2)],
)
def test_a_rate_limit_sets_the_pause(
    datadog: DatadogIntake, reset: str, pauses: float, calls: int
) -> None:
    datadog.faults = in_turn([error_response(429, "x", X_RateLimit_Reset=reset)])

    with (
        session(datadog) as api,
        nullcontext() if calls > 1 else pytest.raises(ServiceError, match="rate limit"),
    ):
        api.call(validate, repeatable=False)

    assert len(datadog.calls) == calls
    assert datadog.clock.now() - NOW == timedelta(seconds=pauses)


def test_the_wait_budget_ends(datadog: DatadogIntake) -> None:
    datadog.faults = lambda _: error_response(429, "x", X_RateLimit_Reset="110")

    with session(datadog) as api:
        for _ in range(4):
            with pytest.raises(ServiceError, match=r"rate limit \(429\) is reached"):
                api.call(validate)

    assert timedelta(0) <= WAIT_BUDGET - (datadog.clock.now() - NOW) < timedelta(seconds=110)


@pytest.mark.parametrize(
    ("fault", "error", "message"),
    [
        (HTML_PAGE, ServiceError, r"does not respond like Datadog \(200\); check DATADOG_URL"),
        (
            error_response(302, "x", Location="http://127.0.0.1:9/"),
            ServiceError,
            r"does not respond like Datadog \(302\)",
        ),
        (error_response(403, "x"), AccessError, "does not accept the API key"),
        (Stall(), ServiceError, "no response over the connection before the timeout"),
        (Reset(), ServiceError, "the connection was interrupted"),
    ],
)
def test_each_failure_has_its_message(
    datadog: DatadogIntake, fault: Fault, error: type[UsageExporterError], message: str
) -> None:
    datadog.faults = lambda _: fault

    with session(datadog) as api, pytest.raises(error, match=message):
        api.call(validate)


def test_an_unreachable_address_is_reported(datadog: DatadogIntake) -> None:
    with (
        session(datadog, "http://127.0.0.1:9") as api,
        pytest.raises(
            ServiceError,
            match=r"^Datadog cannot be reached at http://127\.0\.0\.1:9: no connection: it was"
            r" refused\. Try again later, and check the network and --datadog-url .*\.$",
        ),
    ):
        api.call(validate)


def test_keys_do_not_follow_a_redirect(datadog: DatadogIntake) -> None:
    with DatadogIntake(datadog.clock) as elsewhere:
        datadog.faults = lambda _: error_response(
            307, "x", Location=f"{elsewhere.url}/api/v1/validate"
        )
        with session(datadog) as api, pytest.raises(ServiceError):
            api.call(validate)

        assert elsewhere.calls == []


def test_the_environment_gives_no_keys_and_no_site(
    datadog: DatadogIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"DD_API_KEY": "a", "DD_APP_KEY": "b", "DD_SITE": "example.invalid"}.items():
        monkeypatch.setenv(name, value)

    with (
        session(datadog, credentials=Credentials(SecretStr(API_KEY))) as api,
        pytest.raises(AccessError),
    ):
        api.call(lambda client: KeyManagementApi(client).validate_api_key())

    (call,) = datadog.calls
    assert call.headers["dd-api-key"] == API_KEY
    assert "dd-application-key" not in call.headers


def test_the_proxy_of_the_environment_is_used(
    datadog: DatadogIntake, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = datadog.url.replace("http://", "http://user:secret@")
    monkeypatch.setenv("http_proxy", proxy)
    monkeypatch.setenv("no_proxy", "")

    with session(datadog, "http://datadog.invalid") as api:
        api.call(validate)

    (call,) = datadog.calls
    assert call.headers["host"] == "datadog.invalid"
    assert call.headers["proxy-authorization"] == "Basic dXNlcjpzZWNyZXQ="


def test_no_proxy_is_respected(datadog: DatadogIntake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with session(datadog) as api:
        api.call(validate)

    monkeypatch.setenv("no_proxy", "")
    with (
        session(datadog) as api,
        pytest.raises(ServiceError, match="no connection through the proxy") as caught,
    ):
        api.call(validate)
    assert "secret" not in str(caught.value)
