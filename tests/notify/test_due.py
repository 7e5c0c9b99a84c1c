"""What is due: each thing once, to those it concerns."""

import json
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.core.errors import DataError
from circleci_usage.notify.ledger import Ledger
from circleci_usage.notify.plan import plan_notifications
from circleci_usage.report_folder.reader import read_report_folder
from golden import assert_golden
from notified import LINK, due, folder_to_notify, notification
from sample_reports import HOSTILE_NAMES

NEWS = ("threshold", "anomaly", "first_import")

BUDGET: dict[str, Any] = {
    "name": "everything",
    "team": None,
    "per": "month",
    "amount": "500",
    "spent": "300",
    "expected": "480",
    "used": "0.6",
    "state": "within",
    "from": "2026-03-01",
    "to": "2026-03-31",
    "through": "2026-03-20",
    "missing": [],
}


def told(report: Any, store: Path, **keys: Any) -> list[str]:
    """The lines of the alerts that are due, in Markdown."""
    messages = due(report, store, notification(**keys))
    lines = "".join(each.markdown for each in messages).splitlines()
    return [line.removeprefix("- ") for line in lines if line.startswith("- ")]


def record(report: Any, store: Path, **keys: Any) -> None:
    """Everything that is due is sent."""
    wanted = notification(**keys)
    messages = due(report, store, wanted)
    with Ledger.opened(store) as ledger:
        for message in messages:
            ledger.begin(wanted.name, message.keys)
            ledger.finish(wanted.name, message.keys)


def test_alerts_are_told_as_slack_email_and_markdown(tmp_path: Path) -> None:
    report = folder_to_notify(tmp_path / "report")

    (message,) = due(report, tmp_path, notification(when=NEWS))

    assert_golden("alerts.md", message.markdown)
    assert_golden("alerts.json", message.slack)
    assert_golden("alerts.html", message.html)
    assert message.title == "CircleCI usage, March 2026: 3 alerts"


def test_the_report_is_the_message_of_its_folder_once_per_period(tmp_path: Path) -> None:
    report = folder_to_notify(tmp_path / "report")

    (message,) = due(report, tmp_path, notification())
    assert message.slack == (tmp_path / "report" / "slack.json").read_text(encoding="utf-8")
    assert message.markdown == (tmp_path / "report" / "summary.md").read_text(encoding="utf-8")
    by_mail = notification(email={"to": ["a@example.com"]})
    (mailed,) = due(report, tmp_path, by_mail)
    assert mailed.html == (tmp_path / "report" / "email.html").read_text(encoding="utf-8")
    (tmp_path / "report" / "email.html").unlink()
    assert due(report, tmp_path, by_mail)[0].html == ""

    record(report, tmp_path)
    assert due(report, tmp_path, notification()) == ()
    assert due(report, tmp_path, notification(name="another")) != ()
    april = {"from": "2026-04-01", "to": "2026-04-30"}
    assert due(folder_to_notify(tmp_path / "report", period=april), tmp_path, notification())


def test_a_threshold_is_told_once_the_highest_that_is_new(tmp_path: Path) -> None:
    def with_used(used: str, **more: Any) -> Any:
        return folder_to_notify(tmp_path / "report", budgets=[BUDGET | {"used": used} | more])

    when = {"when": ["threshold"]}
    assert told(with_used("0.49"), tmp_path, **when) == []
    half = "The budget `everything` for March 2026 has reached 50%: $300.00 of $500.00 (60.0%)."
    assert told(with_used("0.6"), tmp_path, **when) == [half]
    record(with_used("0.6"), tmp_path, **when)
    assert told(with_used("0.7"), tmp_path, **when) == []
    over = with_used("1.2", spent="600", state="over")
    exceeded = "The budget `everything` for March 2026 is exceeded: $600.00 of $500.00 (120.0%)."
    assert told(over, tmp_path, **when) == [exceeded]
    record(over, tmp_path, **when)
    assert told(with_used("0.85"), tmp_path, **when) == []
    next_month = with_used("0.6", **{"from": "2026-04-01", "to": "2026-04-30"})
    assert told(next_month, tmp_path, **when) == [half.replace("March", "April")]


def test_the_reports_own_thresholds_and_forecast_are_told(tmp_path: Path) -> None:
    own = BUDGET | {"thresholds_reached": [12.5], "forecast_over": True}
    report = folder_to_notify(tmp_path / "report", budgets=[own])

    reached, forecast = told(report, tmp_path, when=["threshold"])
    assert reached.endswith(" has reached 12.5%: $300.00 of $500.00 (60.0%).")
    assert forecast.endswith(" is forecast to be exceeded: about $480.00 of $500.00.")


SPANS = {
    "cycle": ("2026-03-15", "2026-04-14", "March 15 – April 14, 2026"),
    "week": ("2026-03-16", "2026-03-22", "the week of Mar 16"),
    "quarter": ("2026-01-01", "2026-03-31", "Q1 2026"),
    "year": ("2026-01-01", "2026-12-31", "2026"),
}


