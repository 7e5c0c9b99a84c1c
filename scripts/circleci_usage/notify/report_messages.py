"""The message that a report folder has ready: of everything, or of a team's own report."""

import json
import re
from pathlib import Path
from typing import Final

from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core.errors import DataError
from circleci_usage.core.guarded_open import read_own
from circleci_usage.core.paths import exists
from circleci_usage.core.untrusted_text import inert
from circleci_usage.notify.ledger import key_of
from circleci_usage.notify.message import Message
from circleci_usage.render.formatting import days, visible_name
from circleci_usage.report_folder.reader import ReportFolder
from circleci_usage.schema.report_files import (
    EMAIL_NAME,
    SLACK_NAME,
    SUMMARY_TEXT_NAME,
    TEAMS_FOLDER,
)

_LIMIT: Final = 4 << 20
_FOLDER: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")
_AGAIN: Final = "make the report again with circleci-usage report"


def report_message(
    notification: NotificationSection, team: str | None, report: ReportFolder, folder: str | None
) -> Message:
    """The message of a whole report, or of a team's part of it.

    Args:
        notification: whom it is for.
        team: whose part it is; None for everything.
        report: the whole report.
        folder: of the team's own report, below that of the whole one.

    Raises:
        DataError: the report lacks one of its messages, or one is damaged.
    """
    place = report.path / folder if folder else report.path
    of_team = f" of team {visible_name(team)}" if team else ""
    return Message(
        notification,
        team,
        "report",
        (report_key(report, team),),
        f"CircleCI usage{of_team}, {days(report.period)}",
        _slack_message(place / SLACK_NAME) if notification.slack else "",
        _html(place / EMAIL_NAME) if notification.email else "",
        _text(place / SUMMARY_TEXT_NAME),
    )


def report_key(report: ReportFolder, team: str | None) -> str:
    """The key of the ledger: each period is reported on once."""
    return key_of("report", team, report.period.first, report.period.last)


def team_folder(report: ReportFolder, team: str) -> str | None:
    """The folder of a team's own report, below that of the whole one; None without any.

    Raises:
        DataError: the summary of the report is damaged.
    """
    try:
        folders = {
            str(each["team"]): str(each["folder"])
            for each in report.summary.get("team_reports") or ()
        }
    except (KeyError, TypeError, AttributeError):
        raise report.damaged_summary() from None
    folder = folders.get(team)
    if folder is not None and not _FOLDER.fullmatch(folder):
        raise report.damaged_summary(": a team's report is in another folder")
    return folder and f"{TEAMS_FOLDER}/{folder}"


def _slack_message(path: Path) -> str:
    text = _text(path)
    try:
        is_message = isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        is_message = False
    if not is_message:
        raise DataError(f"{inert(path)} is damaged; {_AGAIN}.")
    return text


def _html(path: Path) -> str:
    """Empty for a report of a version without e-mails: the message is a text then."""
    return _text(path) if exists(path) else ""


def _text(path: Path) -> str:
    try:
        return read_own(path, _LIMIT).decode()
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"{inert(path)} cannot be read: {reason}; {_AGAIN}.") from None
    except UnicodeDecodeError:
        raise DataError(f"{inert(path)} is damaged; {_AGAIN}.") from None
