"""The export engine against the stand-in: the hourly quota and the status-check limit."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from circleci_usage.core.errors import (
    UnfinishedError,
)
from circleci_usage.core.periods import Period, named_period
from circleci_usage.demo.standin.faults import (
    Retouch,
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.messages import Request
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.ledger import State
from circleci_usage.export.run_context import ExportOptions
from exporting import AUTUMN, NOW, Bench, bench


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
def test_with_max_wait_0_the_quota_ends_the_run_and_the_next_resumes(
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


def test_endless_short_waits_do_not_keep_a_run_forever(world: Bench) -> None:
    world.options = ExportOptions(max_wait=timedelta())
    world.circleci.faults = lambda request: (
        error_response(429, "slow", Retry_After="60") if request.method == "POST" else None
    )
    with pytest.raises(UnfinishedError):
        world.export()
    assert len(world.posts) <= 12


def test_ten_polls_an_hour_suffice(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=10, gets_per_hour=10, polls_until_complete=2) as world:
        period = named_period("last-13-months", NOW.date())
        world.assert_whole(world.export(period), Period(period.start, NOW.date()))
        assert [call.status for call in world.polls].count(429) <= 2
        world.assert_no_secret()


def test_polls_become_rare(world: Bench) -> None:
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


def test_a_used_up_quota_in_a_response_is_not_tried(world: Bench) -> None:
    reset = Retouch({"RateLimit-Remaining": "0", "RateLimit-Reset": "300"})
    world.circleci.faults = in_turn([reset])
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert [call.status for call in world.posts] == [201, 201]
    assert world.clock.now() >= NOW + timedelta(seconds=300)
