"""The export engine against the stand-in: windows, resuming, quota, states, look-back, completeness."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from circleci_usage.circleci.exports import ExportOptions
from circleci_usage.circleci.ledger import State
from circleci_usage.days import Period, named_period
from circleci_usage.demo.faults import Instead, Reset, Retouch, Stall, in_turn, status
from circleci_usage.demo.messages import Answer, Request
from circleci_usage.demo.rules import Fate
from circleci_usage.errors import AccessError, DataError, ServiceError, SettingsError, UnfinishedError
from exporting import AUTUMN, IMPATIENT, NOW, OCTOBER, TOKEN, Bench, bench, job_ids

RUNNER = Path(__file__).with_name("export_runner.py")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


def asked_windows(world: Bench) -> list[tuple[str, str]]:
    bodies = [json.loads(call.body) for call in world.posts]
    return [(body["start"], body["end"]) for body in bodies]


# Windows


def test_thirteen_months_with_shared_organisations_are_thirteen_requests(tmp_path: Path) -> None:
    with bench(tmp_path, organizations=3) as world:
        period = named_period("last-13-months", NOW.date())
        result = world.export(period)
        world.assert_whole(result, Period(period.start, NOW.date()))
        assert len(world.posts) == 13
        assert {len(json.loads(call.body)["shared_org_ids"]) for call in world.posts} == {2}
        assert len({call.path for call in world.posts}) == 1
        world.export(period)
        assert len(world.posts) == 13


def test_windows_are_months_clipped_to_the_range_and_end_is_never_in_the_future(world: Bench) -> None:
    world.export(Period.of_days(date(2026, 9, 20), date(2026, 11, 30)))
    assert asked_windows(world) == [
        ("2026-09-20T00:00:00.000Z", "2026-09-30T23:59:59.999Z"),
        ("2026-10-01T00:00:00.000Z", "2026-10-31T23:59:59.999Z"),
        ("2026-11-01T00:00:00.000Z", "2026-11-02T12:55:00.000Z"),
    ]


def test_weekly_reports_serve_the_monthly_one(world: Bench) -> None:
    for monday in (5, 12, 19, 26):
        week = Period(date(2026, 10, monday), date(2026, 10, monday) + timedelta(days=7))
        world.assert_whole(world.export(week), week)
    assert len(world.posts) == 5, "the last week lies in two months"
    world.assert_whole(world.export())
    assert asked_windows(world)[5:] == [("2026-10-01T00:00:00.000Z", "2026-10-04T23:59:59.999Z")]


def test_the_current_month_is_asked_for_whole_once_more_when_another_day_is_complete(world: Bench) -> None:
    world.at(datetime(2026, 11, 10, 13, tzinfo=UTC))
    first = world.export(named_period("month-to-date", date(2026, 11, 10)))
    assert first.complete_through == date(2026, 11, 9)
    world.at(datetime(2026, 11, 10, 15, tzinfo=UTC))
    world.export(named_period("month-to-date", date(2026, 11, 10)))
    assert len(world.posts) == 1, "there is nothing new at CircleCI yet"
    world.at(datetime(2026, 11, 11, 13, tzinfo=UTC))
    period = named_period("month-to-date", date(2026, 11, 11))
    second = world.export(period)
    assert len(world.posts) == 2
    assert second.complete_through == date(2026, 11, 10)
    world.assert_whole(second, Period(period.start, date(2026, 11, 11)))
    assert not set(first.parts) & set(second.parts)
    assert not any(part.exists() for part in first.parts)


def test_a_day_that_was_not_complete_is_refreshed_together_with_its_window(world: Bench) -> None:
    world.at(datetime(2026, 11, 9, 6, tzinfo=UTC))
    week = named_period("last-week", date(2026, 11, 9))
    assert world.export(week).complete_through == date(2026, 11, 7)
    world.at(datetime(2026, 11, 9, 12, tzinfo=UTC))
    again = world.export(week)
    assert again.complete_through == date(2026, 11, 8)
    world.assert_whole(again, week)
    assert len(world.posts) == 2


def test_sets_of_organisations_do_not_mix(tmp_path: Path) -> None:
    with bench(tmp_path, organizations=2) as world:
        both = world.export()
        world.organizations = world.organizations[:1]
        one = world.export()
        world.assert_whole(one)
        assert len(world.posts) == 2
        assert not set(both.parts) & set(one.parts)
        assert set(world.store.parts(OCTOBER, world.organizations)) == set(one.parts)
        with pytest.raises(SettingsError, match="--org-id"):
            world.store.parts(OCTOBER)


# Resuming


def test_a_finished_export_asks_for_nothing(world: Bench) -> None:
    world.export(AUTUMN)
    calls = len(world.circleci.calls)
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.circleci.calls) == calls


def test_an_export_that_takes_too_long_is_collected_by_the_next_run(world: Bench) -> None:
    world.circleci.fates = [Fate(("processing",) * 20 + ("completed",))]
    world.options = ExportOptions(max_wait=timedelta(minutes=20))
    with pytest.raises(UnfinishedError, match=r"2026-10-01 to 2026-10-31 \(processing\).*run the same command"):
        world.export()
    assert len(world.looks) < 10
    world.options = ExportOptions(max_wait=timedelta(hours=12))
    world.assert_whole(world.export())
    assert len(world.posts) == 1


def test_parts_that_arrived_are_kept_and_only_the_rest_is_downloaded(world: Bench) -> None:
    def last_part_is_out(request: Request) -> Instead | None:
        return status(503, "busy") if "part-1" in request.path else None

    world.circleci.faults = last_part_is_out
    with pytest.raises(ServiceError, match="the download server answered 503"):
        world.export()
    arrived = [call.path for call in world.downloads if call.status == 200]
    assert len(arrived) == 1
    world.circleci.faults = None
    world.circleci.calls.clear()
    world.assert_whole(world.export())
    assert [("part-1" in call.path, call.status) for call in world.downloads] == [(True, 200)]
    assert not world.posts


def test_lost_files_are_fetched_from_the_same_export(world: Bench) -> None:
    result = world.export()
    result.parts[0].unlink()
    assert not world.store.is_whole(world.store.ledger.windows[0])
    world.circleci.calls.clear()
    world.assert_whole(world.export())
    assert not world.posts
    assert len(world.downloads) == 1


@pytest.mark.parametrize("fate", [Fate(("processing",) * 5, vanishes=True), Fate(("processing",) * 5 + ("failed",))])
def test_an_export_that_came_to_nothing_is_asked_for_again_by_a_later_run(world: Bench, fate: Fate) -> None:
    world.circleci.fates = [fate]
    world.options = ExportOptions(max_wait=timedelta())
    with pytest.raises(UnfinishedError):
        world.export()
    world.options = ExportOptions()
    begin = world.clock.now()
    world.assert_whole(world.export())
    assert len(world.posts) == 2
    assert world.clock.now() - begin < timedelta(minutes=2)


def test_a_full_disk_leaves_a_store_that_the_next_run_goes_on_with(world: Bench) -> None:
    """A real limit of the kernel on the size of files, which the parts exceed."""
    world.circleci.rows_per_part = 10_000
    arguments = (world.address, world.folder, AUTUMN.first, AUTUMN.last, *world.organizations)
    command = ["bash", "-c", 'ulimit -f 1; exec "$@"', "-", sys.executable, str(RUNNER), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "UnfinishedError" in done.stderr
    assert "Free some space and run the same command again" in done.stderr
    asked = len(world.posts)
    assert asked
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 2, "what was asked for before is collected"
    world.assert_no_secret(done.stderr)


# Quota


def test_the_hourly_quota_is_waited_for(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=10) as world:
        period = named_period("last-13-months", NOW.date())
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.posts].count(201) == 13
        assert any("2026-11-02 14:00" in line or "14:00 UTC" in line for line in world.progress.lines)
        assert world.clock.now() - NOW < timedelta(minutes=75)


@pytest.mark.parametrize("refusal", ["seconds", "date", "ratelimit", "bare"])
def test_without_patience_the_quota_ends_the_run_and_the_next_goes_on(tmp_path: Path, refusal: str) -> None:
    with bench(tmp_path, posts_per_hour=10, refusal=refusal) as world:
        world.options = ExportOptions(max_wait=timedelta())
        period = named_period("last-13-months", NOW.date())
        with pytest.raises(UnfinishedError, match=r"quota.*2026-09-01.*It can go on at 2026-11-02 14:0.*run the same"):
            world.export(period)
        assert len(world.store.ledger.of(world.organizations, State.FETCHED)) == 10, "the others are fetched meanwhile"
        world.at(NOW + timedelta(hours=1, minutes=5))
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.posts].count(201) == 13


def test_a_retry_after_of_two_minutes_is_waited_for_in_any_case(world: Bench) -> None:
    world.options = ExportOptions(max_wait=timedelta())
    world.circleci.faults = in_turn([status(429, "slow", Retry_After="120")])
    world.assert_whole(world.export())
    assert NOW + timedelta(seconds=120) <= world.clock.now() < NOW + timedelta(seconds=150)


def test_short_waits_without_end_do_not_keep_a_run_for_ever(world: Bench) -> None:
    world.options = ExportOptions(max_wait=timedelta())
    world.circleci.faults = lambda request: status(429, "slow", Retry_After="60") if request.method == "POST" else None
    with pytest.raises(UnfinishedError):
        world.export()
    assert len(world.posts) <= 12


def test_ten_looks_an_hour_suffice(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=10, gets_per_hour=10, polls_until_complete=2) as world:
        period = named_period("last-13-months", NOW.date())
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.looks].count(429) <= 2
        world.assert_no_secret()


def test_looks_become_rare(world: Bench) -> None:
    world.circleci.fates = [Fate(("processing",) * 12 + ("completed",))]
    moments: list[datetime] = []

    def note(request: Request) -> None:
        if request.method == "GET" and request.host == "api":
            moments.append(world.clock.now())

    world.circleci.faults = note
    world.export()
    waits = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert moments[0] - NOW == timedelta(seconds=15)
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600, 600, 600, 600, 600]


def test_a_used_up_quota_that_an_answer_tells_of_is_not_tried(world: Bench) -> None:
    told = Retouch({"RateLimit-Remaining": "0", "RateLimit-Reset": "300"})
    world.circleci.faults = in_turn([told])
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert [call.status for call in world.posts] == [201, 201]
    assert world.clock.now() >= NOW + timedelta(seconds=300)


# States


@pytest.mark.parametrize("null", [False, True])
def test_urls_may_come_later_than_the_word_completed(world: Bench, *, null: bool) -> None:
    world.circleci.fates = [Fate(("completed",), bare=2, null=null)]
    world.assert_whole(world.export())


@pytest.mark.parametrize("null", [False, True])
def test_completed_without_urls_is_no_usage_and_said(world: Bench, *, null: bool) -> None:
    world.circleci.fates = [Fate(("completed",), bare=100, null=null)]
    result = world.export()
    assert result.parts == ()
    assert result.warnings == ("CircleCI exported no usage for 2026-10-01 to 2026-10-31.",)
    assert len(world.looks) == 4
    assert world.export().parts == ()
    assert len(world.posts) == 1


def test_an_empty_refresh_does_not_take_rows_away(world: Bench) -> None:
    world.at(datetime(2026, 11, 10, 6, tzinfo=UTC))
    period = named_period("month-to-date", date(2026, 11, 9))
    before = world.export(period)
    world.at(datetime(2026, 11, 11, 13, tzinfo=UTC))
    world.circleci.fates = [Fate(), Fate(("completed",), bare=100)]
    with pytest.raises(ServiceError, match="completed without files, though there was usage before"):
        world.export(period)
    assert list(job_ids(world.store.parts(period))) == list(job_ids(before.parts))
    world.assert_whole(world.export(period), period)


def test_a_state_that_is_new_is_waited_for(world: Bench) -> None:
    world.circleci.fates = [Fate(("created", "queued_for_review", "processing", "completed"))]
    world.assert_whole(world.export())
    assert any("'queued_for_review'" in line for line in world.progress.lines)


def test_a_failed_export_is_told_with_its_reason_and_the_others_are_fetched(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",), error_reason=f"query timed out\x1b[31m for {TOKEN}")]
    with pytest.raises(
        ServiceError, match=r"2026-09-20 to 2026-09-30 failed.*query timed out \[31m for \*\*\*"
    ) as error:
        world.export(AUTUMN)
    assert [window.state for window in world.store.ledger.windows] == [State.FAILED, State.FETCHED]
    world.assert_no_secret(error.value)
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 3


def test_nothing_that_went_wrong_is_kept_quiet(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",), error_reason="too large")]
    world.circleci.faults = in_turn([None, None, None, status(401, "revoked")])
    with pytest.raises(AccessError, match=r"does not accept the token.*2026-09-20 to 2026-09-30 failed.*too large"):
        world.export(AUTUMN)


def test_a_window_that_keeps_failing_is_asked_for_in_halves(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",)), Fate(("failed",))]
    for _ in range(2):
        with pytest.raises(ServiceError):
            world.export()
    world.assert_whole(world.export())
    assert [end[:10] for _, end in asked_windows(world)[2:]] == ["2026-10-15", "2026-10-31"]


def test_a_job_that_vanishes_is_an_error_and_the_next_run_asks_again(world: Bench) -> None:
    world.circleci.fates = [Fate((), vanishes=True)]
    with pytest.raises(ServiceError, match="does not know the export job any more"):
        world.export()
    assert len(world.looks) == 3
    world.assert_whole(world.export())
    assert len(world.posts) == 2


def test_null_urls_in_the_answer_to_the_request(tmp_path: Path) -> None:
    with bench(tmp_path, null_urls=True) as world:
        world.assert_whole(world.export())


def test_expired_urls_are_replaced_by_fresh_ones(tmp_path: Path) -> None:
    with bench(tmp_path, url_lifetime=timedelta(seconds=10)) as world:
        slow = iter(range(3))

        def dawdle(request: Request) -> None:
            if request.host == "download" and next(slow, None) is not None:
                world.clock.sleep(20)

        world.circleci.faults = dawdle
        world.assert_whole(world.export(AUTUMN), AUTUMN)
        assert 403 in [call.status for call in world.downloads]
        assert len(world.posts) == 2


def test_urls_that_are_always_refused_end_in_an_error(world: Bench) -> None:
    world.circleci.faults = lambda request: status(403, "no") if request.host == "download" else None
    with pytest.raises(ServiceError, match="fresh ones too"):
        world.export()
    assert len(world.looks) == 4


# Look-back


@pytest.mark.parametrize(("days", "first"), [(396, date(2025, 10, 3)), (365, date(2025, 11, 3))])
def test_a_start_that_is_too_old_is_moved_with_a_warning(tmp_path: Path, days: int, first: date) -> None:
    with bench(tmp_path, look_back=timedelta(days=days)) as world:
        period = Period(date(2025, 9, 1), date(2025, 12, 1))
        result = world.export(period)
        assert result.period == Period(first, period.stop)
        assert result.warnings == (
            f"CircleCI has no usage before {first} any more: the data begin there, not on 2025-09-01.",
        )
        world.assert_whole(result, result.period)
        refused = [call.status for call in world.posts].count(400)
        assert refused <= 2
        assert world.export(period) == result
        assert [call.status for call in world.posts].count(400) == refused, "the limit is remembered"


def test_rows_that_became_too_old_stay(world: Bench) -> None:
    november = Period(date(2025, 11, 1), date(2025, 12, 1))
    world.export(november)
    world.circleci.look_back = timedelta(days=200)
    world.at(NOW + timedelta(days=300))
    result = world.export(Period(date(2025, 10, 1), date(2025, 12, 1)))
    assert result.period == november
    assert len(result.warnings) == 1
    world.assert_whole(result, november)


def test_a_period_that_is_all_too_old(tmp_path: Path) -> None:
    with bench(tmp_path) as world, pytest.raises(SettingsError, match="no usage of 2024-01-01 to 2024-01-31 any more"):
        world.export(Period(date(2024, 1, 1), date(2024, 2, 1)))


# Clocks


@pytest.mark.parametrize("hours", [-30, -3, 2, 30])
def test_a_wrong_clock_neither_loses_days_nor_asks_twice(world: Bench, hours: int) -> None:
    world.skew = timedelta(hours=hours)
    period = Period(date(2026, 10, 1), date(2026, 11, 3))
    result = world.export(period)
    created = [call.status for call in world.posts].count(201)
    assert created == 2
    assert [call.status for call in world.posts].count(400) <= 1
    world.skew = timedelta()
    world.at(NOW + timedelta(days=2))
    world.assert_whole(world.export(period), period)
    if hours < 0:
        return
    assert result.complete_through == date(2026, 11, 1)


# Refusals


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (status(401, "Invalid token provided."), AccessError, "does not accept the token"),
        (status(403, "Permission denied."), AccessError, "may not see organisation"),
        (status(404, "Organization does not exist."), AccessError, "knows no organisation"),
        (status(400, "bad shared_org_ids"), SettingsError, "bad shared_org_ids"),
        (status(418, "teapot"), ServiceError, "418"),
        (Instead(Answer(302, {"Location": "https://evil.example/login?x=1"})), SettingsError, "https://evil.example,"),
    ],
)
def test_refusals_cost_one_request_and_say_what_to_do(
    world: Bench, answer: Instead, error: type[Exception], text: str
) -> None:
    world.circleci.faults = lambda _: answer
    with pytest.raises(error, match=text):
        world.export(AUTUMN)
    assert len(world.posts) == 1
    world.assert_token_stays_home()
    world.circleci.faults = None
    world.assert_whole(world.export(AUTUMN), AUTUMN)


@pytest.mark.parametrize("fault", [Stall(done=True), Reset(done=True), status(500, "oops"), status(503, "wait")])
def test_an_unclear_answer_to_a_request_is_not_repeated_in_the_same_run(world: Bench, fault: Instead) -> None:
    world.timeouts = IMPATIENT
    world.circleci.faults = in_turn([None, fault])
    with pytest.raises(ServiceError, match="whether it began is not known"):
        world.export(AUTUMN)
    assert len(world.posts) == 2
    assert [window.state for window in world.store.ledger.windows] == [State.FETCHED, State.UNCLEAR]
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 3


def test_a_damaged_part_that_stays_damaged_is_a_data_error(world: Bench) -> None:
    page = Instead(Answer(200, {"Content-Type": "text/html"}, b"<!doctype html>"))
    world.circleci.faults = lambda request: page if request.host == "download" else None
    with pytest.raises(DataError, match="a proxy's page"):
        world.export()
    world.circleci.faults = None
    world.assert_whole(world.export())
    assert len(world.posts) == 1
