"""A message in the forms of Slack, e-mail and Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import quote

from circleci_usage.config.notify_sections import NotificationSection
from circleci_usage.core import globs
from circleci_usage.core.plurals import counted
from circleci_usage.explore.address import address_of
from circleci_usage.network.addresses import web_address
from circleci_usage.notify.alerts import Alert
from circleci_usage.render.email.mail import Mail, in_words, mail_html
from circleci_usage.render.formatting import days, visible_name
from circleci_usage.render.text import slack_blocks as slack
from circleci_usage.render.text.markdown import code, escaped
from circleci_usage.report_folder.reader import ReportFolder
from circleci_usage.schema.report_files import EXPLORER_NAME, PAGE_NAME

MOST_ALERTS: Final = 20
"""That a message lists; the report has them all."""

Kind = Literal["report", "alerts"]
Links = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Message:
    """A message that is due.

    Attributes:
        notification: whom it is for.
        team: whose part it is about; None for everything.
        kind: the report as a whole, or what is new in it.
        keys: of the ledger: what it is about.
        title: one line, the subject of an e-mail.
        slack: the message as Slack takes it; may be empty if it goes elsewhere.
        html: as e-mail; empty for one without HTML.
        markdown: for a pull request or a chat, and for programs that show no HTML.
    """

    notification: NotificationSection
    team: str | None
    kind: Kind
    keys: tuple[str, ...]
    title: str
    slack: str
    html: str
    markdown: str

    @property
    def destination(self) -> str:
        """Where it goes, in a few words without a secret."""
        to = self.notification
        if to.email:
            return f"e-mail to {', '.join(to.email.to)}"
        return f"Slack ({to.slack.webhook_env})" if to.slack else "nowhere"

    @property
    def subject(self) -> str:
        """What it is, in a few words: `payments: alerts of team payments`."""
        of_team = f" of team {visible_name(self.team)}" if self.team else ""
        return f"{visible_name(self.notification.name)}: {self.kind}{of_team}"


def alerts_message(
    notification: NotificationSection,
    team: str | None,
    alerts: Sequence[Alert],
    report: ReportFolder,
    folder: str | None,
) -> Message:
    """The message of some alerts.

    Args:
        notification: whom it is for.
        team: whose alerts they are.
        alerts: at least one.
        report: the report that has them.
        folder: of the team's own report, below that of the whole one.
    """
    of_team = f" of team {visible_name(team)}" if team else ""
    number = counted(len(alerts), "alert")
    title = f"CircleCI usage{of_team}, {days(report.period)}: {number}"
    sentences = [alert.sentence for alert in alerts[:MOST_ALERTS]]
    more = len(alerts) - len(sentences)
    rest = [f"The report has {more:,} more."] if more else []
    links = report_links(report, team, folder)
    shown = [slack.in_words(each) for each in sentences] + rest
    first, *points = [in_words(each) for each in sentences] + rest
    lines = [each.naming(code) for each in sentences] + rest
    keys = tuple(key for alert in alerts for key in alert.keys)
    html = mail_html(Mail(title, first, points, links=links))
    markdown = _markdown(title, lines, links)
    blocks = [*_blocks(title, shown, links)]
    message = slack.message(shown[0], blocks)
    return Message(notification, team, "alerts", keys, title, message, html, markdown)


def report_links(report: ReportFolder, team: str | None, folder: str | None) -> Links:
    """Links to the page and the explorer, if it is known where they are.

    Args:
        report: the whole report.
        team: whose part they lead to; None for everything.
        folder: of the team's own report, below that of the whole one.
    """
    link = str(report.summary.get("link") or "")
    if not web_address(link) or not link.endswith(f"/{PAGE_NAME}"):
        return ()
    base = link.removesuffix(PAGE_NAME)
    page = f"{base}{quote(folder)}/{PAGE_NAME}" if folder else link
    question = f"#{address_of([('team', globs.escaped(team))])}" if team else ""
    return (("Full report", page), ("Explore costs", f"{base}{EXPLORER_NAME}{question}"))


def _blocks(title: str, lines: Sequence[str], links: Links) -> Sequence[slack.Element]:
    bullets = slack.bullets([slack.text_element(line)] for line in lines)
    blocks = [slack.header(title), slack.rich_text(bullets)]
    if links:
        blocks.append(slack.rich_text(slack.section(slack.links(links))))
    return blocks


def _markdown(title: str, lines: Sequence[str], links: Links) -> str:
    bullets = "\n".join(f"- {line}" for line in lines)
    shown = " · ".join(f"[{text}]({address})" for text, address in links)
    return "\n\n".join(filter(None, (f"# {escaped(title)}", bullets, shown))) + "\n"