@pytest.mark.parametrize("per", SPANS)
def test_a_budget_in_credits_names_its_period(tmp_path: Path, per: str) -> None:
    first, last, shown = SPANS[per]
    credits = BUDGET | {"per": per, "from": first, "to": last, "measure": "credits"}
    report = folder_to_notify(tmp_path / "report", budgets=[credits])

    assert told(report, tmp_path, when=["threshold"]) == [
        f"The budget `everything` for {shown} has reached 50%: 300 credits of 500 credits (60.0%)."
    ]


def test_days_that_are_missing_tell_nothing_that_is_not_certain(tmp_path: Path) -> None:
    unknown = BUDGET | {"used": None, "spent": None, "expected": None, "state": "unknown"}
    over = unknown | {"state": "over", "spent": "600"}
    report = folder_to_notify(
        tmp_path / "report", budgets=[unknown, over], missing=[{"from": "2026-03-02"}]
    )

    assert told(report, tmp_path, when=["threshold", "first_import"]) == [
        "The budget `everything` for March 2026 is exceeded: $600.00 of $500.00."
    ]


def test_a_team_is_told_of_its_own_alone(tmp_path: Path) -> None:
    report = folder_to_notify(
        tmp_path / "report", budgets=[BUDGET, BUDGET | {"name": "data", "team": "data"}]
    )
    teams = notification(teams=["data", "shop", "mobile"], when=["always", *NEWS[:2]])

    plan = plan_notifications(report, [teams], Ledger(tmp_path / "none"))

    subjects = [(each.team, each.kind, each.title) for each in plan.messages]
    assert subjects == [
        ("data", "alerts", "CircleCI usage of team data, March 2026: 2 alerts"),
        ("data", "report", "CircleCI usage of team data, March 2026"),
        ("shop", "report", "CircleCI usage of team shop, March 2026"),
    ]
    assert "CircleCI usage of data" in plan.messages[1].slack
    assert LINK.replace("index", "teams/data/index") in plan.messages[0].markdown
    assert LINK.replace("index.html", "explore.html#team=data)") in plan.messages[0].markdown
    (warning,) = plan.warnings
    assert warning.endswith("has no report of its own for mobile, so there is none to send.")


def test_names_are_harmless(tmp_path: Path) -> None:
    budgets = [BUDGET | {"name": name, "used": "0.9"} for name in HOSTILE_NAMES]
    anomaly = {
        "date": "2026-03-05",
        "project_id": "p",
        "expected": "5",
        "actual": "70",
        "job": HOSTILE_NAMES[0],
    }
    anomalies = [anomaly | {"project": name, "project_id": name} for name in HOSTILE_NAMES]
    report = folder_to_notify(tmp_path / "report", budgets=budgets, anomalies=anomalies)

    (message,) = due(report, tmp_path, notification(when=NEWS))

    assert not set("$`\\") & set(message.slack)
    json.loads(message.slack)
    assert "<script" not in message.html
    assert "<img" not in message.html
    assert "`<script>alert(1)</script>`" in message.markdown
    assert f"The report has {2 * len(HOSTILE_NAMES) + 1 - 20} more." in message.markdown


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)//index.html", "", None, "https://x.example/"]
)
def test_only_a_link_to_the_page_is_one(tmp_path: Path, link: str | None) -> None:
    report = folder_to_notify(tmp_path / "report", link=link)

    (message,) = due(report, tmp_path, notification(when=NEWS))

    assert "href" not in message.html
    assert "](" not in message.markdown


DAMAGED: dict[str, dict[str, Any]] = {
    "budgets": {"budgets": [{"name": "x"}]},
    "a budget of no number": {"budgets": [BUDGET | {"used": "NaN"}]},
    "budgets that are a text": {"budgets": "x"},
    "anomalies": {"anomalies": [{"project": "x"}]},
    "team reports": {"team_reports": [{"team": "data"}]},
    "a folder elsewhere": {"team_reports": [{"team": "data", "folder": "../../etc"}]},
    "a folder at the root": {"team_reports": [{"team": "data", "folder": "/etc"}]},
}


@pytest.mark.parametrize("changes", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_summary_is_said_to_be_damaged(tmp_path: Path, changes: Any) -> None:
    report = folder_to_notify(tmp_path / "report")
    changed = {**report.summary, **changes}
    (tmp_path / "report" / "summary.json").write_text(json.dumps(changed))
    everything = notification(teams=["data"], when=["always", *NEWS])
    whole = notification(name="whole", when=NEWS)

    with pytest.raises(DataError, match="damaged"):
        due(read_report_folder(tmp_path / "report"), tmp_path, whole, everything)


@pytest.mark.parametrize("text", ["", "[]", "{", "\xff"])
def test_a_damaged_message_is_not_sent(tmp_path: Path, text: str) -> None:
    report = folder_to_notify(tmp_path / "report")
    (tmp_path / "report" / "slack.json").write_text(text, encoding="latin-1")

    with pytest.raises(DataError, match=r"slack\.json is damaged; make the report again"):
        due(report, tmp_path, notification())
