"""A push over real HTTP with the real client: Datadog has the report's numbers, or we know."""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

import push_runner
from circleci_usage.core.errors import (
    AccessError,
    PartlySentError,
    ServiceError,
    SettingsError,
    UsageExporterError,
)
from circleci_usage.core.periods import Period
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.faults import Fault, HangUp, Instead, error_response, in_turn
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.tour import DEMO_SETTINGS
from circleci_usage.push.datadog.credentials import Credentials
from circleci_usage.push.datadog.plan import PushOptions, PushPlan
from circleci_usage.push.datadog.result import PushResult
from circleci_usage.push.datadog.send import send_plan
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.metrics import DAILY_METRICS
from circleci_usage.push.timestamps import Mode
from circleci_usage.report import Report
from datadog_intake import API_KEY, APP_KEY, HISTORICAL, DatadogIntake, FaultsAt
from push_runner import NOW, plan_in_requests, plan_push
from report_folders import report_folder
from watching import BeatingClock, WatchedConsole

SERIES = "/api/v2/series"
EVENTS = "/api/v1/events"
KEYS = Credentials(SecretStr(API_KEY), SecretStr(APP_KEY))
API_KEY_ALONE = Credentials(SecretStr(API_KEY))
WEEK = Period.of_days(date(2026, 3, 16), date(2026, 3, 22))


@pytest.fixture(scope="module")
def reported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    """A week of the sample company, over budget."""
    rows = [row for day in WEEK for row in Company(scale=0.2).rows(day)]
    settings = DEMO_SETTINGS.read_text().replace("amount: 5000", "amount: 1")
    return report_folder(tmp_path_factory.mktemp("week"), rows, settings, period=WEEK)


@pytest.fixture
def datadog() -> Iterator[DatadogIntake]:
    with DatadogIntake(PinnedClock(NOW)) as intake:
        yield intake


@pytest.fixture
def options(datadog: DatadogIntake) -> PushOptions:
    return PushOptions(datadog_site("datadoghq.eu", datadog.url))


def planned(reported: tuple[Path, Report], options: PushOptions, requests: int = 1) -> PushPlan:
    return plan_in_requests(reported[0], options, requests)


def send(datadog: DatadogIntake, plan: PushPlan, credentials: Credentials = KEYS) -> PushResult:
    return send_plan(plan, credentials, clock=datadog.clock, progress=NullProgress())


def check_totals(datadog: DatadogIntake, report: Report, *tags: str) -> None:
    assert datadog.metrics.total("circleci.usage.credits", *tags) == report.totals.credits
    assert datadog.metrics.total("circleci.usage.cost", *tags) == report.totals.cost
    assert datadog.metrics.total("circleci.usage.job_runs", *tags) == report.totals.job_runs
    assert (datadog.metrics.dropped, datadog.metrics.rewritten) == (0, [])
    assert (datadog.metrics.twice, datadog.metrics.hosts) == ([], [])


def test_a_snapshot_is_kept_and_sums_to_the_report(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, options)

    result = send(datadog, plan, API_KEY_ALONE)

    check_totals(datadog, reported[1], "currency:usd")
    assert (result.series, result.points, result.requests) == (len(plan.series), plan.points, 1)
    assert len(datadog.metrics.series()) == len(plan.series)
    assert len(datadog.calls) == plan.requests


def test_history_is_kept_once_ingestion_is_enabled(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, replace(options, mode=Mode.HISTORICAL, enable_historical=True))

    assert send(datadog, plan).enabled == DAILY_METRICS

    check_totals(datadog, reported[1], "period:day")
    assert send(datadog, plan).enabled == ()
    assert datadog.request_count("POST", HISTORICAL) == len(DAILY_METRICS)


@pytest.mark.parametrize("mode", Mode)
def test_sending_again_changes_nothing(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions, mode: Mode
) -> None:
    options = replace(options, mode=mode, enable_historical=True)
    send(datadog, planned(reported, options, requests=4))
    kept = dict(datadog.metrics.kept)

    send(datadog, plan_push(reported[0], options, NOW + timedelta(minutes=15)))

    assert datadog.metrics.kept == kept
    check_totals(datadog, reported[1])


