"""Users, automation and months, compared with an oracle; and what is not known of them."""

import csv
import io
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from pathlib import Path

import pandas as pd
import pytest

import people_oracle
from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.core.periods import Period
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.report import Report
from circleci_usage.report_folder.tables import lines_csv, tables
from circleci_usage.schema.export_columns import UNKNOWN_USER
from circleci_usage.usage.daily_usage import DailyUsage, read_daily_usage
from circleci_usage.usage.input_files import find_parts
from paths import SHARED
from report_factory import MARCH, from_file, report_from_settings, report_of_usage, written_settings
from rows import Row, job_run

PRICE = Decimal("0.0006")
NULL = "\\\\N"
USERS = [f"00000000-0000-4000-8000-00000000000{number}" for number in range(6)]
JANE, RAVI = USERS[:2]

Line = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """Rows, and the report on their last days."""

    rows: list[people_oracle.Job]
    report: Report
    period: Period


@pytest.fixture(scope="module", params=["synthetic", "real"])
def case(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("rows")
    period = MARCH
    files = [folder / "part.csv.gz"]
    if request.param == "real":
        files = sorted((SHARED / "data").glob("*.csv.gz"))
        period = Period.of_days(date(2024, 11, 10), date(2024, 11, 18))
        if not files:
            pytest.skip("the real export is not here")
    else:
        write_part(files[0], synthetic_rows(random.Random(7)))
    usage = read_daily_usage(find_parts(files).parts, period=period)
    now = datetime(period.stop.year, period.stop.month, 28, tzinfo=UTC)
    return Case(people_oracle.read(files), report_of_usage(usage, period, now), period)


def synthetic_rows(dice: random.Random) -> Iterator[Row]:
    """Three months of users, schedules, people without an account, and seats."""
    for _ in range(900):
        user = dice.choice([*USERS, NULL, NULL])
        day = date(2026, dice.choice([1, 2, 3]), dice.randrange(1, 29))
        automatic = dice.choice(["schedule", "api", "webhook" if day.month == 1 else "schedule"])
        registered = "false" if user in USERS[:3] else dice.choice(["True", "false", NULL])
        yield job_run(
            dice.choice(["10", "0", "12.5", "7000"]),
            JOB_RUN_DATE=str(day),
            STORAGE_CREDITS=dice.choice(["0", "0", "3"]),
            PIPELINE_TRIGGER_USER_ID=user,
            IS_UNREGISTERED_USER="true" if user == NULL else registered,
            PIPELINE_TRIGGER_SOURCE=automatic if user == NULL else "webhook",
        )
    for month in (1, 2, 3):
        nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "JOB_NAME", "WORKFLOW_NAME"), NULL)
        yield job_run("0", JOB_RUN_DATE=f"2026-0{month}-01", USER_CREDITS="75000", **nothing)


def table(report: Report, name: str) -> list[Line]:
    text = lines_csv(dict(tables(report))[name])
    return [*csv.DictReader(io.StringIO(text))]


def inside(case: Case) -> list[people_oracle.Job]:
    return [row for row in case.rows if date.fromisoformat(row["JOB_RUN_DATE"]) in case.period]


def test_users_equal_the_oracle_and_sum_to_the_whole(case: Case) -> None:
    lines = table(case.report, "users")

    found = {
        line["user_id"]: (
            line["registered"],
            Decimal(line["credits"]),
            Decimal(line["cost"]),
            int(line["job_runs"]),
        )
        for line in lines
    }
    assert found == people_oracle.users(inside(case), PRICE)
    assert [*lines[0]][:6] == ["user_id", "registered", "credits", "cost", "share", "job_runs"]
    people, totals = case.report.people, case.report.totals
    assert sum(user.cost or 0 for user in people.users) == totals.cost
    assert sum(user.job_runs for user in people.users) == totals.job_runs
    nobody = next(user for user in people.users if user.user_id == "(none)")
    assert sum(each.cost or 0 for each in people.triggers) == nobody.cost
    assert sum(each.job_runs for each in people.triggers) == nobody.job_runs


def test_months_equal_the_oracle(case: Case) -> None:
    lines = table(case.report, "user_months")

    assert [line["month"] for line in lines] == sorted(
        {row["JOB_RUN_DATE"][:7] for row in case.rows}
    )
    for line in lines:
        rows = [row for row in case.rows if row["JOB_RUN_DATE"].startswith(line["month"])]
        for column, expected in people_oracle.month(rows, PRICE).items():
            found = Decimal(line[column]) if line[column] else None
            assert found == expected, (line["month"], column)


