"""A report folder to notify of, with all its messages, and the settings of its notifications."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.notify.ledger import LEDGER_NAME, Ledger
from circleci_usage.notify.message import Message
from circleci_usage.notify.plan import plan_notifications
from circleci_usage.render.email.mail import email_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report_folder.reader import ReportFolder, read_report_folder
from circleci_usage.report_folder.summary import summary_json
from rendered import slack_json, summary_md
from sample_reports import acme_report

LINK = "https://output.circle-artifacts.com/output/job/1/artifacts/0/usage-report/index.html"


@cache
def _texts() -> dict[str, str]:
    report = acme_report()
    return {
        "summary.json": summary_json(report),
        "slack.json": slack_json(report),
        "summary.md": summary_md(report),
        "email.html": email_html(ReportView(report)),
    }


def folder_to_notify(folder: Path, **changes: object) -> ReportFolder:
    """A report whose summary has the given keys; `data` and `shop` have reports of their own."""
    texts = dict(_texts())
    summary = json.loads(texts["summary.json"]) | {
        "link": LINK,
        "team_reports": [
            {"team": "data", "folder": "data"},
            {"team": "shop", "folder": "shop"},
        ],
    }
    texts["summary.json"] = json.dumps(summary | changes)
    for place in (folder, folder / "teams" / "data", folder / "teams" / "shop"):
        place.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            shown = text.replace("CircleCI usage", f"CircleCI usage of {place.name}")
            (place / name).write_text(shown if place != folder else text, encoding="utf-8")
    tables = folder / "tables"
    tables.mkdir(exist_ok=True)
    anomaly = summary["anomalies"][0]
    lines = [
        "date,project_id,team,credits,cost",
        f"{anomaly['date']},{anomaly['project_id']},data,1,1",
        f"{anomaly['date']},elsewhere,shop,1,1",
    ]
    (tables / "daily_charges.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_report_folder(folder)


def notification(**keys: Any) -> NotificationSection:
    """A notification; to Slack unless the keys say otherwise."""
    destination: dict[str, Any] = {} if "email" in keys else {"slack": {}}
    return NotificationSection.model_validate({"name": "finance", **destination, **keys})


def due(
    report: ReportFolder, store: Path, *notifications: NotificationSection
) -> Sequence[Message]:
    """The messages that a ledger in the store leaves to send."""
    return plan_notifications(report, notifications, Ledger(store / LEDGER_NAME)).messages
