"""A message as the HTML of an e-mail.

Programs that show e-mail ignore style sheets, and load nothing by themselves: styles are attributes
of the elements, and the HTML refers to nothing but the report's own address.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Template

from circleci_usage.render.charts.style import PAGE_COLORS
from circleci_usage.render.formatting import percent
from circleci_usage.render.html.pages import page_templates
from circleci_usage.render.text.overview import overview
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.text.top_savings import TopSaving
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopList

_PACKAGE: Final = "circleci_usage.render.email"
_LINES: Final = 8
_NAME_LENGTH: Final = 60


@dataclass(frozen=True)
class MailRow:
    """A line of a list: what it is, what it belongs to, its cost or saving, and a word on that."""

    name: str
    detail: str
    cost: str
    share: str


@dataclass(frozen=True)
class MailList:
    """The most expensive teams, projects or jobs, or what saves most."""

    title: str
    rows: Sequence[MailRow]


@dataclass(frozen=True)
class Mail:
    """What an e-mail shows, in this order. Its texts are plain: the template escapes them.

    Attributes:
        title: what it is about.
        headline: the most important sentence.
        points: further sentences.
        notes: what to know before trusting the numbers.
        lists: what saves most, and the most expensive names.
        links: texts and addresses.
    """

    title: str
    headline: str
    points: Sequence[str] = ()
    notes: Sequence[str] = ()
    lists: Sequence[MailList] = ()
    links: Sequence[tuple[str, str]] = ()


def email_html(view: ReportView) -> str:
    """The overview of a report."""
    short = overview(view, _LINES, _NAME_LENGTH)
    first, *others = map(in_words, short.sentences)
    if short.kpis:
        others.append(in_words(short.kpis))
    points = filter(None, (*others, short.completeness))
    lists = [_list(each, view.currency) for each in short.lists]
    if short.savings:
        lists.insert(0, _savings(short.savings))
    return mail_html(Mail(short.title, first, [*points], short.warnings, lists, view.links))


def mail_html(mail: Mail) -> str:
    """The HTML of a message."""
    return _template().render(mail=mail, colors=PAGE_COLORS) + "\n"


def in_words(sentence: Sentence) -> str:
    """A sentence with its names as they are."""
    return sentence.naming(str)


@cache
def _template() -> Template:
    return page_templates(_PACKAGE).get_template("email.html.j2")


def _savings(savings: Sequence[TopSaving]) -> MailList:
    rows = [
        MailRow(in_words(each.action), each.around, each.saved, each.certainty) for each in savings
    ]
    return MailList("Top savings, a month", rows)


def _list(shown: TopList, currency: str) -> MailList:
    rows = [
        MailRow(row.label, row.detail, cost_shown(row.line, currency), percent(row.line.share))
        for row in shown.rows
    ]
    if shown.rest:
        cost, share = cost_shown(shown.rest, currency), percent(shown.rest.share)
        rows.append(MailRow(shown.others, "", cost, share))
    return MailList(shown.title, rows)
