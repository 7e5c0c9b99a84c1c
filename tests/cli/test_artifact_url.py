"""The URL of a report among the artifacts of a CircleCI job."""

import json

from circleci_usage.cli.artifact_url import artifact_link
from circleci_usage.report import Presentation
from rendered import slack_json, summary_md
from sample_reports import acme_report


def test_the_link_leads_to_the_artifacts_of_this_job() -> None:
    job = "9f2c7a1e-0b1d-4c5e-8f43-9a2b7d10c001"
    link = (
        f"https://output.circle-artifacts.com/output/job/{job}/artifacts/0/usage-report/index.html"
    )
    assert artifact_link({"CIRCLE_WORKFLOW_JOB_ID": job, "CIRCLE_NODE_INDEX": "0"}) == link
    assert artifact_link({"CIRCLE_WORKFLOW_JOB_ID": job}) == link
    assert artifact_link({}) is None
    assert artifact_link({"CIRCLE_WORKFLOW_JOB_ID": "../../evil"}) is None


def test_the_short_formats_lead_there() -> None:
    report = acme_report()
    shown = Presentation(link="https://example.com/index.html")

    assert summary_md(report, shown).endswith(
        "\n\n[Full report](https://example.com/index.html)"
        " · [Explore costs](https://example.com/explore.html)\n"
    )
    (section,) = json.loads(slack_json(report, shown))["blocks"][-1]["elements"]
    assert section["elements"] == [
        {"type": "link", "url": "https://example.com/index.html", "text": "Full report"},
        {"type": "text", "text": " · "},
        {"type": "link", "url": "https://example.com/explore.html", "text": "Explore costs"},
    ]


def test_the_explorer_is_named_only_where_its_address_is_known() -> None:
    elsewhere = Presentation(link="https://example.com/reports/42")

    assert "Explore costs" not in summary_md(acme_report(), elsewhere)
    assert "Explore costs" not in slack_json(acme_report(), elsewhere)
    assert "Explore costs" not in summary_md(acme_report())
