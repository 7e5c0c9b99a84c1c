"""The export engine against the stand-in: quota, the states of export jobs, refusals."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
    UnfinishedError,
)
from circleci_usage.core.periods import Period, named_period
from circleci_usage.demo.standin.faults import (
    Instead,
    Reset,
    Retouch,
    Stall,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.engine import ExportOptions, ExportResult
from circleci_usage.export.ledger import State
from exporting import AUTUMN, IMPATIENT, NOW, OCTOBER, TOKEN, Bench, bench, job_ids


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


# Quota


def test_the_hourly_quota_is_waited_for(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=10) as world:
        period = named_period("last-13-months", NOW.date())
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.posts].count(201) == 13
        assert any(
            "2026-11-02 14:00" in line or "14:00 UTC" in line for line in world.progress.lines
        )
        assert world.clock.now() - NOW < timedelta(minutes=75)


@pytest.mark.parametrize("refusal", ["seconds", "date", "ratelimit", "bare"])
def test_without_patience_the_quota_ends_the_run_and_the_next_goes_on(
    tmp_path: Path, refusal: str
) -> None:
    with bench(tmp_path, posts_per_hour=10, refusal=refusal) as world:
        world.options = ExportOptions(max_wait=timedelta())
        period = named_period("last-13-months", NOW.date())
        with pytest.raises(
            UnfinishedError,
            match=r"quota.*2026-09-01.*It can resume at 2026-11-02 14:0.*rerun the same",
        ):
            world.export(period)
        assert len(world.store.ledger.of(world.organizations, State.FETCHED)) == 10, (
            "the others are fetched meanwhile"
        )
        world.at(NOW + timedelta(hours=1, minutes=5))
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.posts].count(201) == 13


def test_a_retry_after_of_two_minutes_is_waited_for_in_any_case(world: Bench) -> None:
    world.options = ExportOptions(max_wait=timedelta())
    world.circleci.faults = in_turn([error_response(429, "slow", Retry_After="120")])
    world.assert_whole(world.export())
    assert NOW + timedelta(seconds=120) <= world.clock.now() < NOW + timedelta(seconds=150)


def test_short_waits_without_end_do_not_keep_a_run_for_ever(world: Bench) -> None:
    world.options = ExportOptions(max_wait=timedelta())
    world.circleci.faults = lambda request: (
        error_response(429, "slow", Retry_After="60") if request.method == "POST" else None
    )
    with pytest.raises(UnfinishedError):
        world.export()
    assert len(world.posts) <= 12


def test_ten_looks_an_hour_suffice(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=10, gets_per_hour=10, polls_until_complete=2) as world:
        period = named_period("last-13-months", NOW.date())
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.polls].count(429) <= 2
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
    reset = Retouch({"RateLimit-Remaining": "0", "RateLimit-Reset": "300"})
    world.circleci.faults = in_turn([reset])
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
    assert len(world.polls) == 4
    assert world.export().parts == ()
    assert len(world.posts) == 1


def finish(world: Bench, period: Period) -> int:
    """Run until it ends well, an hour apart, and count the runs."""
    for run in range(1, 20):
        if isinstance(world.try_export(period), ExportResult):
            return run
        world.at(world.clock.now() + timedelta(hours=1))
    raise AssertionError("it never ends")


def thirteen_months(
    folder: Path, states: tuple[str, ...], empty: int, max_wait: int, gets: int | None
) -> Bench:
    """A bench after all runs that thirteen months take, when the first months are empty."""
    with bench(folder, posts_per_hour=10, gets_per_hour=gets) as world:
        world.options = ExportOptions(max_wait=timedelta(minutes=max_wait))
        full = 13 - empty
        world.circleci.fates = [Fate(states, bare=100, null=True)] * empty + [Fate(states)] * full
        period = named_period("last-13-months", NOW.date())
        runs = finish(world, period)
        assert len(world.store.ledger.of(world.organizations, State.FETCHED)) == 13
        world.progress.lines = [str(runs)]
        full_days = [window.period for window in world.store.ledger.windows[empty:]]
        if full_days:
            have = Period(full_days[0].start, min(full_days[-1].stop, NOW.date()))
            world.assert_whole(world.export(period), have)
        return world


@pytest.mark.parametrize("gets", [None, 10])
@pytest.mark.parametrize("max_wait", [0, 60])
@pytest.mark.parametrize("states", [("completed",), ("processing", "completed")])
def test_empty_months_cost_no_run_more_and_two_minutes_at_most(
    tmp_path: Path, states: tuple[str, ...], max_wait: int, gets: int | None
) -> None:
    all_full = thirteen_months(tmp_path / "full", states, 0, max_wait, gets)
    for empty in (4, 13):
        world = thirteen_months(tmp_path / str(empty), states, empty, max_wait, gets)
        runs = int(world.progress.lines[0])
        assert world.progress.lines[0] == all_full.progress.lines[0]
        if max_wait and states == ("completed",):
            assert runs == 1
        assert world.clock.now() - all_full.clock.now() <= runs * timedelta(minutes=2.5)
        assert len([call for call in world.posts if call.status == 201]) == 13


def test_other_windows_go_on_while_one_is_without_files(world: Bench) -> None:
    world.circleci.fates = [
        Fate(("completed",), bare=100),
        Fate(("processing", "processing", "completed")),
    ]
    world.export(AUTUMN)
    assert world.clock.now() - NOW <= timedelta(minutes=2)
    assert [window.rows for window in world.store.ledger.windows] == [0, 62]


def test_a_window_without_files_is_remembered_by_a_run_that_may_not_wait(world: Bench) -> None:
    world.circleci.fates = [Fate(("completed",), bare=100)]
    world.options = ExportOptions(max_wait=timedelta(seconds=6))
    with pytest.raises(UnfinishedError, match=r"completed, but without files\)\. It can resume at"):
        world.export()
    assert world.clock.now() - NOW == timedelta(seconds=6)
    assert finish(world, OCTOBER) <= 2
    assert len(world.posts) == 1


def test_urls_that_come_late_are_fetched_even_if_looks_are_refused_meanwhile(world: Bench) -> None:
    world.circleci.fates = [Fate(("completed",), bare=2)]
    refused = error_response(429, "slow", Retry_After="1800")
    world.circleci.faults = in_turn([None, None, refused])
    world.assert_whole(world.export())


def test_an_empty_month_among_full_ones_is_said_in_every_run(world: Bench) -> None:
    world.circleci.fates = [Fate(), Fate(("completed",), bare=100, null=True)]
    for _ in range(2):
        result = world.export(AUTUMN)
        assert result.warnings == ("CircleCI exported no usage for 2026-10-01 to 2026-10-31.",)
        world.assert_whole(result, Period(AUTUMN.start, OCTOBER.start))
        assert result.complete_through == AUTUMN.last
    assert len(world.posts) == 2


def test_an_open_window_without_usage_is_asked_for_again_when_more_days_are_complete(
    world: Bench,
) -> None:
    world.circleci.fates = [Fate(("completed",), bare=100)]
    month = Period(date(2026, 11, 1), date(2026, 12, 1))
    assert world.export(month).parts == ()
    world.at(NOW + timedelta(days=1))
    world.assert_whole(world.export(month), Period(date(2026, 11, 1), date(2026, 11, 3)))
    assert len(world.posts) == 2


@pytest.mark.parametrize("seconds", [6, 20, 100])
def test_a_run_waits_no_longer_than_it_may(world: Bench, seconds: int) -> None:
    world.circleci.fates = [Fate(("processing",) * 1000 + ("completed",))]
    world.options = ExportOptions(max_wait=timedelta(seconds=seconds))
    with pytest.raises(UnfinishedError, match="Everything requested and downloaded so far is kept"):
        world.export()
    assert world.clock.now() - NOW <= timedelta(seconds=1.1 * seconds)
    assert world.polls


# Lists of parts


def expiring(world: Bench, refusals: int = 1) -> None:
    """Let so many downloads come when their URLs are no longer good, after one that was in time."""
    seen = iter(range(refusals + 1))

    def dawdle(request: Request) -> None:
        if request.host == "download" and next(seen, 0):
            world.clock.sleep(20)

    world.options = ExportOptions(max_wait=timedelta(hours=12), downloads=1)
    world.circleci.url_lifetime = timedelta(seconds=10)
    world.circleci.faults = dawdle


@pytest.mark.parametrize("refusals", [0, 1])
def test_parts_whose_urls_differ_in_their_query_alone_are_different_parts(
    world: Bench, refusals: int
) -> None:
    world.circleci.parts_in_query = True
    world.circleci.rows_per_part = 10
    if refusals:
        expiring(world)
    result = world.export()
    world.assert_whole(result)
    assert len(result.parts) == 7


@pytest.mark.parametrize("fewer", [0, 1])
def test_fewer_parts_than_before_are_an_error_and_no_smaller_report(
    world: Bench, fewer: int
) -> None:
    world.circleci.fates = [Fate(listed=(2, fewer))]
    expiring(world)
    with pytest.raises(
        ServiceError, match=r"lists 1 of its files, but listed 2 before|there was usage before"
    ):
        world.export()
    world.circleci.faults = None
    world.assert_whole(world.export())
    assert len(world.posts) == 2, "it is requested again"


def test_fewer_parts_than_an_earlier_run_was_told_of(world: Bench) -> None:
    world.circleci.fates = [Fate(listed=(2, 1))]
    world.circleci.faults = lambda request: (
        error_response(503, "busy") if "part-1" in request.path else None
    )
    with pytest.raises(ServiceError, match="download server returned HTTP 503"):
        world.export()
    world.circleci.faults = None
    world.assert_whole(world.export())
    assert len(world.posts) == 2
    assert any("listed 2 before" in line for line in world.progress.lines)


def test_more_parts_than_before_are_all_fetched(world: Bench) -> None:
    world.circleci.fates = [Fate(listed=(1, 2))]
    world.circleci.faults = in_turn([None, None, error_response(403, "Request has expired")])
    world.assert_whole(world.export())


def test_a_part_that_is_listed_twice_counts_once(world: Bench) -> None:
    world.export()
    urls = [f"{world.circleci.download_url}{call.path}" for call in world.downloads]
    body = {
        "usage_export_job_id": world.store.ledger.windows[0].job,
        "state": "completed",
        "download_urls": [*reversed(urls), *urls, *(f"{url}&X-Amz-Again=1" for url in urls)],
    }
    for part in world.store.parts(OCTOBER):
        part.unlink()
    world.circleci.faults = in_turn([Instead(Response.json(200, body))])
    result = world.export()
    world.assert_whole(result)
    assert len(result.parts) == len(urls)


def test_an_empty_refresh_does_not_take_rows_away(world: Bench) -> None:
    world.at(datetime(2026, 11, 10, 6, tzinfo=UTC))
    period = named_period("month-to-date", date(2026, 11, 9))
    before = world.export(period)
    world.at(datetime(2026, 11, 11, 13, tzinfo=UTC))
    world.circleci.fates = [Fate(), Fate(("completed",), bare=100)]
    with pytest.raises(
        ServiceError, match="completed without files, though there was usage before"
    ):
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
    world.circleci.faults = in_turn([None, None, None, error_response(401, "revoked")])
    with pytest.raises(
        AccessError, match=r"rejected the token.*2026-09-20 to 2026-09-30 failed.*too large"
    ):
        world.export(AUTUMN)


def test_a_window_that_keeps_failing_is_asked_for_in_halves(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",)), Fate(("failed",))]
    for _ in range(2):
        with pytest.raises(ServiceError):
            world.export()
    world.assert_whole(world.export())
    assert [end[:10] for _, end in world.requested_windows[2:]] == ["2026-10-15", "2026-10-31"]


def test_a_job_that_vanishes_is_an_error_and_the_next_run_asks_again(world: Bench) -> None:
    world.circleci.fates = [Fate((), vanishes=True)]
    with pytest.raises(ServiceError, match="no longer knows the export job"):
        world.export()
    assert len(world.polls) == 3
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
    world.circleci.faults = lambda request: (
        error_response(403, "no") if request.host == "download" else None
    )
    with pytest.raises(ServiceError, match="fresh ones too"):
        world.export()
    assert len(world.polls) == 4


# Refusals


@pytest.mark.parametrize(
    ("answer", "error", "text"),
    [
        (error_response(401, "Invalid token provided."), AccessError, "rejected the token"),
        (
            error_response(403, "Permission denied."),
            AccessError,
            "not allowed to access organization",
        ),
        (error_response(404, "Organization does not exist."), AccessError, "found no organization"),
        (error_response(400, "bad shared_org_ids"), SettingsError, "bad shared_org_ids"),
        (error_response(418, "teapot"), ServiceError, "418"),
        (
            Instead(Response(302, {"Location": "https://evil.example/login?x=1"})),
            SettingsError,
            "https://evil.example,",
        ),
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


@pytest.mark.parametrize(
    "fault",
    [Stall(done=True), Reset(done=True), error_response(500, "oops"), error_response(503, "wait")],
)
def test_an_unclear_answer_to_a_request_is_not_repeated_in_the_same_run(
    world: Bench, fault: Instead
) -> None:
    world.timeouts = IMPATIENT
    world.circleci.faults = in_turn([None, fault])
    with pytest.raises(ServiceError, match="Whether the export started is unknown"):
        world.export(AUTUMN)
    assert len(world.posts) == 2
    assert [window.state for window in world.store.ledger.windows] == [State.FETCHED, State.UNCLEAR]
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 3


def test_a_damaged_part_that_stays_damaged_is_a_data_error(world: Bench) -> None:
    page = Instead(Response(200, {"Content-Type": "text/html"}, b"<!doctype html>"))
    world.circleci.faults = lambda request: page if request.host == "download" else None
    with pytest.raises(DataError, match="a proxy's page"):
        world.export()
    world.circleci.faults = None
    world.assert_whole(world.export())
    assert len(world.posts) == 1
