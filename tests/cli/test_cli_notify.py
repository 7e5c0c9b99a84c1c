"""`notify` as a user runs it: what is new is sent once, and every mistake says what to do."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from circleci_usage.cli.json_output.catalog import DOCUMENTS
from circleci_usage.demo.standin.faults import Instead
from circleci_usage.demo.standin.messages import Response
from commandline import Finished
from inprocess import run_here
from json_documents import document_of, documented, paths_in
from notified import folder_to_notify
from slack_webhooks import SECRET, SlackWebhooks
from smtp_server import SmtpStandIn

SETTINGS = """\
teams: [{name: data, projects: [warehouse]}, {name: shop, projects: [web]}]
notify:
  - {name: finance, email: {to: [finance@example.com]}, when: [always]}
  - {name: data, slack: {webhook_env: DATA_HOOK}, teams: [data], when: [always, anomaly]}
"""
REVOKED = Instead(Response(404, {}, b"no_service"))


@pytest.fixture
def slack() -> Iterator[SlackWebhooks]:
    with SlackWebhooks() as webhooks:
        yield webhooks


@pytest.fixture
def smtp() -> Iterator[SmtpStandIn]:
    with SmtpStandIn() as server:
        yield server


@pytest.fixture
def env(slack: SlackWebhooks, smtp: SmtpStandIn) -> dict[str, str]:
    return {"DATA_HOOK": slack.url, **smtp.variables}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder_to_notify(tmp_path / "usage-report")
    (tmp_path / "usage.yml").write_text(SETTINGS)
    return tmp_path


def notify(folder: Path, env: dict[str, str], *arguments: str) -> Finished:
    done = run_here("notify", "--config", "usage.yml", *arguments, cwd=folder, env=env)
    assert SECRET not in done.out + done.err
    return done


def test_what_is_new_is_sent_once(
    folder: Path, env: dict[str, str], slack: SlackWebhooks, smtp: SmtpStandIn
) -> None:
    first = notify(folder, env)

    assert first.out.splitlines() == [
        "sent: finance: report, e-mail to finance@example.com",
        "sent: data: alerts of team data, Slack (DATA_HOOK)",
        "sent: data: report of team data, Slack (DATA_HOOK)",
    ], first.err
    assert (first.code, len(slack.posted), len(smtp.received)) == (0, 2, 1)

    again = notify(folder, env)
    assert (again.code, again.out) == (0, "")
    assert "Nothing is new, so nothing was sent." in again.err
    assert (len(slack.posted), len(smtp.received)) == (2, 1)


def test_a_dry_run_needs_no_secret_and_records_nothing(folder: Path, slack: SlackWebhooks) -> None:
    shown = notify(folder, {}, "--dry-run")

    assert shown.code == 0, shown.err
    assert "<!-- data: alerts of team data, Slack (DATA_HOOK) -->" in shown.out
    assert "# CircleCI usage of team data, March 2026: 1 alert" in shown.out
    assert not (folder / ".circleci-usage").exists()
    assert slack.calls == []


def test_what_fails_is_sent_by_the_next_run(
    folder: Path, env: dict[str, str], slack: SlackWebhooks, smtp: SmtpStandIn
) -> None:
    slack.faults = lambda _: REVOKED
    partly = notify(folder, env)
    assert partly.code == 7
    assert "Partially sent: 1 of 3 messages. Slack does not accept the webhook" in partly.err

    alone = notify(folder, env)
    assert alone.code == 3
    slack.faults = None
    assert notify(folder, env).code == 0
    assert (len(slack.posted), len(smtp.received)) == (2, 1)


def test_what_may_have_arrived_is_not_sent_again(
    folder: Path, env: dict[str, str], slack: SlackWebhooks
) -> None:
    alerts_alone = SETTINGS.replace("when: [always, anomaly]", "when: [anomaly]")
    (folder / "usage.yml").write_text(alerts_alone)
    slack.faults = lambda _: Instead(Response(502, {}, b""))

    unclear = notify(folder, env)
    assert unclear.code == 7
    assert "It is not known whether data: alerts of team data has arrived" in unclear.err
    slack.faults = None
    assert notify(folder, env).code == 0
    assert slack.posted == []


def test_the_document_is_as_documented(folder: Path, env: dict[str, str]) -> None:
    document = document_of(notify(folder, env, "--json"))

    assert documented("notify") <= {*paths_in(document)} | {"error.message", "warnings"}
    assert "notify" in DOCUMENTS
    states = [(each["kind"], each["state"]) for each in document["notifications"]]
    assert states == [("report", "sent"), ("alerts", "sent"), ("report", "sent")]
    dry = document_of(notify(folder, env, "--json", "--dry-run"))
    assert (dry["dry_run"], dry["notifications"]) == (True, [])


MISTAKES: dict[str, tuple[str, dict[str, str], int, str]] = {
    "no notifications": ("currency: USD", {}, 2, "usage.yml has no notifications; add `notify`"),
    "no webhook": (SETTINGS, {"DATA_HOOK": ""}, 2, "The environment variable DATA_HOOK is not"),
    "no server": (SETTINGS, {"SMTP_HOST": ""}, 2, "The environment variable SMTP_HOST is not"),
    "a URL in the file": (
        f"notify: [{{name: a, slack: {{webhook_env: 'https://h.example/{SECRET}'}}}}]",
        {},
        2,
        "the URL itself is a secret and belongs in the environment",
    ),
    "two of a name": (
        "notify: [{name: a, slack: {}}, {name: a, slack: {}}]",
        {},
        2,
        "duplicate notification name 'a'",
    ),
    "an unknown team": (
        "teams: [{name: data, projects: [x]}]\nnotify: [{name: a, slack: {}, teams: [dat]}]",
        {},
        2,
        "unknown team 'dat'; known teams: data; did you mean data?",
    ),
    "nowhere": ("notify: [{name: a}]", {}, 2, "there is nowhere to send it; add `slack: {}`"),
    "both": (
        "notify: [{name: a, slack: {}, email: {to: [a@b.c]}}]",
        {},
        2,
        "it has both `slack` and `email`; write one entry for each of them",
    ),
    "nobody": ("notify: [{name: a, email: {to: []}}]", {}, 2, "the list is empty"),
    "no address": (
        "notify: [{name: a, email: {to: [finance]}}]",
        {},
        2,
        "'finance' is not an e-mail address; write it as in finance@example.com",
    ),
    "another time": (
        "notify: [{name: a, slack: {}, when: [thresholds]}]",
        {},
        2,
        "did you mean threshold?",
    ),
}


@pytest.mark.parametrize(("settings", "changes", "code", "text"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_explained(
    folder: Path,
    env: dict[str, str],
    settings: str,
    changes: dict[str, str],
    code: int,
    text: str,
) -> None:
    (folder / "usage.yml").write_text(settings)

    done = notify(folder, env | changes)

    assert (done.code, done.out) == (code, "")
    assert text in done.err


def test_the_ledger_has_no_secret(folder: Path, env: dict[str, str]) -> None:
    notify(folder, env)

    written = (folder / ".circleci-usage" / "notifications.json").read_text()
    assert SECRET not in written
    assert json.loads(written)["sent"].keys() == {"finance", "data"}
