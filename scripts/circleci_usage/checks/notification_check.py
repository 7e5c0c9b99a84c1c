"""Whether the secrets of notifications are there: the day of an alert is too late to find out."""

from collections.abc import Callable, Mapping, Sequence

from circleci_usage.checks.export_checks import Check
from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.errors import SettingsError, UsageExporterError
from circleci_usage.core.plurals import counted
from circleci_usage.core.progress import Progress, SystemClock


def check_notifications(
    load: Callable[[], Sequence[NotificationSection]],
    environment: Mapping[str, str],
    progress: Progress,
) -> Check | None:
    """Check what notifications need, without sending anything; None without any.

    Args:
        load: reads the settings file, whose own mistakes another check tells.
        environment: has the secrets.
        progress: of whoever checks.
    """
    try:
        notifications = load()
    except UsageExporterError:
        return None
    if not notifications:
        return None
    from circleci_usage.notify.couriers import couriers  # noqa: PLC0415 - loads pandas

    try:
        couriers(notifications, environment, SystemClock(), progress)
    except SettingsError as error:
        return Check.failed("notifications", error)
    number = counted(len(notifications), "notification")
    return Check("notifications", f"The variables for {number} are set; nothing was sent.")
