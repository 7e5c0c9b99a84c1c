"""The mock Datadog follows Datadog's rules: the tests of the push rely on it."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests

from circleci_usage.demo.clock import PinnedClock
from datadog_intake import API_KEY, APP_KEY, COSTS, HISTORICAL, DatadogIntake

NOW = datetime(2026, 4, 2, 9, 40, tzinfo=UTC)
SERIES = "/api/v2/series"
LINE = {
    "ProviderName": "CircleCI",
    "ChargeDescription": "Compute credits",
    "ChargePeriodStart": "2026-04-01",
    "ChargePeriodEnd": "2026-04-01",
    "BilledCost": 2.5,
    "BillingCurrency": "USD",
    "Tags": {"team": "web"},
}


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(PinnedClock(NOW)) as intake:
        yield intake


def point(minutes: float, value: object = 1.5, **series: Any) -> dict[str, Any]:
    timestamp = int((NOW + timedelta(minutes=minutes)).timestamp())
    return {
        "metric": "a.b",
        "type": 3,
        "tags": [],
        "points": [{"timestamp": timestamp, "value": value}],
        **series,
    }


def ask(
    datadog: DatadogIntake, method: str, path: str, body: object = None, **headers: str
) -> requests.Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    keys = {"DD-API-KEY": API_KEY, "DD-APPLICATION-KEY": APP_KEY}
    return requests.request(
        method, datadog.url + path, data=data, headers={**keys, **headers}, timeout=10
    )


def submit(datadog: DatadogIntake, *series: dict[str, Any]) -> int:
    body = gzip.compress(json.dumps({"series": series}).encode())
    return ask(datadog, "POST", SERIES, body, **{"Content-Encoding": "gzip"}).status_code


@pytest.mark.parametrize(
    ("minutes", "kept"), [(0, 1), (-60, 1), (-61, 0), (10, 1), (11, 0), (-60 * 24, 0)]
)
def test_points_outside_of_the_window_are_silently_dropped(
    datadog: DatadogIntake, minutes: float, kept: int
) -> None:
    assert submit(datadog, point(minutes)) == 202
    assert (len(datadog.metrics.kept), datadog.metrics.dropped) == (kept, 1 - kept)


def test_historical_ingestion_keeps_fifteen_months(datadog: DatadogIntake) -> None:
    body = {"data": {"type": "historical_metrics_configurations", "id": "a.b"}}
    assert ask(datadog, "GET", f"{HISTORICAL}/a.b").status_code == 404
    assert [ask(datadog, "POST", HISTORICAL, body).status_code for _ in range(2)] == [201, 200]
    assert ask(datadog, "GET", f"{HISTORICAL}/a.b").status_code == 200

    days = 60 * 24
    submit(datadog, point(-100 * days), point(-455 * days), point(-460 * days))

    assert (len(datadog.metrics.kept), datadog.metrics.dropped) == (2, 1)


def test_the_last_write_wins_even_within_a_request(datadog: DatadogIntake) -> None:
    submit(datadog, point(0, 1), point(0, 2))
    submit(datadog, point(0, 3, tags=["x:y"]), point(0, 5))

    assert datadog.metrics.total("a.b") == Decimal(8)
    assert len(datadog.metrics.twice) == 1


@pytest.mark.parametrize(
    "broken",
    [
        {"metric": "1a"},
        {"metric": "a-b"},
        {"metric": "a" * 201},
        {"metric": "ä"},
        {"type": 4},
        {"type": 1},
        {"tags": ["1a:b"]},
        {"points": [{"timestamp": 1.5, "value": 1}]},
        {"points": [{"timestamp": 1, "value": "1"}]},
        {"points": [{"timestamp": 1, "value": float("nan")}]},
        {"points": [{"timestamp": 1, "value": float("inf")}]},
    ],
)
def test_invalid_metrics_are_rejected(datadog: DatadogIntake, broken: dict[str, Any]) -> None:
    assert submit(datadog, point(0, **broken)) == 400
    assert not datadog.metrics.kept


def test_tags_are_rewritten(datadog: DatadogIntake) -> None:
    submit(datadog, point(0, tags=["Project:My Web"]))

    assert datadog.metrics.series() == {("a.b", frozenset({"project:my_web"}))}
    assert datadog.metrics.rewritten == ["Project:My Web"]


def test_requests_that_are_too_large_are_rejected(datadog: DatadogIntake) -> None:
    packed = {"Content-Encoding": "gzip"}
    assert ask(datadog, "POST", SERIES, b" " * 512_001).status_code == 413
    assert (
        ask(datadog, "POST", SERIES, gzip.compress(b" " * 5_242_881), **packed).status_code == 413
    )
    assert ask(datadog, "POST", SERIES, b"not gzip", **packed).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("POST", SERIES, {"DD-API-KEY": "wrong"}),
        ("GET", COSTS, {"DD-APPLICATION-KEY": "wrong"}),
        ("POST", "/api/v1/dashboard", {"DD-APPLICATION-KEY": ""}),
    ],
)
def test_keys_are_required(
    datadog: DatadogIntake, method: str, path: str, headers: dict[str, str]
) -> None:
    assert ask(datadog, method, path, {}, **headers).status_code == 403


def test_costs_add_up_until_they_are_deleted(datadog: DatadogIntake) -> None:
    first, second = (ask(datadog, "PUT", COSTS, [LINE]).json()["data"]["id"] for _ in range(2))
    assert datadog.costs.total(team="web") == Decimal(5)
    assert [file["id"] for file in ask(datadog, "GET", COSTS).json()["data"]] == [first, second]

    assert [ask(datadog, "DELETE", f"{COSTS}/{first}").status_code for _ in range(2)] == [204, 404]
    assert datadog.costs.total() == Decimal("2.5")


@pytest.mark.parametrize(
    "broken",
    [
        {"BillingCurrency": "EUR"},
        {"BilledCost": "2.5"},
        {"ChargeDescription": ""},
        {"ChargeDescription": "x" * 1001},
        {"ChargePeriodEnd": "2026-04-03"},
        {"ChargePeriodEnd": "2026-03-31"},
        {"ChargePeriodStart": "01/04/2026"},
        {"Tags": {"team": ""}},
        {"ProviderName": None},
    ],
)
def test_invalid_costs_are_rejected(datadog: DatadogIntake, broken: dict[str, Any]) -> None:
    assert ask(datadog, "PUT", COSTS, [LINE | broken]).status_code == 400
    assert not datadog.costs.files


def test_old_events_are_rejected(datadog: DatadogIntake) -> None:
    event = {
        "title": "t",
        "text": "x",
        "date_happened": int((NOW - timedelta(hours=19)).timestamp()),
    }
    assert ask(datadog, "POST", "/api/v1/events", event).status_code == 400
    assert (
        ask(
            datadog, "POST", "/api/v1/events", {**event, "date_happened": int(NOW.timestamp())}
        ).status_code
        == 202
    )
