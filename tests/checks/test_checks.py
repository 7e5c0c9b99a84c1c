"""What `doctor` and `status` report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.checks.export_checks import Check, check_circleci, check_store
from circleci_usage.config.api_token import ApiToken
from circleci_usage.core.errors import ServiceError
from circleci_usage.core.periods import Period
from circleci_usage.demo.standin.faults import Instead, error_response
from circleci_usage.demo.standin.messages import Request, Response
from circleci_usage.export.ledger import Post, State
from circleci_usage.export.store import Store
from circleci_usage.export.store_status import store_status
from exporting import AUTUMN, NOW, OCTOBER, TOKEN, Bench, bench


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Bench]:
    with bench(tmp_path) as one:
        yield one


def checked(
    world: Bench, organizations: Sequence[str] = (), expires: date | None = None
) -> list[Check]:
    """The checks that need CircleCI."""
    token = ApiToken(SecretStr(TOKEN), "CIRCLECI_API_TOKEN", expires)
    return [*check_circleci(world.client, token, organizations, world.store)]


def exports_check(world: Bench) -> Check:
    """Whether the token may request exports."""
    *_, check = checked(world, world.organizations[:1])
    assert check.name == "exports"
    world.assert_no_secret(check)
    return check


def test_everything_is_ok(world: Bench) -> None:
    world.export()
    main = world.circleci.company.organizations[0]
    checks = [*checked(world, [main.id, main.slug]), *check_store(world.store)]
    assert all(check.ok for check in checks)
    assert [check.name for check in checks] == [
        "token",
        "clock",
        f"organization {main.id}",
        "exports",
        f"organization {main.slug}",
        "store",
    ]
    assert checks[-1].message.endswith("has 1 window with 62 job runs.")


def test_a_wrong_token_ends_the_checks(world: Bench) -> None:
    world.circleci.token = "another"
    (check,) = checked(world, world.organizations)
    assert not check.ok
    assert "rejected the token" in check.message
    world.assert_no_secret(check)


def test_the_token_has_its_source_and_its_last_day(world: Bench) -> None:
    unknown, _ = checked(world)
    assert unknown.message.startswith(
        "CircleCI accepts the one from CIRCLECI_API_TOKEN; it has access to 3 organizations."
        " CircleCI's API does not report when it expires: 90 days after a login, or at most a year"
    )
    known, _ = checked(world, expires=date(2026, 11, 14))
    assert known.ok
    assert known.message.endswith(" It expires on 2026-11-14, in 12 days.")
    assert (known.source, known.expires) == ("CIRCLECI_API_TOKEN", date(2026, 11, 14))
    (warning,) = known.warnings
    assert warning.startswith("The CircleCI token from CIRCLECI_API_TOKEN expires on 2026-11-14,")
    assert unknown.warnings == ()


def test_the_token_may_request_exports(world: Bench) -> None:
    check = exports_check(world)
    assert check.ok
    assert check.is_known
    assert check.message == (
        "The token may request them, as far as CircleCI tells: it rejected a test request because"
        " of the request, not of the token (HTTP 400: end must not be before start)."
    )
    (probe,) = world.posts
    assert probe.status == 400
    assert not world.store.folder.joinpath("ledger.json").exists()


def test_the_token_may_not_request_exports(world: Bench) -> None:
    world.circleci.levels_that_export = ()
    check = exports_check(world)
    assert check.exit_code == 3
    assert check.message == (
        f"The token may not request exports of {world.organizations[0]} (HTTP 403: Permission"
        " denied.): it has access to the organization, so its rights are too low; log in again as"
        " an admin of the organization, and choose the access level Write, then Admin."
    )


def test_an_organization_that_is_not_in_the_list_is_to_be_chosen(world: Bench) -> None:
    def answer(request: Request) -> Instead | None:
        if request.method == "POST":
            return error_response(403, "Permission denied.")
        if request.path.endswith("/me/collaborations"):
            return Instead(Response(200, {"Content-Type": "application/json"}, b"[]"))
        return None

    world.circleci.faults = answer
    check = exports_check(world)
    assert check.exit_code == 3
    assert check.message == (
        f"The token may not request exports of {world.organizations[0]} (HTTP 403: Permission"
        " denied.): the organization is not in the list of those that it has access to; log in"
        " again, as a member of the organization, and choose it on CircleCI's page."
    )


UNKNOWN = {
    429: "CircleCI's rate limit is reached (HTTP 429: no); rerun later.",
    500: "gave no usable response: it returned HTTP 500; try again later",
    302: "CircleCI's address redirects to another address",
    418: "failed with HTTP 418: no; try again later.",
}


@pytest.mark.parametrize(("status", "reason"), UNKNOWN.items())
def test_whether_it_may_can_stay_unknown(world: Bench, status: int, reason: str) -> None:
    world.circleci.faults = lambda request: (
        error_response(status, "no") if request.method == "POST" else None
    )
    check = exports_check(world)
    assert (check.exit_code, check.is_known) == (0, False)
    assert check.message.startswith("Whether the token may request exports is not known: ")
    assert reason in check.message
    assert len(world.posts) == 1, "an unclear response is never a reason to send another"


def test_other_answers_are_about_the_token_too(world: Bench) -> None:
    world.circleci.faults = lambda request: (
        error_response(404, "no") if request.method == "POST" else None
    )
    check = exports_check(world)
    assert check.exit_code == 3
    assert "may not request exports of" in check.message
    assert "(HTTP 404: no)" in check.message


def test_a_test_request_that_is_accepted_is_admitted(world: Bench) -> None:
    world.circleci.faults = lambda request: (
        error_response(201, "created") if request.method == "POST" else None
    )
    check = exports_check(world)
    assert check.ok
    assert "accepted a test request that it should have rejected, so this check used one of" in (
        check.message
    )


@pytest.mark.parametrize(("used", "tests"), [(8, 1), (9, 0), (10, 0)])
def test_the_last_request_of_the_hour_is_left_to_an_export(
    world: Bench, used: int, tests: int
) -> None:
    now, requester = world.clock.now(), world.organizations[0]
    posts = tuple(Post(requester, now - timedelta(minutes=each)) for each in range(used))
    with world.store.locked():
        world.store.commit(replace(world.store.ledger, posts=posts))
    check = exports_check(world)
    assert len(world.posts) == tests
    assert check.is_known is bool(tests)
    if not tests:
        assert check.message == (
            f"Whether the token may request exports is not known: {used} of this hour's 10 export"
            " requests are used, and the test may count as one; rerun in an hour."
        )


def test_with_a_damaged_store_nothing_is_requested(world: Bench) -> None:
    world.store.folder.mkdir(exist_ok=True)
    (world.store.folder / "ledger.json").write_text("{")
    check = exports_check(world)
    assert (check.exit_code, check.is_known, len(world.posts)) == (0, False, 0)
    assert "the store, which counts the export requests of this hour, is damaged" in check.message


def test_a_wrong_organization_lists_the_accessible_ones(world: Bench) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    *_, check, exports = checked(world, [unknown])
    assert not check.ok
    assert world.circleci.company.organizations[0].slug in check.message
    assert "log in again and choose it" in check.message
    assert (exports.name, exports.is_known) == ("exports", False)
    assert f"it was not tested, because of organization {unknown} above" in exports.message
    assert world.posts == []


def test_a_wrong_clock_is_reported(world: Bench) -> None:
    world.skew = timedelta(hours=2)
    _, clock = checked(world)
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
