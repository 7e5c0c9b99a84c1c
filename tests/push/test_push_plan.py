"""What a plan has before anything is sent: series, tags, and why it cannot be sent."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.push.datadog.sites import datadog_site
from circleci_usage.push.metrics import chosen_tags
from push_plans import HISTORICAL, SNAPSHOT, amounts, report_to_push
from push_runner import plan_push
from report_folders import NOW, report_folder
from rows import job_run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_to_push(tmp_path_factory.mktemp("report"))


def test_series_are_distinct_and_the_plan_is_reproducible(folder: Path) -> None:
    plan = plan_push(folder, SNAPSHOT, NOW)

    assert len({(series.metric, series.tags) for series in plan.series}) == len(plan.series)
    assert plan == plan_push(folder, SNAPSHOT, NOW + timedelta(minutes=19))
    assert plan != plan_push(folder, SNAPSHOT, NOW + timedelta(minutes=20))


def test_names_that_would_share_a_tag_get_a_suffix_and_a_warning(tmp_path: Path) -> None:
    rows = [job_run("1", PROJECT_ID=name, PROJECT_NAME=name) for name in ("web", "Web", "web!")]
    folder, _ = report_folder(tmp_path, rows)

    plan = plan_push(folder, SNAPSHOT, NOW)

    assert len(amounts(plan, "credits")) == 3
    assert plan.warnings[0].startswith(
        "Some names would have had the same project tag, so they got a suffix: 'Web'"
    )


@pytest.mark.parametrize(
    ("tags", "advice"),
    [
        (
            ["job"],
            "The tag job causes most of them: without it there are 17. Leave it out of --tags, or",
        ),
        (
            [],
            (
                "The tag credit_type causes most of them: without it there are 15."
                " Leave it out with --without-tags "
            ),
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
    assert plan.objection.startswith(f"{series} series exceed the limit of 10 (--max-series)")
    assert advice in plan.objection
    assert f"--max-series {series}." in plan.objection
    assert plan_push(folder, replace(options, max_series=series), NOW).objection is None


def test_a_report_without_usage_is_an_empty_plan(tmp_path: Path) -> None:
    folder, _ = report_folder(tmp_path, [])

    plan = plan_push(folder, SNAPSHOT, NOW)

    assert (plan.batches, plan.requests, plan.events) == ((), 0, ())


@pytest.mark.parametrize("site", ["ddog-gov.com", "us2.ddog-gov.com"])
def test_government_sites_have_no_history(folder: Path, site: str) -> None:
    with pytest.raises(SettingsError, match="no Historical Metrics Ingestion"):
        plan_push(folder, replace(HISTORICAL, site=datadog_site(site)), NOW)
    assert plan_push(folder, replace(SNAPSHOT, site=datadog_site(site)), NOW).points


def test_days_beyond_datadogs_retention_are_refused(folder: Path) -> None:
    with pytest.raises(
        SettingsError,
        match=r"^8 of 21 points are from before 2026-03-05, but Datadog keeps 15 months",
    ):
        plan_push(folder, HISTORICAL, datetime(2027, 5, 29, tzinfo=UTC))


def test_planning_loads_no_client_and_no_data_frames() -> None:
    code = (
        "import sys, circleci_usage.push.datadog.target;"
        "heavy = ('datadog_api_client', 'pandas', 'polars', 'requests');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
