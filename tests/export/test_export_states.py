"""The export engine against the stand-in: the states of export jobs."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from circleci_usage.core.errors import (
    UnfinishedError,
)
from circleci_usage.core.periods import Period, named_period
from circleci_usage.demo.standin.faults import (
    error_response,
    in_turn,
)
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.engine import ExportResult
from circleci_usage.export.ledger import State
from circleci_usage.export.run_context import ExportOptions
from exporting import AUTUMN, NOW, OCTOBER, Bench, bench


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


# States


@pytest.mark.parametrize("null", [False, True])
def test_urls_may_come_later_than_the_word_completed(world: Bench, *, null: bool) -> None:
    world.circleci.fates = [Fate(("completed",), bare=2, null=null)]
    world.assert_whole(world.export())


@pytest.mark.parametrize("null", [False, True])
def test_completed_without_urls_is_reported_as_no_usage(world: Bench, *, null: bool) -> None:
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


def test_other_windows_continue_while_one_is_without_files(world: Bench) -> None:
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


def test_late_urls_are_downloaded_even_if_polls_are_refused_meanwhile(world: Bench) -> None:
    world.circleci.fates = [Fate(("completed",), bare=2)]
    refused = error_response(429, "slow", Retry_After="1800")
    world.circleci.faults = in_turn([None, None, refused])
    world.assert_whole(world.export())


def test_an_empty_month_among_full_ones_is_reported_in_every_run(world: Bench) -> None:
    world.circleci.fates = [Fate(), Fate(("completed",), bare=100, null=True)]
    for _ in range(2):
        result = world.export(AUTUMN)
        assert result.warnings == ("CircleCI exported no usage for 2026-10-01 to 2026-10-31.",)
        world.assert_whole(result, Period(AUTUMN.start, OCTOBER.start))
        assert result.complete_through == AUTUMN.last
    assert len(world.posts) == 2


def test_an_open_window_without_usage_is_requested_again_when_more_days_are_complete(
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
