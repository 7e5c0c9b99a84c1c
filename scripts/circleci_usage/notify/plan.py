"""Which messages are due: worked out without a network and without secrets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.plurals import few
from circleci_usage.core.untrusted_text import inert
from circleci_usage.notify.alerts import Alert, ReportAlerts
from circleci_usage.notify.ledger import Ledger
from circleci_usage.notify.message import Message, alerts_message
from circleci_usage.notify.report_messages import report_key, report_message, team_folder
from circleci_usage.report_folder.reader import ReportFolder

_NAMED: Final = 5


@dataclass(frozen=True)
class NotificationPlan:
    """The messages that are due, in the order of the settings file.

    Attributes:
        messages: what is new first, then the report.
        warnings: what cannot be sent, a sentence each.
    """

    messages: tuple[Message, ...]
    warnings: tuple[str, ...]


def plan_notifications(
    report: ReportFolder, notifications: Sequence[NotificationSection], ledger: Ledger
) -> NotificationPlan:
    """Work out what each notification was not sent yet.

    Raises:
        DataError: the report is damaged.
    """
    planner = _Planner(report, ledger)
    messages = tuple(message for each in notifications for message in planner.due(each))
    return NotificationPlan(messages, planner.warnings)


class _Planner:
    def __init__(self, report: ReportFolder, ledger: Ledger) -> None:
        self._report = report
        self._ledger = ledger
        self._alerts = ReportAlerts(report)
        self._without_report: dict[str, None] = {}

    @property
    def warnings(self) -> tuple[str, ...]:
        if not self._without_report:
            return ()
        names = few([inert(team) for team in self._without_report], _NAMED)
        path = inert(self._report.path)
        return (f"{path} has no report of its own for {names}, so there is none to send.",)

    def due(self, notification: NotificationSection) -> Iterator[Message]:
        """The messages of one notification: one about everything, or one or two per team."""
        for team in notification.teams or (None,):
            folder = team_folder(self._report, team) if team else None
            alerts = self._new_alerts(notification, team)
            if alerts:
                yield alerts_message(notification, team, alerts, self._report, folder)
            if self._is_report_due(notification, team, folder):
                yield report_message(notification, team, self._report, folder)

    def _new_alerts(self, notification: NotificationSection, team: str | None) -> Sequence[Alert]:
        every = [alert for when in notification.when for alert in self._alerts.of(when, team)]
        return [alert for alert in every if not self._ledger.has(notification.name, alert.keys[-1])]

    def _is_report_due(
        self, notification: NotificationSection, team: str | None, folder: str | None
    ) -> bool:
        if "always" not in notification.when:
            return False
        if team and not folder:
            self._without_report[team] = None
            return False
        return not self._ledger.has(notification.name, report_key(self._report, team))
