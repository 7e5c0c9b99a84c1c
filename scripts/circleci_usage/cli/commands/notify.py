"""The command that notifies: `notify`; see app.py."""
# ruff: noqa: PLC0415 - imports are late on purpose, as in app.py

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import typer

from circleci_usage.cli import flags
from circleci_usage.cli.applied_settings import AppliedSettings, applied_settings
from circleci_usage.cli.display import console_for, say_lines, show_warnings
from circleci_usage.cli.flag_groups import (
    DryRunFlag,
    JsonFlags,
    ReportToReadFlag,
    SettingsFileFlag,
    StoreFlag,
    expand_flag_groups,
)
from circleci_usage.cli.json_output.document import begin_json
from circleci_usage.cli.secrets import remember_secret
from circleci_usage.core.progress import SystemClock

if TYPE_CHECKING:
    from circleci_usage.cli.console import Console
    from circleci_usage.config.notify_sections import NotificationSection
    from circleci_usage.notify.message import Message
    from circleci_usage.notify.send import Outcome
    from circleci_usage.report_folder.reader import ReportFolder


@dataclass(frozen=True)
class NotifiedFlag(StoreFlag):
    """The store, for what it says about notifications."""

    store: flags.Store = field(
        default=StoreFlag.store,
        metadata={"help": "Local store; it remembers what was sent to whom."},
    )


@expand_flag_groups
def notify(
    context: typer.Context,
    reports: ReportToReadFlag,
    settings: SettingsFileFlag,
    stored: NotifiedFlag,
    dry: DryRunFlag,
    shown: JsonFlags,
) -> None:
    """Send what is new in a report to Slack and by e-mail, as the settings file says.

    Nobody is sent the same thing twice: the store remembers it. The URL of a
    Slack webhook is read from the variable that the settings file names, by
    default SLACK_WEBHOOK_URL; e-mail needs SMTP_HOST and SMTP_FROM.

    [dim]circleci-usage notify --report usage-report --dry-run[/dim]

    [dim]circleci-usage notify[/dim]
    """
    from circleci_usage.cli.json_output.members import notification_members
    from circleci_usage.cli.starting_lines import file_lines, override_lines, report_lines
    from circleci_usage.report_folder.reader import read_report_folder

    output = begin_json(context, shown)
    console = console_for(shown, output)
    applied = applied_settings(context, settings.config)
    notifications = _notifications(applied)
    report = read_report_folder(reports.report)
    say_lines(console, file_lines(applied), override_lines(context), report_lines(report.path))
    if dry.dry_run:
        messages = _show_due(report, notifications, stored, console)
        states = ["due"] * len(messages)
        output.add(**notification_members(report.path, messages, states, dry_run=True))
        return
    messages, outcome = _send_due(report, notifications, stored, console)
    output.add(**notification_members(report.path, messages, outcome.states, dry_run=False))
    for message, state in zip(messages, outcome.states, strict=True):
        console.result(f"{state}: {message.subject}, {message.destination}")
    show_warnings(console, outcome.warnings)
    if not messages:
        console.say("Nothing is new, so nothing was sent.")
    error = outcome.error()
    if error:
        raise error


def _notifications(applied: AppliedSettings) -> "Sequence[NotificationSection]":
    from circleci_usage.core.errors import SettingsError
    from circleci_usage.core.untrusted_text import inert

    if applied.file.notify:
        return applied.file.notify
    where = f"The settings file {inert(applied.path)} has no" if applied.path else "There are no"
    raise SettingsError(
        f"{where} notifications; add `notify` to the settings file, as in"
        " `notify: [{name: finance, slack: {}, when: [always]}]`."
    )


def _show_due(
    report: "ReportFolder",
    notifications: "Sequence[NotificationSection]",
    stored: NotifiedFlag,
    console: "Console",
) -> "Sequence[Message]":
    """Show what is due as Markdown, which a comment of a pull request takes as it is."""
    from circleci_usage.notify.ledger import LEDGER_NAME, Ledger
    from circleci_usage.notify.plan import plan_notifications

    plan = plan_notifications(report, notifications, Ledger(stored.store / LEDGER_NAME))
    show_warnings(console, plan.warnings)
    for message in plan.messages:
        heading = f"{message.subject}, {message.destination}".replace("--", "- -")
        console.result(f"<!-- {heading} -->\n\n{message.markdown}")
    if not plan.messages:
        console.say("Nothing is new, so nothing would be sent.")
    return plan.messages


def _send_due(
    report: "ReportFolder",
    notifications: "Sequence[NotificationSection]",
    stored: NotifiedFlag,
    console: "Console",
) -> "tuple[Sequence[Message], Outcome]":
    from circleci_usage.notify.couriers import couriers
    from circleci_usage.notify.ledger import Ledger
    from circleci_usage.notify.plan import plan_notifications
    from circleci_usage.notify.send import given_up, send_messages

    _remember_secrets(notifications, os.environ)
    ways = couriers(notifications, os.environ, SystemClock(), console)
    with Ledger.opened(stored.store) as ledger:
        interrupted = ledger.settle_interrupted()
        show_warnings(console, [given_up(interrupted)] if interrupted else ())
        plan = plan_notifications(report, notifications, ledger)
        show_warnings(console, plan.warnings)
        return plan.messages, send_messages(plan.messages, ways, ledger, console)


def _remember_secrets(
    notifications: "Iterable[NotificationSection]", environment: Mapping[str, str]
) -> None:
    """Keep the URLs of webhooks, and the part that is secret, out of every message."""
    for each in notifications:
        url = environment.get(each.slack.webhook_env, "").strip() if each.slack else ""
        if url:
            remember_secret(url)
            remember_secret(url.partition("://")[2].partition("/")[2])