def test_included_credits_are_shared_out_to_the_last_digit(tmp_path: Path) -> None:
    rows = [
        job_run(amount, PIPELINE_TRIGGER_USER_ID=user, JOB_NAME=user)
        for user, amount in zip(USERS, ("1", "2.5", "7", "0.001", "3", "4"), strict=True)
    ]

    report = report_from_settings(tmp_path, rows, "included_credits: {per: month, amount: 3.337}\n")

    assert report.totals.cost == Decimal("14.164") * PRICE
    assert sum(user.cost or 0 for user in report.people.users) == report.totals.cost


def settings(how: str) -> str:
    return f"""\
teams: [{{name: payments, projects: ["*"]}}]
people:
  {how}
  users: {{{JANE.upper()}: {{name: Jane Doe, team: payments}}, {RAVI}: {{name: Ravi}}}}
"""


def rows_of_users() -> list[Row]:
    return [
        job_run("30", PIPELINE_TRIGGER_USER_ID=JANE, IS_UNREGISTERED_USER="false"),
        job_run("20", PIPELINE_TRIGGER_USER_ID=RAVI, IS_UNREGISTERED_USER="true"),
        job_run("10", PIPELINE_TRIGGER_USER_ID=USERS[2]),
    ]


@pytest.mark.parametrize(
    ("how", "names", "teams"),
    [
        ("show: names", ["Jane Doe", "Ravi", ""], ["payments", "", ""]),
        ("show: ids", ["", "", ""], ["payments", "", ""]),
        ("show: no", ["", "", ""], ["", "", ""]),
        ("hash: false", ["", "", ""], ["", "", ""]),
    ],
)
def test_names_and_teams_are_there_where_they_are_shown(
    tmp_path: Path, how: str, names: list[str], teams: list[str]
) -> None:
    report = report_from_settings(tmp_path, rows_of_users(), settings(how))

    lines = table(report, "users")
    assert [line["user_id"] for line in lines] == [JANE, RAVI, USERS[2]]
    assert [line["registered"] for line in lines] == ["true", "false", ""]
    assert [line["name"] for line in lines] == names
    assert [line["team"] for line in lines] == teams


def test_a_hash_is_the_beginning_of_the_sha_256_of_the_id(tmp_path: Path) -> None:
    how = settings("show: names\n  hash: true")
    report = report_from_settings(tmp_path, rows_of_users(), how)

    ids = [user.user_id for user in report.people.users]
    assert ids == [sha256(user.encode()).hexdigest()[:16] for user in USERS[:3]]
    assert [user.name for user in report.people.users] == ["Jane Doe", "Ravi", None]


def test_of_a_mixed_registration_the_latest_day_counts(tmp_path: Path) -> None:
    said = [(JANE, "true", 2), (JANE, "FALSE", 9), (JANE, NULL, 12), (RAVI, "false", 3)]
    said += [(RAVI, "True", 4), (USERS[2], "true", 5), (USERS[2], "false", 5)]
    rows = [
        job_run(
            PIPELINE_TRIGGER_USER_ID=user,
            IS_UNREGISTERED_USER=flag,
            JOB_RUN_DATE=f"2026-03-{day:02}",
        )
        for user, flag, day in said
    ]

    people = report_from_settings(tmp_path, rows).people

    registered = {user.user_id: user.registered for user in people.users}
    assert registered == {JANE: True, RAVI: False, USERS[2]: True}
    assert (people.counts.registered, people.counts.unregistered) == (2, 1)


def usage_of(folder: Path, rows: list[Row]) -> DailyUsage:
    write_part(folder / "part.csv.gz", rows)
    return read_daily_usage(find_parts([folder]).parts, period=MARCH)


def without_users(frame: pd.DataFrame, before: str) -> pd.DataFrame:
    """A frame whose facts up to a day were kept before users were."""
    users = frame["user"].astype("object").mask(frame["date"] < before, UNKNOWN_USER)
    return frame.assign(user=users.astype("category"))


