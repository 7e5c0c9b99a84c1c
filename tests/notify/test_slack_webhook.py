"""Posting to Slack's incoming webhooks: once, or we know why not."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from circleci_usage.core.errors import AccessError, ServiceError, SettingsError
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.standin.faults import (
    HTML_PAGE,
    Fault,
    HangUp,
    Instead,
    Reset,
    Stall,
    in_turn,
)
from circleci_usage.demo.standin.messages import Response
from circleci_usage.network.http import Timeouts
from circleci_usage.notify.delivery import UnclearDeliveryError
from circleci_usage.notify.message import Message
from circleci_usage.notify.slack_webhook import SlackWebhook, webhook_url
from notified import due, folder_to_notify, notification
from slack_webhooks import PATH, SECRET, SlackWebhooks

SOON = Timeouts(connect=2, read=0.3, total=2)


@pytest.fixture(scope="module")
def message(tmp_path_factory: pytest.TempPathFactory) -> Message:
    folder = tmp_path_factory.mktemp("notified")
    return due(folder_to_notify(folder / "report"), folder, notification())[0]


@pytest.fixture
def slack() -> Iterator[SlackWebhooks]:
    with SlackWebhooks(PinnedClock()) as webhooks:
        yield webhooks


def webhook(slack: SlackWebhooks, url: str = "") -> SlackWebhook:
    return SlackWebhook(
        "SLACK_WEBHOOK_URL",
        SecretStr(url or slack.url),
        clock=slack.clock,
        progress=NullProgress(),
        timeouts=SOON,
    )


def refusal(status: int, text: str = "", **headers: str) -> Instead:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Instead(Response(status, named, text.encode()))


def test_a_message_is_posted_once(slack: SlackWebhooks, message: Message) -> None:
    assert webhook(slack).deliver(message) is None

    (posted,) = slack.posted
    assert posted["text"].startswith("CircleCI cost USD")
    (call,) = slack.calls
    assert (call.method, call.path) == ("POST", PATH)
    assert "authorization" not in call.headers


def test_what_slack_did_not_post_is_posted_again(slack: SlackWebhooks, message: Message) -> None:
    before = slack.clock.now()
    slack.faults = in_turn([refusal(429, Retry_After="30"), refusal(500, "rollup_error")])

    webhook(slack).deliver(message)

    assert len(slack.posted) == 1
    assert (slack.clock.now() - before).total_seconds() == 34


REFUSED: dict[str, tuple[Fault, type[Exception], str]] = {
    "revoked": (refusal(403, "invalid_token"), AccessError, r"\(403: invalid_token\): it was revo"),
    "removed": (refusal(404, "no_service"), AccessError, r"put its URL into that variable\.$"),
    "archived": (refusal(410, "channel_is_archived"), AccessError, "its channel is gone"),
    "payload": (refusal(400, "invalid_blocks"), ServiceError, r"rejects .* \(400: invalid_blocks"),
    "down": (refusal(503), ServiceError, r"temporarily unavailable \(503\); try again later"),
    "rate": (refusal(429, Retry_After="9999"), ServiceError, r"rate limit \(429\) lasts too long"),
    "redirect": (refusal(302, Location="http://192.0.2.1/"), SettingsError, "is not followed"),
    "quoted": (refusal(404, f"no {PATH} at {SECRET}"), AccessError, r"\(404: no /… at …\)"),
    "control": (refusal(400, "\x1b[2J\u202e"), ServiceError, r"400: \\x1b\[2J\\u202e"),
}


@pytest.mark.parametrize(("fault", "kind", "text"), REFUSED.values(), ids=REFUSED)
def test_a_refusal_is_explained(
    slack: SlackWebhooks, message: Message, fault: Fault, kind: type[Exception], text: str
) -> None:
    slack.faults = lambda _: fault

    with pytest.raises(kind, match=text) as error:
        webhook(slack).deliver(message)

    assert slack.posted == []
    assert SECRET not in str(error.value)


UNCLEAR: dict[str, Fault] = {
    "no response": Stall(done=True),
    "reset": Reset(done=True),
    "hung up": HangUp(done=True),
    "a gateway": refusal(502),
    "a slow gateway": refusal(504),
}


@pytest.mark.parametrize("fault", UNCLEAR.values(), ids=UNCLEAR)
def test_what_may_have_been_posted_is_not_posted_again(
    slack: SlackWebhooks, message: Message, fault: Fault
) -> None:
    slack.faults = lambda _: fault

    with pytest.raises(UnclearDeliveryError) as error:
        webhook(slack).deliver(message)

    assert len(slack.calls) == 1
    assert SECRET not in str(error.value)


def test_nobody_there(slack: SlackWebhooks, message: Message) -> None:
    with pytest.raises(ServiceError, match="cannot be reached: no connection: it was refused"):
        webhook(slack, f"http://127.0.0.1:1{PATH}").deliver(message)


def test_a_page_of_a_proxy_leaves_open_whether_it_was_posted(
    slack: SlackWebhooks, message: Message
) -> None:
    slack.faults = lambda _: HTML_PAGE

    with pytest.raises(UnclearDeliveryError, match="the response is not Slack's"):
        webhook(slack).deliver(message)


URLS = {
    "": "SLACK_WEBHOOK_URL is not set",
    "  ": "is not set",
    "$SLACK": "the name of a variable, not its value",
    "'https://hooks.slack.com/services/secretsecret'": "is in quotes",
    "hooks.slack.com/services/secretsecret": "is not the URL of a Slack incoming webhook",
    "https://hooks.slack.com/services/secretsecret\nX: y": "is not the URL",
    "https://user:secretsecret@hooks.slack.com/": "is not the URL",
    "http://hooks.slack.com/services/secretsecret": "is a plain HTTP address",
}


@pytest.mark.parametrize(("url", "text"), URLS.items(), ids=URLS)
def test_what_is_no_webhook_is_refused_and_not_quoted(url: str, text: str) -> None:
    with pytest.raises(SettingsError, match=text) as error:
        webhook_url({"SLACK_WEBHOOK_URL": url}, "SLACK_WEBHOOK_URL")

    assert "secretsecret" not in str(error.value)


def test_the_url_is_not_in_its_text(tmp_path: Path) -> None:
    url = webhook_url({"HOOK": f"https://hooks.slack.com{PATH}"}, "HOOK")

    assert SECRET not in f"{url!r} {url}"
