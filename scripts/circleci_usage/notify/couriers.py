"""The way to each destination, with its secrets from the environment."""

from collections.abc import Mapping, Sequence

from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.progress import Clock, Progress
from circleci_usage.notify.delivery import Courier
from circleci_usage.notify.email import Mailer
from circleci_usage.notify.slack_webhook import SlackWebhook, webhook_url
from circleci_usage.notify.smtp_settings import smtp_server


def couriers(
    notifications: Sequence[NotificationSection],
    environment: Mapping[str, str],
    clock: Clock,
    progress: Progress,
) -> Mapping[str, Courier]:
    """The courier of each notification, by its name.

    All secrets are checked, also those that nothing is due for: the day of an alert is too late.

    Raises:
        SettingsError: a secret is missing, or cannot be one.
    """
    return {each.name: _courier(each, environment, clock, progress) for each in notifications}


def _courier(
    notification: NotificationSection,
    environment: Mapping[str, str],
    clock: Clock,
    progress: Progress,
) -> Courier:
    if notification.email:
        return Mailer(smtp_server(environment), notification.email.to, clock=clock)
    assert notification.slack
    variable = notification.slack.webhook_env
    url = webhook_url(environment, variable)
    return SlackWebhook(variable, url, clock=clock, progress=progress)
