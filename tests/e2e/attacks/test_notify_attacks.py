"""Attacks on notifications: a hostile webhook, hostile names, a ledger that leads elsewhere."""

import json
import os
from pathlib import Path
from time import monotonic

import pytest
from pydantic import SecretStr

from attack import attacked
from circleci_usage.core.errors import ServiceError, UsageExporterError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.network.http import Timeouts
from circleci_usage.notify.delivery import UnclearDeliveryError
from circleci_usage.notify.message import Message
from circleci_usage.notify.slack_webhook import SlackWebhook
from hostile_server import HANG, READ, Drip, HostileServer, Script, answer
from notified import due, folder_to_notify, notification
from slack_webhooks import PATH, SECRET

OK = b"HTTP/1.1 200 OK\r\n"
SLACK = 6.0


@pytest.fixture(scope="module")
def message(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("notified")
    return due(folder_to_notify(folder / "report"), folder, notification())[0]


ENDLESS: dict[str, Script] = {
    "no answer": (READ, HANG),
    "dripped headers": (READ, OK, Drip(b"X-Again: and again\r\n")),
    "dripped body": (READ, OK + b"Content-Length: 9999\r\n\r\n", Drip(b" ")),
    "a body without end": (READ, OK + b"\r\n", Drip(b"x" * 65536, 0)),
    "a bomb": (READ, answer(200, b"\x1f\x8b" + b"x" * 99, Content_Encoding="gzip")),
    "no HTTP": (READ, b"SSH-2.0\r\n\r\n"),
    "a status of 999": (READ, answer(999, b"ok")),
    "a wait without end": (READ, answer(429, b"", Retry_After="9" * 400)),
    "a negative wait": (READ, answer(503, b"", Retry_After="-5")),
    "its own URL": (READ, answer(404, f"http://127.0.0.1{PATH}".encode())),
    "controls": (READ, answer(400, b"\x1b[2J\xe2\x80\xae")),
}


@pytest.mark.parametrize("script", ENDLESS.values(), ids=ENDLESS)
def test_a_hostile_webhook_is_given_up(message: Message, script: Script) -> None:
    begin = monotonic()
    with HostileServer(script) as server:
        webhook = SlackWebhook(
            "SLACK_WEBHOOK_URL",
            SecretStr(f"{server.url}{PATH}"),
            clock=PinnedClock(),
            progress=NullProgress(),
            timeouts=Timeouts(connect=2, read=2, total=0.2),
        )
        with pytest.raises((UsageExporterError, UnclearDeliveryError)) as error:
            webhook.deliver(message)

    assert monotonic() - begin < SLACK
    assert SECRET not in str(error.value)
    assert str(error.value).isprintable()
    assert error.type is not ServiceError or server.met <= 4


def test_a_command_under_attack_shows_no_secret(tmp_path: Path) -> None:
    folder_to_notify(tmp_path / "usage-report")
    (tmp_path / "usage.yml").write_text('notify: [{name: "\\u202e\\e[2J", slack: {}}]')
    refusal = answer(403, f"\x1b[2J {PATH} {SECRET}".encode())
    with HostileServer((READ, refusal)) as server:
        env = {"SLACK_WEBHOOK_URL": f"{server.url}{PATH}"}
        arguments = ("notify", "--config", "usage.yml", "--verbose")
        outcome = attacked(*arguments, cwd=tmp_path, env=env, secrets=[SECRET], codes={3})
        assert server.met == 1

    assert "Slack does not accept the webhook in SLACK_WEBHOOK_URL" in outcome.err


def test_a_ledger_that_leads_elsewhere_is_left_alone(tmp_path: Path) -> None:
    folder_to_notify(tmp_path / "usage-report")
    (tmp_path / "usage.yml").write_text("notify: [{name: finance, slack: {}}]")
    elsewhere, store = tmp_path / "elsewhere.json", tmp_path / ".circleci-usage"
    elsewhere.write_text(json.dumps({"version": 1, "sent": {}}))
    store.mkdir()
    env = {"SLACK_WEBHOOK_URL": f"http://127.0.0.1:1{PATH}"}
    for make in (Path.symlink_to, _pipe):
        ledger = store / "notifications.json"
        make(ledger, elsewhere)
        attacked("notify", "--config", "usage.yml", cwd=tmp_path, env=env, codes={6})
        ledger.unlink()

    assert json.loads(elsewhere.read_text()) == {"version": 1, "sent": {}}


def _pipe(path: Path, _: Path) -> None:
    os.mkfifo(path)