def test_history_is_refused_where_datadog_would_drop_it(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, replace(options, mode=Mode.HISTORICAL))

    with pytest.raises(
        SettingsError,
        match=rf"^{plan.late_points:,} of {plan.points:,} points are older than an hour",
    ):
        send(datadog, plan, API_KEY_ALONE)
    assert datadog.calls == []
    with pytest.raises(
        SettingsError,
        match=rf"disabled for circleci\.usage\.credits, .* drop {plan.late_points:,} points",
    ):
        send(datadog, plan)
    assert datadog.request_count("POST", SERIES) == 0


def test_history_is_sent_unchecked_if_ingestion_is_already_enabled(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    datadog.metrics.historical.update(DAILY_METRICS)
    plan = planned(
        reported, replace(options, mode=Mode.HISTORICAL, historical_metrics_enabled=True)
    )

    send(datadog, plan, API_KEY_ALONE)

    check_totals(datadog, reported[1])


def test_ingestion_that_cannot_be_enabled_is_explained(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    datadog.metrics.with_tag_configuration.add("circleci.usage.cost")
    plan = planned(reported, replace(options, mode=Mode.HISTORICAL, enable_historical=True))

    with pytest.raises(
        SettingsError,
        match=r"for circleci\.usage\.cost \(400\): not supported .* tag configuration",
    ):
        send(datadog, plan)
    assert datadog.request_count("POST", SERIES) == 0


def test_a_killed_push_is_completed_by_the_next(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    command = [sys.executable, push_runner.__file__, str(reported[0]), datadog.url]
    with subprocess.Popen(
        command, env=os.environ | {"DATADOG_API_KEY": API_KEY}, stderr=subprocess.PIPE
    ) as child:
        sent = 0

        def kill_at_the_fourth(_: Request) -> Fault | None:
            nonlocal sent
            sent += 1
            if sent < 4:
                return None
            os.kill(child.pid, signal.SIGKILL)
            return HangUp(done=True)

        datadog.faults = kill_at_the_fourth
        assert child.wait(30) == -signal.SIGKILL, child.stderr and child.stderr.read()
    datadog.faults = None
    half = len(datadog.metrics.kept)
    plan = planned(reported, options, push_runner.REQUESTS)
    assert 0 < half < plan.points

    send(datadog, plan)

    check_totals(datadog, reported[1])
    assert len(datadog.metrics.kept) == plan.points


@pytest.mark.parametrize("code", [401, 403])
def test_a_refused_key_is_an_access_error_and_stops_at_once(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions, code: int
) -> None:
    datadog.faults = FaultsAt(SERIES, [error_response(code, "x")])

    with pytest.raises(
        AccessError,
        match=rf"does not accept the API key \({code}\).* it is set to datadoghq\.eu\.$",
    ):
        send(datadog, planned(reported, options, 4))
    assert len(datadog.calls) == 1


def test_an_outage_is_a_service_error_after_five_attempts(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    datadog.faults = FaultsAt(SERIES, [Instead(Response.json(503, {"errors": ["maintenance"]}))])

    with pytest.raises(
        ServiceError,
        match=r"is temporarily unavailable \(503\)\. Details: maintenance\. Try again later\.$",
    ):
        send(datadog, planned(reported, options, 4))
    assert len(datadog.calls) == 5


def test_temporary_failures_go_unnoticed(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    later = error_response(429, "slow down", X_RateLimit_Reset="37")
    datadog.faults = in_turn(
        [later, None, error_response(500, "oops"), HangUp(), HangUp(done=True), None]
    )
    before = datadog.clock.now()

    send(datadog, planned(reported, options, 4))

    check_totals(datadog, reported[1])
    assert datadog.clock.now() - before == timedelta(seconds=37 + 2 + 4 + 8)


def test_a_rate_limit_is_shown_while_it_lasts(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    console = WatchedConsole(datadog.clock)
    datadog.faults = in_turn([error_response(429, "slow down", X_RateLimit_Reset="100")])
    clock = BeatingClock(datadog.clock, console)

    send_plan(planned(reported, options), KEYS, clock=clock, progress=console)

    assert (
        console.lines
        == [f"Waiting for Datadog (status 429): next attempt at {NOW:%H}:41 (UTC)."] * 2
    )


def test_an_interruption_says_what_datadog_has(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    console, plan = WatchedConsole(datadog.clock), planned(reported, options, 2)

    send_plan(plan, KEYS, clock=datadog.clock, progress=console)

    first = plan.batches[0].points
    again = "rerun the same command, it is safe to retry."
    assert console.kept == [
        f"Nothing was sent to Datadog yet; {again}",
        *(
            f"Datadog has accepted at least {points:,} of {plan.points:,} points; {again}"
            for points in (0, first, plan.points)
        ),
    ]


def test_a_partial_push_reports_how_much_arrived(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, options, 4)
    datadog.faults = FaultsAt(SERIES, [None, None, error_response(502, "bad gateway")])

    with pytest.raises(PartlySentError) as caught:
        send(datadog, plan)

    arrived = sum(batch.points for batch in plan.batches[:2])
    assert len(datadog.metrics.kept) == arrived
    message = str(caught.value)
    assert message.startswith(
        f"Partially sent: Datadog has {arrived:,} of {plan.points:,} points. "
    )
    assert message.endswith(
        "Rerun the same command; this is safe, points that arrived are not counted twice."
    )
    assert caught.value.exit_code == 7
    datadog.faults = None
    send(datadog, plan)
    check_totals(datadog, reported[1])


def test_a_rejected_request_does_not_hold_up_the_others(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, options, 4)
    datadog.faults = in_turn([None, Instead(Response.json(400, {"errors": ["no"]}))])

    with pytest.raises(
        PartlySentError,
        match=rf"rejected a request with {plan.batches[1].points} points \(400\): no\.",
    ):
        send(datadog, plan)

    assert len(datadog.metrics.kept) == plan.points - plan.batches[1].points


def test_a_request_that_turns_out_too_large_is_halved(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    too_large = Instead(Response.json(413, {"errors": ["Payload too big"]}))
    datadog.faults = in_turn([too_large, too_large])

    assert send(datadog, planned(reported, options)).requests == 3

    check_totals(datadog, reported[1])


def test_an_accepted_request_with_errors_in_its_response_has_failed(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    datadog.faults = FaultsAt(SERIES, [Instead(Response.json(202, {"errors": ["quota exceeded"]}))])

    with pytest.raises(ServiceError, match=r"\(202\): quota exceeded"):
        send(datadog, planned(reported, options))


def test_a_plan_without_consent_is_not_sent(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    with pytest.raises(SettingsError, match="series exceed the limit of 20"):
        send(datadog, planned(reported, replace(options, max_series=20)))
    assert datadog.calls == []


def test_events_have_the_current_time_and_a_key_of_their_own(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, options)

    assert send(datadog, plan).events == len(plan.events) == len(datadog.events) > 0
    assert len({event["aggregation_key"] for event in datadog.events}) == len(datadog.events)
    assert all(event["date_happened"] == int(NOW.timestamp()) for event in datadog.events)


def test_metrics_that_arrived_are_reported_when_events_fail(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions
) -> None:
    plan = planned(reported, options)
    datadog.faults = FaultsAt(EVENTS, [error_response(503, "x")])

    with pytest.raises(
        PartlySentError,
        match=rf"^Partially sent: all {plan.points:,} points arrived, but the rest did not\. ",
    ):
        send(datadog, plan)


@pytest.mark.parametrize("code", [400, 403, 503])
def test_no_key_is_in_anything_shown(
    datadog: DatadogIntake, reported: tuple[Path, Report], options: PushOptions, code: int
) -> None:
    echo = {"errors": [f"key {API_KEY} and {APP_KEY} at\x1b[31m fault"]}
    datadog.faults = FaultsAt(SERIES, [Instead(Response.json(code, echo))])
    plan = planned(reported, options)

    with pytest.raises(UsageExporterError) as caught:
        send(datadog, plan)

    shown = "".join(traceback.format_exception(caught.value)) + repr(plan) + repr(KEYS)
    assert API_KEY not in shown
    assert APP_KEY not in shown
    assert r"key … and … at\x1b[31m fault" in str(caught.value)
    wrapped = caught.value.__cause__ or caught.value.__context__
    assert wrapped is None or API_KEY not in repr(wrapped)
