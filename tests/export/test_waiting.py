"""What an export says while it waits, and what it says that an interruption would leave behind."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.core.errors import UnfinishedError
from circleci_usage.core.periods import Period
from circleci_usage.demo.standin.faults import error_response, in_turn
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.export.api_client import CircleCI, resolve_organization
from circleci_usage.export.engine import export_usage
from circleci_usage.export.run_context import ExportOptions
from exporting import AUTUMN, NOW, OCTOBER, TOKEN, Bench, bench
from watching import STEP, BeatingClock, WatchedConsole


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        one.options = ExportOptions(max_wait=timedelta(hours=1))
        yield one


def watched(
    world: Bench, period: Period = OCTOBER, console: WatchedConsole | None = None
) -> WatchedConsole:
    """Export, watched by a console."""
    console = console or WatchedConsole(world.clock)
    clock = BeatingClock(world.clock, console)
    client = CircleCI(world.address, SecretStr(TOKEN), clock=clock, progress=console)
    export_usage(
        client,
        world.store,
        world.organizations,
        period,
        options=world.options,
        clock=clock,
        progress=console,
    )
    return console


def test_a_slow_export_has_a_line_a_minute(world: Bench) -> None:
    world.circleci.fates = [Fate((*["processing"] * 8, "completed"))]
    console = watched(world)

    assert console.longest_silence() <= timedelta(minutes=1) + STEP
    assert world.clock.now() - NOW > timedelta(minutes=30)
    assert (
        "CircleCI is preparing 2026-10: requested 6 min ago, next poll at 13:08, waiting until"
        " 14:00 at most (UTC)."
    ) in console.lines


def test_the_schedule_is_the_same_whether_or_not_anybody_watches(tmp_path: Path) -> None:
    moments = []
    for watches in (False, True):
        with bench(tmp_path / str(watches)) as world:
            world.circleci.fates = [Fate((*["processing"] * 6, "completed"))]
            if watches:
                watched(world)
            else:
                world.export()
            moments.append((world.clock.now(), len(world.polls)))
    assert moments[0] == moments[1]


def test_several_windows_are_one_line(world: Bench) -> None:
    world.circleci.fates = [Fate((*["processing"] * 4, "completed"))] * 2
    console = watched(world, AUTUMN)

    assert any(
        line.startswith("CircleCI is preparing 2026-09-20 to 2026-09-30: requested ")
        and line.endswith("(UTC); 1 more: requested.")
        for line in console.lines
    )
    assert console.longest_silence() <= timedelta(minutes=1) + STEP


def test_the_quota_has_a_line_a_minute(tmp_path: Path) -> None:
    with bench(tmp_path, posts_per_hour=1) as world:
        console = watched(world, AUTUMN)

    assert console.longest_silence() <= timedelta(minutes=1) + STEP
    assert any(
        line.startswith(
            "CircleCI's hourly quota is used up, and 2026-10 is still to be requested: next request"
            " at 14:00, waiting until "
        )
        for line in console.lines
    )


def test_the_status_check_limit_has_a_line_a_minute(tmp_path: Path) -> None:
    with bench(tmp_path, gets_per_hour=2) as world:
        world.circleci.fates = [Fate(("processing", "processing", "completed"))]
        console = watched(world)

    assert console.longest_silence() <= timedelta(minutes=1) + STEP
    assert any(
        line.startswith(
            "The status-check limit is reached while CircleCI is preparing 2026-10: requested "
        )
        for line in console.lines
    )


def test_a_retry_says_why_and_when(world: Bench) -> None:
    world.circleci.faults = in_turn([error_response(503, "x", Retry_After="90")])
    console = WatchedConsole(world.clock)
    clock = BeatingClock(world.clock, console)
    client = CircleCI(world.address, SecretStr(TOKEN), clock=clock, progress=console)
    client.wait_budget.max_wait = timedelta(hours=1)
    resolve_organization(client, world.circleci.company.organizations[0].slug)

    assert console.lines[0] == (
        "Waiting for CircleCI (it returned HTTP 503): next attempt at 13:01 (UTC)."
    )
    assert len(console.lines) == 2


def test_the_deadline_is_the_one_that_ends_the_run(world: Bench) -> None:
    world.options = replace(world.options, max_wait=timedelta(minutes=20))
    world.circleci.fates = [Fate(("processing",))]
    console = WatchedConsole(world.clock)
    with pytest.raises(UnfinishedError, match="beyond the maximum wait"):
        watched(world, console=console)
    assert world.clock.now() - NOW <= timedelta(minutes=20)
    assert "waiting until 13:20 at most (UTC)." in console.lines[-1]


def test_an_interruption_says_what_circleci_goes_on_preparing(world: Bench) -> None:
    world.circleci.fates = [Fate(("processing", "completed"))]
    console = watched(world, AUTUMN)
    kept, again = "Requests and downloads are kept", "rerun the same command to resume."

    preparing = "CircleCI goes on preparing"
    first, last = "2026-09-20 to 2026-09-30", "2026-10"
    assert console.kept == [
        f"{kept}; {again}",
        f"{kept}: {preparing} {first}; {again}",
        f"{kept}: {preparing} {first}, {last}; {again}",
        f"{kept}: {preparing} {last}, and the download of {first} is unfinished; {again}",
        f"{kept}: {preparing} {last}; {again}",
        f"{kept}: the download of {last} is unfinished; {again}",
        f"{kept}; {again}",
    ]
