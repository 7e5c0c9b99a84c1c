"""The export engine against the stand-in: lists of parts, and rejected requests."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from circleci_usage.core.errors import (
    AccessError,
    DataError,
    ServiceError,
    SettingsError,
)
from circleci_usage.core.periods import named_period
from circleci_usage.demo.standin.faults import (
    Instead,
    Reset,
    Stall,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.ledger import State
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.stored_usage import stored_parts
from exporting import AUTUMN, IMPATIENT, OCTOBER, TOKEN, Bench, bench, job_ids


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


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


def test_fewer_parts_than_an_earlier_run_saw(world: Bench) -> None:
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


def test_more_parts_than_before_are_all_downloaded(world: Bench) -> None:
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
    with pytest.raises(ServiceError, match="without files, although there was usage before"):
        world.export(period)
    assert list(job_ids(world.store.parts(period))) == list(job_ids(before.parts))
    world.assert_whole(world.export(period), period)


def test_a_state_that_is_new_is_waited_for(world: Bench) -> None:
    world.circleci.fates = [Fate(("created", "queued_for_review", "processing", "completed"))]
    world.assert_whole(world.export())
    assert any("'queued_for_review'" in line for line in world.progress.lines)


def test_a_failed_export_is_reported_with_its_reason_and_the_others_are_downloaded(
    world: Bench,
) -> None:
    world.circleci.fates = [Fate(("failed",), error_reason=f"query timed out\x1b[31m for {TOKEN}")]
    with pytest.raises(
        ServiceError, match=r"2026-09-20 to 2026-09-30 failed.*query timed out\\x1b\[31m for \*\*\*"
    ) as error:
        world.export(AUTUMN)
    assert [window.state for window in world.store.ledger.windows] == [State.FAILED, State.FETCHED]
    world.assert_no_secret(error.value)
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 3


def test_everything_that_went_wrong_is_reported(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",), error_reason="too large")]
    world.circleci.faults = in_turn([None, None, None, error_response(401, "revoked")])
    with pytest.raises(
        AccessError, match=r"rejected the token.*2026-09-20 to 2026-09-30 failed.*too large"
    ):
        world.export(AUTUMN)


def test_a_window_that_keeps_failing_is_requested_in_halves(world: Bench) -> None:
    world.circleci.fates = [Fate(("failed",)), Fate(("failed",))]
    for _ in range(2):
        with pytest.raises(ServiceError):
            world.export()
    world.assert_whole(world.export())
    assert [end[:10] for _, end in world.requested_windows[2:]] == ["2026-10-15", "2026-10-31"]


def test_a_job_that_vanishes_is_an_error_and_the_next_run_requests_it_again(world: Bench) -> None:
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


def test_urls_that_are_always_rejected_end_in_an_error(world: Bench) -> None:
    world.circleci.faults = lambda request: (
        error_response(403, "no") if request.host == "download" else None
    )
    with pytest.raises(ServiceError, match="including fresh ones"):
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
        (
            error_response(404, "Organization does not exist."),
            AccessError,
            "did not find organization",
        ),
        (error_response(400, "bad shared_org_ids"), SettingsError, "bad shared_org_ids"),
        (error_response(418, "teapot"), ServiceError, "418"),
        (
            Instead(Response(302, {"Location": "https://evil.example/login?x=1"})),
            SettingsError,
            "https://evil.example,",
        ),
    ],
)
def test_rejections_cost_one_request_and_say_what_to_do(
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
    with pytest.raises(DataError, match="it is a web page, perhaps of a login or a proxy"):
        world.export()
    world.circleci.faults = None
    world.assert_whole(world.export())
    assert len(world.posts) == 1


@pytest.mark.parametrize("damage", ["changed", "cut", "gone"])
def test_a_rerun_heals_a_part_that_was_damaged_in_the_store(world: Bench, damage: str) -> None:
    first, *_ = world.export().parts
    content = first.read_bytes()
    if damage == "gone":
        first.unlink()
    else:
        first.write_bytes(content[:-9] if damage == "cut" else content[:-1] + b"?")
    with pytest.raises(
        DataError, match=r"; rerun `circleci-usage export --store \S+ --from 2026-10-01"
    ):
        stored_parts(world.store.folder)

    world.assert_whole(world.export())

    assert first.read_bytes() == content
    assert len(world.posts) == 1
    assert stored_parts(world.store.folder).parts