def test_users_that_were_not_kept_are_not_counted_as_none(tmp_path: Path) -> None:
    rows = [
        job_run(PIPELINE_TRIGGER_USER_ID=JANE, IS_UNREGISTERED_USER="false", JOB_RUN_DATE=day)
        for day in ("2026-02-10", "2026-03-10")
    ]
    usage = usage_of(tmp_path, rows)
    usage = replace(
        usage,
        user_runs=without_users(usage.user_runs, "2026-03-01"),
        user_credits=without_users(usage.user_credits, "2026-03-01"),
    )

    february, march = report_of_usage(usage).people.months

    assert (february.counts.active, march.counts.active) == (None, 1)
    assert february.started["unknown"].job_runs == 1
    both = report_of_usage(usage, Period.of_days(date(2026, 2, 1), date(2026, 3, 31))).people
    assert (both.counts.active, both.counts.unregistered) == (None, None)
    assert {user.user_id for user in both.users} == {JANE, UNKNOWN_USER}


def test_an_export_without_users_says_nothing_about_their_number(tmp_path: Path) -> None:
    people = report_of_usage(usage_of(tmp_path, [job_run()])).people

    assert [user.user_id for user in people.users] == ["(none)"]
    assert people.counts.active is None
    assert [month.counts.active for month in people.months] == [None]


def test_missing_days_make_a_month_incomplete_or_unknown(tmp_path: Path) -> None:
    rows = [
        job_run(PIPELINE_TRIGGER_USER_ID=JANE, JOB_RUN_DATE=day)
        for day in ("2026-01-10", "2026-03-10")
    ]
    known = Period(date(2026, 1, 1), date(2026, 2, 1)), Period(date(2026, 3, 5), date(2026, 4, 1))

    people = report_of_usage(usage_of(tmp_path, rows), exported=ExportedDays(complete=known)).people

    january, february, march = people.months
    assert [month.is_whole for month in people.months] == [False, False, False]
    assert (january.counts.active, february.counts.active, march.counts.active) == (1, None, 1)
    assert february.started["users"].job_runs is None
    assert february.seat_cost is None


def test_what_seats_of_unregistered_users_would_cost(tmp_path: Path) -> None:
    prices = """\
seat_credits: 40000
pricing:
  - {from: 2026-01-01, to: 2026-03-31, price_per_credit: 0.0005}
  - {from: 2026-04-01, price_per_credit: 0.0006, by_credit_type: {user: 0.0007}}
"""
    rows = [
        job_run(PIPELINE_TRIGGER_USER_ID=user, IS_UNREGISTERED_USER="true", JOB_RUN_DATE=day)
        for user in (JANE, RAVI)
        for day in ("2026-03-10", "2026-04-10", "2026-05-10")
    ]
    rows.append(
        job_run(
            PIPELINE_TRIGGER_SOURCE="webhook",
            IS_UNREGISTERED_USER="true",
            JOB_RUN_DATE="2026-05-11",
        )
    )
    rows.append(
        job_run(
            "0", USER_CREDITS="80000", PROJECT_ID=NULL, PROJECT_NAME=NULL, JOB_RUN_DATE="2026-04-01"
        )
    )
    period = Period.of_days(date(2026, 3, 1), date(2026, 5, 31))

    report = report_from_settings(
        tmp_path, rows, prices, period=period, now=datetime(2026, 6, 3, tzinfo=UTC)
    )

    march, april, may = report.people.months
    assert march.unregistered_seat_cost is None, "nobody was billed for them then"
    assert april.unregistered_seat_cost == 2 * 40000 * Decimal("0.0007")
    assert (may.counts.unregistered, may.unregistered_seat_cost) == (None, None)
    assert (april.seat_cost, april.seat_cost_per_active_user) == (Decimal(56), Decimal(28))
    assert march.seat_cost_per_active_user == 0


def test_costs_without_a_price_are_not_known(tmp_path: Path) -> None:
    rows = [
        job_run("10", PIPELINE_TRIGGER_USER_ID=JANE),
        job_run("10", PIPELINE_TRIGGER_USER_ID=RAVI, JOB_RUN_DATE="2026-03-20"),
    ]
    prices = "pricing: [{from: 2026-03-15, price_per_credit: 0.5}]\n"

    people = report_from_settings(tmp_path, rows, prices, allow_unpriced=True).people

    assert {user.user_id: user.cost for user in people.users} == {JANE: None, RAVI: 5}
    assert people.started["users"].cost is None
    assert people.counts.active == 2
    assert people.months[0].seat_cost == 0


def test_a_settings_file_says_who_people_are(tmp_path: Path) -> None:
    file = written_settings(tmp_path, settings("show: names"))

    people = from_file(file)["analysis"].people

    assert people.names == {JANE: "Jane Doe", RAVI: "Ravi"}
    assert people.teams == {JANE: "payments"}
