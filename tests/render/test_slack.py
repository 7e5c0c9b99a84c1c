"""slack.json, within Slack's limits and through the Slack orb's shell."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from circleci_usage.report import Report
from golden import assert_golden
from rendered import slack_json
from sample_reports import acme_report, empty_report, hostile_report
from slack_orb import SLACK_ORB

# From Slack's reference of Block Kit and of chat.postMessage.
MOST_BLOCKS = 50
LONGEST_HEADER = 150
LONGEST_TEXT = 3000


def test_a_report() -> None:
    assert_golden("slack.json", slack_json(acme_report()))


def test_nothing_used() -> None:
    assert_golden("slack-empty.json", slack_json(empty_report()))


@pytest.mark.parametrize("report", [acme_report, empty_report, hostile_report])
def test_it_keeps_slacks_limits(report: Any) -> None:
    message = json.loads(slack_json(report()))

    header = message["blocks"][0]["text"]
    assert (header["type"], len(header["text"]) <= LONGEST_HEADER) == ("plain_text", True)
    assert 0 < len(message["blocks"]) <= MOST_BLOCKS
    assert {block["type"] for block in message["blocks"]} == {"header", "rich_text"}
    assert all(0 < len(text) <= LONGEST_TEXT for text in texts(message))


def test_the_orbs_shell_changes_nothing(tmp_path: Path) -> None:
    bash = shutil.which("bash")
    if not bash:
        pytest.skip("There is no bash.")
    written = slack_json(hostile_report())
    sent = tmp_path / "sent.json"
    script = SLACK_ORB["commands"]["notify"]["steps"][0]["run"]["command"]

    environment = {
        "TEMPLATE": "message",
        "message": written,
        "SLACK_SENT": str(sent),
        "PATH": "/usr/bin:/bin",
    }
    subprocess.run([bash, "-c", script], env=environment, cwd=tmp_path, check=True, timeout=30)

    assert json.loads(sent.read_text(encoding="utf-8")) == json.loads(written)
    assert [file.name for file in tmp_path.iterdir()] == ["sent.json"]


@pytest.mark.parametrize("report", [acme_report, hostile_report])
def test_no_character_means_something_in_double_quotes(report: Any) -> None:
    made: Report = report()

    assert not set("$`\\") & set(slack_json(made))


def test_a_command_in_a_warning_is_code() -> None:
    report = acme_report()
    warned = replace(report, warnings=("Log in with `circleci-usage login`, or `not.",))
    paired = replace(report, warnings=("Log in with `circleci-usage login` again.",))

    assert "\N{FULLWIDTH GRAVE ACCENT}circleci-usage login" in slack_json(warned)
    assert {
        "type": "text",
        "text": "circleci-usage login",
        "style": {"code": True},
    } in elements(json.loads(slack_json(paired)))
    assert "\N{FULLWIDTH GRAVE ACCENT}" not in slack_json(paired)


def elements(part: Any) -> list[Any]:
    """Every element of a message, however deep."""
    if isinstance(part, dict):
        return [part, *elements([*part.values()])]
    if isinstance(part, list):
        return [found for each in part for found in elements(each)]
    return []


def texts(part: Any) -> Iterator[str]:
    """Every text of a message, however deep."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "text" and isinstance(value, str):
                yield value
            yield from texts(value)
    elif isinstance(part, list):
        for each in part:
            yield from texts(each)
