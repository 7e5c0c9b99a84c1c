"""Samples sum to the report, in either mode and with any tags."""

import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.errors import DataError, SettingsError
from circleci_usage.push.datadog.plan import PushOptions
from circleci_usage.push.metrics import DAILY_METRICS, DEFAULT_TAGS, chosen_tags
from circleci_usage.push.timestamps import snapshot_timestamp
from push_plans import HISTORICAL, SNAPSHOT, amounts, change_summary, report_to_push, sums
from push_runner import plan_push
from report_folders import NOW


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_to_push(tmp_path_factory.mktemp("report"))


@pytest.fixture
def own_folder(folder: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return shutil.copytree(folder, tmp_path / "spoilt")


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


def test_a_snapshot_is_one_point_per_series_with_the_current_timestamp(folder: Path) -> None:
    plan = plan_push(folder, SNAPSHOT, NOW)

    half_past_nine = int(datetime(2026, 4, 2, 9, 30, tzinfo=UTC).timestamp())
    assert {time for series in plan.series for time, _ in series.points} == {half_past_nine}
    assert plan.points == len(plan.series)
    assert plan.late_points == 0
    web = frozenset({"organization:acme", "project:web", "team:web"})
    assert amounts(plan, "credits")[web | {"credit_type:compute"}, half_past_nine] == 1500
    assert amounts(plan, "job_runs")[web, half_past_nine] == 2
    assert {tag for series in plan.series for tag in series.tags if tag.startswith("period:")} == {
        "period:last_month"
    }
    assert all("currency:usd" in series.tags for series in plan.series)


def test_history_is_one_point_per_day_at_its_midnight(folder: Path) -> None:
    plan = plan_push(folder, HISTORICAL, NOW)

    web = frozenset({"organization:acme", "project:web", "team:web", "credit_type:compute"})
    days = {
        time: amount for (tags, time), amount in amounts(plan, "credits").items() if tags == web
    }
    midnights = [int(datetime(2026, 3, day, tzinfo=UTC).timestamp()) for day in (2, 5)]
    assert days == dict(zip(midnights, (1000, 500), strict=True))
    used = [series for series in plan.series if series.metric in DAILY_METRICS]
    assert plan.late_points == sum(len(series.points) for series in used)
    assert all("period:day" in series.tags for series in plan.series)


@pytest.mark.parametrize("options", [SNAPSHOT, HISTORICAL])
def test_states_have_the_current_timestamp_in_either_mode(
    folder: Path, options: PushOptions
) -> None:
    plan = plan_push(folder, options, NOW)

    now = snapshot_timestamp(NOW)
    assert amounts(plan, "budget_used_ratio") == {
        (frozenset({"team:payments", "budget:payments"}), now): Decimal("5.4")
    }
    failed = frozenset({"organization:acme", "project:pay", "reason:failed"})
    assert amounts(plan, "wasted_cost")[failed, now] == Decimal("5.4")
    assert amounts(plan, "forecast_cost") == {
        (frozenset({"team:payments"}), now): Decimal("5.4"),
        (frozenset({"team:web"}), now): Decimal("0.918"),
    }


def test_each_unit_has_its_cost(folder: Path) -> None:
    plan = plan_push(folder, SNAPSHOT, NOW)
    listed = json.loads((folder / "summary.json").read_text(encoding="utf-8"))["unit_costs"]

    known = {each["unit"]: each["cost_per_unit"] for each in listed if each["cost_per_unit"]}
    assert known
    assert {tags: amount for (tags, _), amount in amounts(plan, "unit_cost").items()} == {
        frozenset({f"unit:{unit}"}): Decimal(amount) for unit, amount in known.items()
    }


def test_each_reason_for_wasted_spend_has_its_tag(own_folder: Path) -> None:
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


def test_branches_are_per_project_and_snapshot_only(folder: Path) -> None:
    plan = plan_push(folder, replace(SNAPSHOT, tags=chosen_tags(["branch"])), NOW)

    now = snapshot_timestamp(NOW)
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


def test_unpriced_credits_are_not_sent_as_zero_cost(own_folder: Path) -> None:
    table = own_folder / "tables" / "daily_charges.csv"
    table.write_text(table.read_text().replace(",30,0.018\n", ",30,\n"))
    summary = json.loads((own_folder / "summary.json").read_text())
    summary["totals"]["cost"] = "6.3"
    (own_folder / "summary.json").write_text(json.dumps(summary))

    plan = plan_push(own_folder, SNAPSHOT, NOW)

    assert sums(plan, "cost") == Decimal("6.3")
    assert not any("credit_type:storage" in tags for tags, _ in amounts(plan, "cost"))
    assert any("credit_type:storage" in tags for tags, _ in amounts(plan, "credits"))


def test_the_tag_period_is_the_requested_name(own_folder: Path) -> None:
    change_summary(own_folder, period_name="last-31-days")

    assert all(
        "period:last_31_days" in series.tags
        for series in plan_push(own_folder, SNAPSHOT, NOW).series
    )


def test_a_folder_without_a_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="There is no report folder"):
        plan_push(tmp_path / "nowhere", SNAPSHOT, NOW)


@pytest.mark.parametrize("version", ["1", "3", "null", '"2"', "{}"])
def test_a_report_of_another_version_is_refused(own_folder: Path, version: str) -> None:
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
            "sum to 6.318 cost, but its summary.json says 6.319",
        ),
        ("summary.json", '"cost": "6.318"', '"cost": "NaN"', "does not say what was spent when"),
        ("summary.json", '"used": "5.4"', '"used": "much"', "summary.json is damaged"),
        (
            "summary.json",
            "{",
            "",
            "is damaged: it cannot be read as JSON; make the report again",
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


def test_a_report_too_large_for_days_by_job_is_refused(own_folder: Path) -> None:
    table = own_folder / "tables" / "daily_charges.csv"
    table.write_text(table.read_text().replace(",workflow,job,", ",x,y,", 1))

    with pytest.raises(SettingsError, match="too many days and jobs for a daily breakdown by job"):
        plan_push(own_folder, replace(SNAPSHOT, tags=chosen_tags(["job"])), NOW)
    assert plan_push(own_folder, SNAPSHOT, NOW).points
