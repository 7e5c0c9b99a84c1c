"""Events for exceeded budgets and anomalies."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from circleci_usage.push.datadog.event_body import event_body
from push_plans import SNAPSHOT, change_summary, report_to_push
from push_runner import plan_push
from report_folders import NOW


@pytest.fixture
def own_folder(tmp_path: Path) -> Path:
    return report_to_push(tmp_path)


def test_an_exceeded_budget_is_an_event(own_folder: Path) -> None:
    change_summary(own_folder, link="https://example.com/report")
    folder = own_folder

    (event,) = plan_push(folder, SNAPSHOT, NOW).events
    assert event.title == "CircleCI budget Payments is exceeded: 540% of 1.00 USD"
    assert event.text == (
        "5.40 USD of 1.00 USD spent from 2026-03-01 through 2026-03-31."
        "\n\nReport: https://example.com/report"
    )
    assert event_body(event, NOW)["tags"] == ["budget:payments", "team:payments"]
    assert plan_push(folder, replace(SNAPSHOT, events=False), NOW).events == ()


def test_an_anomaly_is_an_event_with_its_main_driver(own_folder: Path) -> None:
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
    assert events[0].title == "CircleCI cost anomaly on 2026-03-05: 1,234.32 USD for pay"
    assert events[0].text == (
        "1,234.32 USD vs. about 5.54 USD expected. Main driver: the job compact of the workflow"
        " nightly (65.15 USD vs. about 4.28 USD expected)."
    )
    assert events[1].title == "CircleCI cost anomaly on 2026-03-05: 1,234.32 USD for all projects"
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

    assert first.title == "CircleCI cost anomaly on 2026-03-05: 90.00 USD for the job soak of pay"
    assert first.text == "90.00 USD vs. about 30.00 USD expected."
    assert first.key != second.key
