"""`run` and `export` as a user runs them, against a mock CircleCI."""

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest

from circleci_usage.core.periods import add_months, midnight, month_start
from circleci_usage.demo.company.catalog import MAIN, ORGANIZATIONS
from circleci_usage.demo.company.company import Company
from circleci_usage.demo.standin.faults import HTML_PAGE, error_response, in_turn
from circleci_usage.demo.standin.rules import Fate
from circleci_usage.demo.standin.standin import StandIn
from days import today, yesterday
from export_command import SECRET, exporting_environment, posts, small_circleci, windows
from inprocess import run_here


@pytest.fixture
def circleci() -> Iterator[StandIn]:
    with small_circleci() as standin:
        yield standin


@pytest.fixture
def env(circleci: StandIn) -> dict[str, str]:
    return exporting_environment(circleci)


def test_run_goes_from_the_export_to_the_report(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    done = run_here("run", cwd=tmp_path, env=env)

    assert (done.code, done.out) == (0, f"{tmp_path}/usage-report/index.html\n"), done.err
    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    company = Company(scale=0.1)
    known_until = midnight(today())  # what still ran then settles in a later export
    days = [yesterday() - timedelta(days=ago) for ago in range(3)]
    rows = [row for day in days for row in company.rows(day, known_until) if row[0] == MAIN.id]
    assert summary["totals"]["job_runs"] == len(rows)
    assert summary["totals"]["credits"] == str(sum(int(row[-1]) for row in rows))
    assert posts(circleci) == windows(2)
    assert "\x1b" not in done.err  # plain lines where there is no terminal

    again = run_here("run", cwd=tmp_path, env=env)
    assert again.code == 0
    assert posts(circleci) == windows(2)


def test_several_organizations_are_one_export(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    names = ",".join(organization.id for organization in ORGANIZATIONS)
    done = run_here("run", "--org-id", names, "--no-merged", cwd=tmp_path, env=env)

    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    assert {line["organization"] for line in summary["by_organization"]} == {
        each.name for each in ORGANIZATIONS
    }
    assert posts(circleci) == windows(2)


def test_an_organization_may_be_a_slug(env: dict[str, str], tmp_path: Path) -> None:
    assert run_here("export", cwd=tmp_path, env=env | {"ORG_ID": MAIN.slug}).code == 0


def test_a_named_period_is_exported_with_the_one_before(
    env: dict[str, str], tmp_path: Path
) -> None:
    done = run_here("run", "--period", "last-7-days", cwd=tmp_path, env=env)

    assert done.code == 0, done.err
    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    last = yesterday()
    assert summary["period"] == {"from": str(last - timedelta(days=6)), "to": str(last)}
    assert summary["previous_period"]["from"] == str(last - timedelta(days=13))


def test_reporting_again_from_the_store_says_the_same(env: dict[str, str], tmp_path: Path) -> None:
    def summary() -> dict[str, object]:
        written = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
        return {key: value for key, value in written.items() if key != "generated_at"}

    period = ("--from", yesterday() - timedelta(days=2), "--to", today(), "--no-merged")
    assert run_here("run", *period, cwd=tmp_path, env=env).code == 0
    first = summary()
    assert run_here("report", *period, cwd=tmp_path, env=env).code == 0

    assert summary() == first
    assert first["complete_through"]


def test_export_fills_the_store_that_report_merge_and_status_use(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    exported = run_here("export", "--store", "store", cwd=tmp_path, env=env)
    assert exported.code == 0, exported.err
    paths = [Path(line) for line in exported.out.splitlines()]
    assert all(path.is_absolute() and path.is_file() for path in paths)

    circleci.faults = lambda _request: HTML_PAGE  # nothing below needs CircleCI
    env |= {"STORE_DIR": "store"}
    assert run_here("report", cwd=tmp_path, env=env).code == 0
    assert run_here("merge", cwd=tmp_path, env=env).out == f"{tmp_path}/merged.csv.gz\n"
    shown = run_here("status", cwd=tmp_path, env=env)
    assert "job runs in" in shown.out
    assert "The next run will request nothing." in shown.out
    assert run_here("prune", cwd=tmp_path, env=env).err == "Removed 0 windows: 0 files, 0.0 MB.\n"


def test_passing_trouble_is_tried_again(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    circleci.faults = in_turn(
        [
            None,
            error_response(502, "Bad."),
            error_response(503, "Busy."),
            None,
            None,
            error_response(503, "Busy."),
        ]
    )

    assert run_here("export", cwd=tmp_path, env=env).code == 0


@pytest.mark.parametrize(
    ("changed", "code", "message"),
    [
        (
            {"CIRCLECI_API_TOKEN": ""},
            2,
            "No CircleCI API token is set, and no login is kept for http://127.0.0.1:",
        ),
        ({"CIRCLECI_API_TOKEN": "wrong"}, 3, "CircleCI rejected the token (HTTP 401"),
        ({"ORG_ID": ""}, 2, "No organization is set; set ORG_ID or --org-id"),
        (
            {"ORG_ID": "gh/nobody"},
            3,
            "Organization 'gh/nobody' was not found with this token, which can access:",
        ),
        (
            {"ORG_ID": "00000000-0000-4000-8000-000000000000"},
            3,
            "CircleCI did not find organization 00000000-0000-4000",
        ),
        ({"START_DATE": "2026-13-01"}, 2, "START_DATE: '2026-13-01' is not a date"),
        ({"END_DATE": "2020-01-01"}, 2, "The start date is after the end date"),
        (
            {"CIRCLECI_URL": "circleci"},
            2,
            "The address of CircleCI (--circleci-url, CIRCLECI_URL) is not a valid URL",
        ),
        ({"MAX_WAIT": "soon"}, 2, "MAX_WAIT: 'soon' is not a valid duration"),
        (
            {"POLL_SECONDS": "often"},
            2,
            "POLL_SECONDS: 'often' is not a number; write one such as 15.",
        ),
    ],
)
def test_errors_are_one_line(
    env: dict[str, str], tmp_path: Path, changed: dict[str, str], code: int, message: str
) -> None:
    done = run_here("run", cwd=tmp_path, env=env | changed)

    assert done.code == code, done.err
    assert message in done.err
    assert SECRET not in done.out + done.err
    assert not (tmp_path / "usage-report").exists()


EMPTY = [Fate(("completed",), bare=100, null=True), Fate(("completed",), bare=100)] * 20


@pytest.mark.parametrize("period", ["last-week", "last-month", "last-90-days"])
def test_no_usage_at_all_is_a_report_that_says_so(
    circleci: StandIn, env: dict[str, str], tmp_path: Path, period: str
) -> None:
    circleci.fates = EMPTY
    chosen = ("--period", period)
    begin = monotonic()
    done = run_here("run", *chosen, cwd=tmp_path, env=env)
    assert (done.code, done.out) == (0, f"{tmp_path}/usage-report/index.html\n"), done.err
    assert monotonic() - begin < 60
    assert "CircleCI exported no usage for" in done.err

    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    assert summary["totals"] == {"credits": "0", "cost": "0", "job_runs": 0}
    assert any("no usage" in warning for warning in summary["warnings"])
    assert "No CircleCI usage found" in (tmp_path / "usage-report" / "summary.md").read_text()
    with gzip.open(tmp_path / "usage-report" / "merged.csv.gz", "rt") as merged:
        assert len(merged.read().splitlines()) == 1

    requested = posts(circleci)
    keys = env | {"DATADOG_API_KEY": "0" * 32}
    for command in (
        ("export", *chosen),
        ("report", *chosen),
        ("report", "usage-report/merged.csv.gz"),
        ("merge",),
        ("push", "datadog", "--dry-run"),
        ("status", *chosen),
    ):
        done = run_here(*command, cwd=tmp_path, env=keys)
        assert done.code == 0, (command, done.err)
    assert posts(circleci) == requested


def test_a_store_that_does_not_have_the_period_says_so_instead_of_no_usage(
    env: dict[str, str], tmp_path: Path
) -> None:
    assert run_here("export", cwd=tmp_path, env=env).code == 0
    others = ("--from", today() - timedelta(days=40), "--to", today() - timedelta(days=35))
    done = run_here("report", *others, cwd=tmp_path, env=env)
    assert (done.code, "has no usage of" in done.err) == (2, True), done.err


def test_max_wait_is_kept(circleci: StandIn, env: dict[str, str], tmp_path: Path) -> None:
    circleci.fates = [Fate(("processing",) * 1000)] * 2
    begin = monotonic()
    done = run_here("export", "--max-wait", "3s", cwd=tmp_path, env=env | {"POLL_SECONDS": "15"})
    assert done.code == 5, done.err
    assert monotonic() - begin < 3 + 10
    assert "Everything requested and downloaded so far is kept" in done.err
    circleci.fates = ()
    requested = posts(circleci)
    run_here("export", "--max-wait", "3s", cwd=tmp_path, env=env)
    assert posts(circleci) == requested, "nothing is lost"


def test_a_last_day_in_the_future_is_cut_with_a_warning(
    env: dict[str, str], tmp_path: Path
) -> None:
    done = run_here("run", "--to", "2099-12-31", cwd=tmp_path, env=env)
    assert done.code == 0, done.err
    assert (
        f"Warning: The end date 2099-12-31 is in the future; today, {today()}, is used instead."
        in done.err
    )
    summary = json.loads((tmp_path / "usage-report" / "summary.json").read_text())
    assert summary["period"]["to"] == str(today())

    open_end = run_here("export", "--to", "9999-12-31", cwd=tmp_path, env=env)
    assert open_end.code == 0
    assert "in the future" not in open_end.err


@pytest.mark.parametrize(
    "chosen", [("--period", "last-999-days"), ("--from", "0001-01-01"), ("--from", "2024-02-29")]
)
def test_days_that_circleci_no_longer_keeps_are_not_requested(
    circleci: StandIn, env: dict[str, str], tmp_path: Path, chosen: tuple[str, str]
) -> None:
    circleci.posts_per_hour = 0
    done = run_here("export", *chosen, "--max-wait", "0", cwd=tmp_path, env=env)
    first = min(yesterday() - timedelta(days=394), add_months(month_start(today()), -12))
    assert done.code == 5
    assert (
        f"\nCircleCI no longer has usage before {first}: the data starts there, not on" in done.err
    )
    assert [
        json.loads(call.body)["start"][:10] for call in circleci.calls if call.method == "POST"
    ] == [str(first)]


def test_a_range_that_circleci_keeps_no_more_is_refused_without_a_request(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    done = run_here("run", "--from", "2024-01-01", "--to", "2024-02-29", cwd=tmp_path, env=env)
    assert done.code == 2
    assert (
        "CircleCI no longer has usage for 2024-01-01 to 2024-02-29, as it keeps 13 months"
        in done.err
    )
    assert circleci.calls == []


def test_iso_date_times_are_their_day(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    day = yesterday() - timedelta(days=1)  # just after midnight, yesterday is not whole yet
    dates = {"START_DATE": f"{day}T00:00:00Z", "END_DATE": f" {day}T23:59:59.999Z "}
    assert run_here("export", cwd=tmp_path, env=env | dates).code == 0
    body = next(json.loads(call.body) for call in circleci.calls if call.method == "POST")
    assert (body["start"], body["end"]) == (
        f"{day}T00:00:00.000Z",
        f"{day}T23:59:59.999Z",
    )


def test_out_of_quota_says_when_to_come_back(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    circleci.posts_per_hour = 0

    done = run_here("export", "--max-wait", "0", cwd=tmp_path, env=env)

    assert done.code == 5
    assert "rerun the same command to resume" in done.err


def test_a_failed_export_job_is_reported(
    circleci: StandIn, env: dict[str, str], tmp_path: Path
) -> None:
    circleci.fates = [Fate(("failed",), error_reason="the query took too long")] * 2

    done = run_here("export", cwd=tmp_path, env=env)

    assert done.code == 4, done.err
    assert "the query took too long" in done.err
