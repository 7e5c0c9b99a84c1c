"""What a plan says before anything is sent: which series, with which tags, when, and why it may not be sent."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.core.decimals import total
from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.push.datadog.plan import PushOptions, PushPlan, plan_push
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.datadog.timestamps import Mode, period_name, snapshot_stamp
from circleci_usage.push.metrics import DEFAULT_TAGS, chosen_tags
from report_factory import MARCH
from report_folders import NOW, report_folder
from rows import Row, job_run

SNAPSHOT = PushOptions(datadog_site("datadoghq.eu"))
HISTORICAL = replace(SNAPSHOT, mode=Mode.HISTORICAL)

SETTINGS = """
teams:
  - {name: Payments, projects: [pay], budget: {per: month, amount: 1}}
  - {name: web, projects: [web]}
"""


def job_runs() -> list[Row]:
    return [
        job_run("1000", STORAGE_CREDITS="30"),
        job_run(
            "500",
            JOB_NAME="lint",
            JOB_RUN_DATE="2026-03-05",
            RESOURCE_CLASS="large",
            VCS_BRANCH="main",
        ),
        job_run(
            "9000",
            PROJECT_ID="p2",
            PROJECT_NAME="pay",
            JOB_RUN_DATE="2026-03-05",
            JOB_BUILD_STATUS="failed",
        ),
        job_run("0", PROJECT_ID="p3", PROJECT_NAME="idle", JOB_RUN_SECONDS="7"),
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_folder(tmp_path_factory.mktemp("report"), job_runs(), SETTINGS)[0]


@pytest.fixture
def own_folder(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(folder, tmp_path / "spoilt")


def amounts(plan: PushPlan, metric: str) -> Mapping[tuple[frozenset[str], int], Decimal]:
    """Tags without the constant ones, and Unix time → amount."""
    constant = ("currency:", "period:")
    return {
        (frozenset(tag for tag in series.tags if not tag.startswith(constant)), stamp): amount
        for series in plan.series
        if series.metric == f"circleci.usage.{metric}"
        for stamp, amount in series.points
    }


def sums(plan: PushPlan, metric: str) -> Decimal:
    return total(amounts(plan, metric).values())


@pytest.mark.parametrize("options", [SNAPSHOT, HISTORICAL])
@pytest.mark.parametrize(
    "tags", [DEFAULT_TAGS, chosen_tags(["workflow,job", "resource_class"]), ()]
)
def test_the_points_sum_to_the_report(
    folder: Path, options: PushOptions, tags: tuple[str, ...]
) -> None:
    plan = plan_push(folder, replace(options, tags=tags), NOW)

    summary = json.loads((folder / "summary.json").read_text())
    for metric in ("credits", "cost", "job_runs"):
        assert sums(plan, metric) == Decimal(summary["totals"][metric])
    assert sums(plan, "job_seconds") == 3 * 60 + 7


def test_a_snapshot_is_one_point_a_series_stamped_now(folder: Path) -> None:
    plan = plan_push(folder, SNAPSHOT, NOW)

    half_past_nine = int(datetime(2026, 4, 2, 9, 30, tzinfo=UTC).timestamp())
    assert {stamp for series in plan.series for stamp, _ in series.points} == {half_past_nine}
    assert plan.points == len(plan.series)
    assert plan.late_points == 0
    web = frozenset({"organization:acme", "project:web", "team:web"})
    assert amounts(plan, "credits")[web | {"credit_type:compute"}, half_past_nine] == 1500
    assert amounts(plan, "job_runs")[web, half_past_nine] == 2
    assert {tag for series in plan.series for tag in series.tags if tag.startswith("period:")} == {
        "period:last_month"
    }
    assert all("currency:usd" in series.tags for series in plan.series)


def test_history_is_a_point_a_day_at_its_midnight(folder: Path) -> None:
    plan = plan_push(folder, HISTORICAL, NOW)

    web = frozenset({"organization:acme", "project:web", "team:web", "credit_type:compute"})
    days = {
        stamp: amount for (tags, stamp), amount in amounts(plan, "credits").items() if tags == web
    }
    midnights = [int(datetime(2026, 3, day, tzinfo=UTC).timestamp()) for day in (2, 5)]
    assert days == dict(zip(midnights, (1000, 500), strict=True))
    used = [
        series
        for series in plan.series
        if series.metric in {f"circleci.usage.{name}" for name in _OF_DAYS}
    ]
    assert plan.late_points == sum(len(series.points) for series in used)
    assert all("period:day" in series.tags for series in plan.series)


_OF_DAYS = ("credits", "cost", "job_runs", "job_seconds")


@pytest.mark.parametrize("options", [SNAPSHOT, HISTORICAL])
def test_states_are_stamped_now_whatever_the_mode(folder: Path, options: PushOptions) -> None:
    plan = plan_push(folder, options, NOW)

    now = snapshot_stamp(NOW)
    assert amounts(plan, "budget_used_ratio") == {
        (frozenset({"team:payments", "budget:payments"}), now): Decimal("5.4")
    }
    failed = frozenset({"organization:acme", "project:pay", "reason:failed"})
    assert amounts(plan, "wasted_cost")[failed, now] == Decimal("5.4")
    assert amounts(plan, "forecast_cost") == {
        (frozenset({"team:payments"}), now): Decimal("5.4"),
        (frozenset({"team:web"}), now): Decimal("0.918"),
    }


def test_every_reason_of_waste_has_its_tag(own_folder: Path) -> None:
    jobs = "organization,project,workflow,job,"
    (own_folder / "tables" / "waste.csv").write_text(
        f"{jobs}failed,canceled,reruns\nacme,web,w,a,1,2,3\nacme,web,w,b,4,0,5\n"
    )
    (own_folder / "tables" / "right_sizing.csv").write_text(
        f"{jobs}saved_a_month\nacme,web,w,a,7\nacme,web,w,b,-8\n"
    )

    wasted = amounts(plan_push(own_folder, SNAPSHOT, NOW), "wasted_cost")

    web = {"organization:acme", "project:web"}
    reasons = {"failed": 5, "canceled": 2, "rerun": 8, "oversized": 7}
    assert {tags: amount for (tags, _), amount in wasted.items()} == {
        frozenset({*web, f"reason:{reason}"}): amount for reason, amount in reasons.items()
    }


def test_no_two_series_are_alike_and_the_plan_is_the_same_every_time(folder: Path) -> None:
    plan = plan_push(folder, SNAPSHOT, NOW)

    assert len({(series.metric, series.tags) for series in plan.series}) == len(plan.series)
    assert plan == plan_push(folder, SNAPSHOT, NOW + timedelta(minutes=19))
    assert plan != plan_push(folder, SNAPSHOT, NOW + timedelta(minutes=20))


def test_names_that_would_share_a_tag_stay_apart_and_that_is_said(tmp_path: Path) -> None:
    rows = [job_run("1", PROJECT_ID=name, PROJECT_NAME=name) for name in ("web", "Web", "web!")]
    folder, _ = report_folder(tmp_path, rows)

    plan = plan_push(folder, SNAPSHOT, NOW)

    assert len(amounts(plan, "credits")) == 3
    assert plan.warnings[0].startswith(
        "Some names would have had the same project tag and were given a suffix: 'Web'"
    )


def test_branches_come_by_project_and_only_as_a_snapshot(folder: Path) -> None:
    plan = plan_push(folder, replace(SNAPSHOT, tags=chosen_tags(["branch"])), NOW)

    now = snapshot_stamp(NOW)
    acme = frozenset({"organization:acme"})
    assert amounts(plan, "credits")[acme | {"project:web", "branch:main"}, now] == 500
    assert amounts(plan, "job_runs")[acme | {"project:web", "branch:none"}, now] == 1
    assert [sums(plan, metric) for metric in ("credits", "job_runs", "job_seconds")] == [
        10530,
        4,
        187,
    ]
    with pytest.raises(SettingsError, match="not by day"):
        plan_push(folder, replace(HISTORICAL, tags=chosen_tags(["branch"])), NOW)


@pytest.mark.parametrize(
    ("tags", "advice"),
    [
        (
            ["job"],
            "It is the tag job that makes them many: without it they are 16. Leave it out of --tags, or",
        ),
        (
            [],
            "It is the tag credit_type that makes them many: without it they are 14. Leave it out with --without-tags ",
        ),
    ],
)
def test_too_many_series_need_consent_and_the_tag_is_named(
    folder: Path, tags: list[str], advice: str
) -> None:
    options = replace(SNAPSHOT, tags=chosen_tags(tags), max_series=10)

    plan = plan_push(folder, options, NOW)

    series = len(plan.series)
    assert plan.objection is not None
    assert plan.objection.startswith(
        f"{series} series are more than the 10 that may be sent (--max-series)"
    )
    assert advice in plan.objection
    assert f"--max-series {series}." in plan.objection
    assert plan_push(folder, replace(options, max_series=series), NOW).objection is None


def test_unpriced_credits_are_not_sent_as_costing_nothing(own_folder: Path) -> None:
    table = own_folder / "tables" / "daily_charges.csv"
    table.write_text(table.read_text().replace(",30,0.018\n", ",30,\n"))
    summary = json.loads((own_folder / "summary.json").read_text())
    summary["totals"]["cost"] = "6.3"
    (own_folder / "summary.json").write_text(json.dumps(summary))

    plan = plan_push(own_folder, SNAPSHOT, NOW)

    assert sums(plan, "cost") == Decimal("6.3")
    assert not any("credit_type:storage" in tags for tags, _ in amounts(plan, "cost"))
    assert any("credit_type:storage" in tags for tags, _ in amounts(plan, "credits"))


def test_a_report_without_usage_is_an_empty_plan(tmp_path: Path) -> None:
    folder, _ = report_folder(tmp_path, [])

    plan = plan_push(folder, SNAPSHOT, NOW)

    assert (plan.batches, plan.requests, plan.events) == ((), 0, ())


def change_summary(folder: Path, **changes: object) -> None:
    path = folder / "summary.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_the_tag_period_is_the_name_that_was_asked_for(own_folder: Path) -> None:
    change_summary(own_folder, period_name="last-31-days")

    assert all(
        "period:last_31_days" in series.tags
        for series in plan_push(own_folder, SNAPSHOT, NOW).series
    )


def test_events_are_for_exceeded_budgets_alone(own_folder: Path) -> None:
    change_summary(own_folder, link="https://example.com/report")
    folder = own_folder

    (event,) = plan_push(folder, SNAPSHOT, NOW).events
    assert event.title == "CircleCI budget Payments is exceeded: 540% of 1.00 USD"
    assert event.text == (
        "5.40 USD of 1.00 USD were spent from 2026-03-01 to 2026-03-31.\n\nThe report: https://example.com/report"
    )
    assert event.tags == ("budget:payments", "team:payments")
    assert plan_push(folder, replace(SNAPSHOT, events=False), NOW).events == ()


def test_an_anomaly_is_an_event_with_its_cause(own_folder: Path) -> None:
    summary = json.loads((own_folder / "summary.json").read_text())
    anomaly = {
        "date": "2026-03-05",
        "organization": "acme",
        "project_id": "p2",
        "project": "pay",
        "expected": "5.54",
        "actual": "1234.325",
        "workflow": "nightly",
        "job": "compact",
        "job_expected": "4.28",
        "job_actual": "65.15",
    }
    nobody = {**anomaly, "organization": None, "project_id": None, "project": None, "job": None}
    (own_folder / "summary.json").write_text(
        json.dumps({**summary, "budgets": [], "anomalies": [anomaly, nobody] * 6})
    )

    events = plan_push(own_folder, SNAPSHOT, NOW).events

    assert len(events) == 10
    assert events[0].title == "CircleCI cost of pay was unusual on 2026-03-05: 1,234.32 USD"
    assert events[0].text == (
        "1,234.32 USD instead of about 5.54 USD. Most of it is the job compact of the workflow nightly: 65.15 USD"
        " instead of about 4.28 USD."
    )
    assert (
        events[1].title
        == "CircleCI cost of all projects together was unusual on 2026-03-05: 1,234.32 USD"
    )
    assert len({event.key for event in events}) == 2
    assert all(len(event.key) <= 100 for event in events)


def test_an_anomaly_of_a_job_alone_names_the_job(own_folder: Path) -> None:
    summary = json.loads((own_folder / "summary.json").read_text())
    job = {
        "workflow": "nightly",
        "job": "soak",
        "job_expected": "30",
        "job_actual": "90",
        "subject": "job",
    }
    anomaly = {
        "date": "2026-03-05",
        "organization": "acme",
        "project_id": "p2",
        "project": "pay",
    } | job
    anomalies = [
        anomaly | {"expected": "30", "actual": "90"},
        anomaly | {"expected": "9", "actual": "80", "job": "e2e"},
    ]
    (own_folder / "summary.json").write_text(
        json.dumps({**summary, "budgets": [], "anomalies": anomalies})
    )

    first, second = plan_push(own_folder, SNAPSHOT, NOW).events

    assert (
        first.title == "CircleCI cost of the job soak of pay was unusual on 2026-03-05: 90.00 USD"
    )
    assert first.text == "90.00 USD instead of about 30.00 USD."
    assert first.key != second.key


@pytest.mark.parametrize("site", ["ddog-gov.com", "us2.ddog-gov.com"])
def test_government_sites_have_no_history(folder: Path, site: str) -> None:
    with pytest.raises(SettingsError, match="no Historical Metrics Ingestion"):
        plan_push(folder, replace(HISTORICAL, site=datadog_site(site)), NOW)
    assert plan_push(folder, replace(SNAPSHOT, site=datadog_site(site)), NOW).points


def test_days_that_datadog_has_long_forgotten_are_refused(folder: Path) -> None:
    with pytest.raises(
        SettingsError, match=r"^8 of 20 points lie before 2026-03-05, and Datadog keeps 15 months"
    ):
        plan_push(folder, HISTORICAL, datetime(2027, 5, 29, tzinfo=UTC))


def test_a_folder_that_is_no_report_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"is no report folder: there is no summary\.json"):
        plan_push(tmp_path / "nowhere", SNAPSHOT, NOW)


@pytest.mark.parametrize("version", ["1", "3", "null", '"2"', "{}"])
def test_a_report_of_another_version_is_to_be_made_again(own_folder: Path, version: str) -> None:
    file = own_folder / "summary.json"
    file.write_text(
        file.read_text().replace('"schema_version": 2', f'"schema_version": {version}', 1)
    )

    with pytest.raises(
        SettingsError, match=r"made by another version .* make the report again with this version"
    ):
        plan_push(own_folder, SNAPSHOT, NOW)


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("summary.json", '"period"', '"Period"', "does not say what was spent when"),
        (
            "summary.json",
            '"cost": "6.318"',
            '"cost": "6.319"',
            "sum to 6.318 cost, its summary.json says 6.319",
        ),
        ("summary.json", '"cost": "6.318"', '"cost": "NaN"', "does not say what was spent when"),
        ("summary.json", '"used": "5.4"', '"used": "much"', "summary.json is damaged"),
        (
            "summary.json",
            "{",
            "",
            r"is not the summary of a report; make the report again \(it cannot be read as JSON\)",
        ),
        ("tables/daily_charges.csv", "cost", "Cost", "has no column cost"),
        (
            "tables/daily_charges.csv",
            "2026-03-02",
            "2025-03-02",
            "has a day outside of 2026-03-01 to 2026-03-31",
        ),
        (
            "tables/daily_charges.csv",
            ",1000,",
            ",1e999,",
            "Line 2 of .*daily_charges.csv is damaged",
        ),
        (
            "tables/daily_charges.csv",
            ",compute,1000,0.6\n",
            "\n",
            "Line 2 of .*daily_charges.csv is damaged",
        ),
        ("tables/daily_runs.csv", "job_seconds", "seconds", "has no column job_seconds"),
    ],
)
def test_a_damaged_report_is_refused(
    own_folder: Path, file: str, old: str, new: str, message: str
) -> None:
    text = (own_folder / file).read_text()
    assert old in text
    (own_folder / file).write_text(text.replace(old, new, 1))

    with pytest.raises(DataError, match=message):
        plan_push(own_folder, SNAPSHOT, NOW)


def test_a_missing_table_is_named(own_folder: Path) -> None:
    (own_folder / "tables" / "daily_runs.csv").unlink()

    with pytest.raises(DataError, match=r"has no tables/daily_runs\.csv; make the report again"):
        plan_push(own_folder, SNAPSHOT, NOW)


def test_a_report_too_large_for_days_by_job_says_so(own_folder: Path) -> None:
    table = own_folder / "tables" / "daily_charges.csv"
    table.write_text(table.read_text().replace(",workflow,job,", ",x,y,", 1))

    with pytest.raises(SettingsError, match="too many days and jobs to tell them apart by job"):
        plan_push(own_folder, replace(SNAPSHOT, tags=chosen_tags(["job"])), NOW)
    assert plan_push(own_folder, SNAPSHOT, NOW).points


@pytest.mark.parametrize(
    ("period", "today", "name"),
    [
        (Period.of_days(date(2026, 4, 1), date(2026, 4, 1)), date(2026, 4, 2), "yesterday"),
        (Period.of_days(date(2026, 3, 23), date(2026, 3, 29)), date(2026, 4, 2), "last_week"),
        (MARCH, date(2026, 4, 2), "last_month"),
        (Period.of_days(date(2026, 4, 1), date(2026, 4, 2)), date(2026, 4, 2), "month_to_date"),
        (Period.of_days(date(2026, 3, 23), date(2026, 4, 1)), date(2026, 4, 2), "last_10_days"),
        (MARCH, date(2026, 5, 2), "2026-03-01/2026-03-31"),
    ],
)
def test_periods_have_the_names_that_people_give_them(
    period: Period, today: date, name: str
) -> None:
    assert period_name(period, today) == name


@given(now=st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_snapshot_is_never_older_than_half_of_what_datadog_takes(now: datetime) -> None:
    assert 0 <= now.timestamp() - snapshot_stamp(now) < 1800


@pytest.mark.parametrize(
    ("added", "left_out", "message"),
    [
        (
            ["jobs"],
            [],
            "There is no tag 'jobs': --tags takes workflow, job, resource_class, branch",
        ),
        ([], ["cost"], "There is no tag 'cost'"),
        (["branch,job"], [], "The tags branch and job do not go together"),
    ],
)
def test_tags_that_cannot_be_are_refused(
    added: list[str], left_out: list[str], message: str
) -> None:
    with pytest.raises(SettingsError, match=message):
        chosen_tags(added, left_out)


def test_tags_are_added_and_left_out() -> None:
    assert chosen_tags([" job, workflow "], ["project,team"]) == (
        *("organization", "credit_type", "currency"),
        *("workflow", "job"),
    )


def test_a_plan_waits_for_no_client_and_no_data_frames() -> None:
    code = (
        "import sys, circleci_usage.push.datadog.plan;"
        "print([name for name in ('datadog_api_client', 'pandas', 'polars', 'requests') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
