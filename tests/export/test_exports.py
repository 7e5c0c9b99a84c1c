"""The export engine against the stand-in: windows, resuming, look-back, clocks."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from circleci_usage.core.errors import ServiceError, SettingsError, UnfinishedError
from circleci_usage.core.periods import Period, named_period
from circleci_usage.demo.standin.faults import Instead, error_response
from circleci_usage.demo.standin.messages import Request
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.run_context import ExportOptions
from exporting import AUTUMN, NOW, OCTOBER, Bench, bench
from paths import SUPPORT

RUNNER = SUPPORT / "export_runner.py"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


# Windows


def test_thirteen_months_with_shared_organizations_are_thirteen_requests(tmp_path: Path) -> None:
    with bench(tmp_path, organizations=3) as world:
        period = named_period("last-13-months", NOW.date())
        result = world.export(period)
        world.assert_whole(result, Period(period.start, NOW.date()))
        assert len(world.posts) == 13
        assert {len(json.loads(call.body)["shared_org_ids"]) for call in world.posts} == {2}
        assert len({call.path for call in world.posts}) == 1
        world.export(period)
        assert len(world.posts) == 13


def test_windows_are_months_clipped_to_the_range_and_end_is_never_in_the_future(
    world: Bench,
) -> None:
    world.export(Period.of_days(date(2026, 9, 20), date(2026, 11, 30)))
    assert world.requested_windows == [
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
    assert world.requested_windows[5:] == [("2026-10-01T00:00:00.000Z", "2026-10-04T23:59:59.999Z")]


def test_the_current_month_is_requested_again_as_a_whole_when_another_day_is_complete(
    world: Bench,
) -> None:
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


def test_sets_of_organizations_do_not_mix(tmp_path: Path) -> None:
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


def test_a_finished_export_requests_nothing(world: Bench) -> None:
    world.export(AUTUMN)
    calls = len(world.circleci.calls)
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.circleci.calls) == calls


def test_an_export_that_takes_too_long_is_downloaded_by_the_next_run(world: Bench) -> None:
    world.circleci.fates = [Fate(("processing",) * 20 + ("completed",))]
    world.options = ExportOptions(max_wait=timedelta(minutes=20))
    with pytest.raises(
        UnfinishedError, match=r"2026-10-01 to 2026-10-31 \(processing\).*run the same command"
    ):
        world.export()
    assert len(world.polls) < 10
    world.options = ExportOptions(max_wait=timedelta(hours=12))
    world.assert_whole(world.export())
    assert len(world.posts) == 1


def test_parts_that_arrived_are_kept_and_only_the_rest_is_downloaded(world: Bench) -> None:
    def last_part_is_out(request: Request) -> Instead | None:
        return error_response(503, "busy") if "part-1" in request.path else None

    world.circleci.faults = last_part_is_out
    with pytest.raises(ServiceError, match="the download server returned HTTP 503"):
        world.export()
    arrived = [call.path for call in world.downloads if call.status == 200]
    assert len(arrived) == 1
    world.circleci.faults = None
    world.circleci.calls.clear()
    world.assert_whole(world.export())
    assert [("part-1" in call.path, call.status) for call in world.downloads] == [(True, 200)]
    assert not world.posts


def test_lost_files_are_downloaded_from_the_same_export(world: Bench) -> None:
    result = world.export()
    result.parts[0].unlink()
    assert not world.store.is_whole(world.store.ledger.windows[0])
    world.circleci.calls.clear()
    world.assert_whole(world.export())
    assert not world.posts
    assert len(world.downloads) == 1


@pytest.mark.parametrize(
    "fate", [Fate(("processing",) * 5, vanishes=True), Fate(("processing",) * 5 + ("failed",))]
)
def test_a_failed_export_is_requested_again_by_a_later_run(world: Bench, fate: Fate) -> None:
    world.circleci.fates = [fate]
    world.options = ExportOptions(max_wait=timedelta())
    with pytest.raises(UnfinishedError):
        world.export()
    world.options = ExportOptions()
    begin = world.clock.now()
    world.assert_whole(world.export())
    assert len(world.posts) == 2
    assert world.clock.now() - begin < timedelta(minutes=2)


def test_a_full_disk_leaves_a_store_that_the_next_run_resumes(world: Bench) -> None:
    """A real limit of the kernel on the size of files, which the parts exceed."""
    world.circleci.rows_per_part = 10_000
    arguments = (world.address, world.folder, AUTUMN.first, AUTUMN.last, *world.organizations)
    command = [
        "bash",
        "-c",
        'ulimit -f 1; exec "$@"',
        "-",
        sys.executable,
        str(RUNNER),
        *map(str, arguments),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "UnfinishedError" in done.stderr
    assert "Free some space and rerun the same command" in done.stderr
    assert world.posts
    world.assert_whole(world.export(AUTUMN), AUTUMN)
    assert len(world.posts) == 2, "what was requested before is downloaded"
    world.assert_no_secret(done.stderr)


# Look-back


@pytest.mark.parametrize(("days", "first"), [(396, date(2025, 10, 3)), (365, date(2025, 11, 3))])
def test_a_start_that_is_too_old_is_moved_with_a_warning(
    tmp_path: Path, days: int, first: date
) -> None:
    with bench(tmp_path, look_back=timedelta(days=days)) as world:
        period = Period(date(2025, 9, 1), date(2025, 12, 1))
        result = world.export(period)
        assert result.period == Period(first, period.stop)
        (warning,) = result.warnings
        assert warning == (
            f"CircleCI no longer has usage before {first}: the data starts there, not on"
            " 2025-09-01."
        )
        world.assert_whole(result, result.period)
        refused = [call.status for call in world.posts].count(400)
        assert refused <= 2
        assert world.export(period) == result
        assert [call.status for call in world.posts].count(400) == refused, (
            "the limit is remembered"
        )


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
    with (
        bench(tmp_path) as world,
        pytest.raises(SettingsError, match="no longer has usage for 2024-01-01 to 2024-01-31"),
    ):
        world.export(Period(date(2024, 1, 1), date(2024, 2, 1)))


# Clocks


@pytest.mark.parametrize("hours", [-30, -3, 2, 30])
def test_a_wrong_clock_neither_loses_days_nor_requests_twice(world: Bench, hours: int) -> None:
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
