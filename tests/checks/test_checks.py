"""What `doctor` and `status` report."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from circleci_usage.checks.export_checks import check_circleci, check_store
from circleci_usage.core.errors import ServiceError
from circleci_usage.core.periods import Period
from circleci_usage.demo.standin.faults import error_response
from circleci_usage.export.ledger import State
from circleci_usage.export.store import Store
from circleci_usage.export.store_status import store_status
from exporting import AUTUMN, NOW, OCTOBER, Bench, bench


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


def test_everything_is_ok(world: Bench) -> None:
    world.export()
    main = world.circleci.company.organizations[0]
    checks = [*check_circleci(world.client, [main.id, main.slug]), *check_store(world.store)]
    assert all(check.ok for check in checks)
    assert [check.name for check in checks] == [
        "token",
        "clock",
        f"organization {main.id}",
        f"organization {main.slug}",
        "store",
    ]
    assert checks[-1].message.endswith("has 1 window with 62 job runs.")


def test_a_wrong_token_ends_the_checks(world: Bench) -> None:
    world.circleci.token = "another"
    (check,) = check_circleci(world.client, world.organizations)
    assert not check.ok
    assert "rejected the token" in check.message
    world.assert_no_secret(check)


def test_a_wrong_organization_lists_the_accessible_ones(world: Bench) -> None:
    *_, check = check_circleci(world.client, ["00000000-0000-4000-8000-000000000000"])
    assert not check.ok
    assert world.circleci.company.organizations[0].slug in check.message


def test_a_wrong_clock_is_reported(world: Bench) -> None:
    world.skew = timedelta(hours=2)
    _, clock = check_circleci(world.client, [])
    assert not clock.ok
    assert "2:00:00 ahead of CircleCI's; correct it" in clock.message


def test_a_damaged_part_is_found_and_downloaded_again_once_removed(world: Bench) -> None:
    (part, _) = world.export().parts
    content = bytearray(part.read_bytes())
    content[-5] ^= 1
    part.write_bytes(content)
    *_, check = check_store(world.store)
    assert not check.ok
    assert str(part) in check.message
    part.unlink()
    world.assert_whole(world.export())
    assert all(check.ok for check in check_store(world.store))
    assert len(world.posts) == 1


def test_an_unusable_store_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (check,) = check_store(Store(tmp_path / "file" / "store"))
    assert not check.ok
    assert "--store" in check.message
    (tmp_path / "ledger.json").write_text("{")
    (check,) = check_store(Store(tmp_path))
    assert "is damaged" in check.message


def test_a_store_that_does_not_exist_yet_is_ok(tmp_path: Path) -> None:
    (check,) = check_store(Store(tmp_path / "a" / "b"))
    assert check.ok


def test_the_status_of_a_store(world: Bench) -> None:
    empty = store_status(world.store, world.organizations, AUTUMN, NOW)
    assert (empty.windows, empty.rows, empty.bytes) == ((), 0, 0)
    assert empty.next_run
    assert [str(period) for period in empty.next_run.to_request] == [
        "2026-09-20 to 2026-09-30",
        "2026-10-01 to 2026-10-31",
    ]

    def september_fails(request: object) -> object:
        return (
            error_response(500, "no") if len(world.posts) == 1 and "POST" in str(request) else None
        )

    world.export()
    world.circleci.faults = september_fails  # type: ignore[assignment]
    with pytest.raises(ServiceError):
        world.export(AUTUMN)
    now = store_status(world.store, world.organizations, AUTUMN, NOW)
    assert [(window.first, window.state) for window in now.windows] == [
        (date(2026, 9, 20), State.UNCLEAR),
        (date(2026, 10, 1), State.FETCHED),
    ]
    assert (now.rows, now.requests_this_hour, now.requests_per_hour) == (62, 2, 10)
    assert now.bytes == sum(part.stat().st_size for part in world.store.parts(OCTOBER))
    assert now.next_run
    assert now.next_run.to_request == (Period(AUTUMN.start, OCTOBER.start),)
    world.store.parts(OCTOBER)[0].unlink()
    assert len(store_status(world.store, (), AUTUMN, NOW).incomplete) == 1
    assert store_status(world.store, (), AUTUMN, NOW).next_run is None
