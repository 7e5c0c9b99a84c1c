"""The doctor's check of notifications: secrets are there, and nothing is sent."""

from collections.abc import Sequence

from circleci_usage.checks.export_checks import Check
from circleci_usage.checks.notification_check import check_notifications
from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.progress import NullProgress
from notified import notification

WEBHOOK = {"SLACK_WEBHOOK_URL": "https://hooks.slack.com/services/secretsecret"}


def check(environment: dict[str, str], *notifications: NotificationSection) -> Check | None:
    return check_notifications(lambda: notifications, environment, NullProgress())


def test_a_secret_is_there_or_named() -> None:
    found = check(WEBHOOK, notification())
    assert found
    assert (found.ok, found.message) == (
        True,
        "The variables for 1 notification are set; nothing was sent.",
    )
    missing = check(WEBHOOK, notification(), notification(name="x", email={"to": ["a@b.c"]}))
    assert missing
    assert (missing.ok, missing.exit_code) == (False, 2)
    assert "SMTP_HOST is not set" in missing.message


def test_without_notifications_there_is_nothing_to_check() -> None:
    def invalid() -> Sequence[NotificationSection]:
        raise SettingsError("told by another check")

    assert check({}) is None
    assert check_notifications(invalid, {}, NullProgress()) is None
