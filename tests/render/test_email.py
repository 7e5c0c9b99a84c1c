"""email.html: what programs that show e-mail accept, without anything from elsewhere."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

from circleci_usage.render.email.mail import email_html
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Presentation
from golden import assert_golden
from sample_reports import acme_report, empty_report, hostile_report

LINK = "https://output.circle-artifacts.com/output/job/1/artifacts/0/usage-report/index.html"
ALLOWED = {
    *("html", "head", "meta", "title", "body", "table", "tr", "td"),
    *("h1", "h2", "p", "ul", "li", "a", "bdi", "strong", "span"),
}
GMAIL_CLIPS = 102_000
"""Bytes after which Gmail cuts a message off."""


class Elements(HTMLParser):
    """The elements and attributes of a document."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def email(report: Any, link: str | None = None) -> str:
    return email_html(ReportView(report, Presentation(link=link)))


def test_a_report() -> None:
    assert_golden("email.html", email(acme_report(), LINK))


@pytest.mark.parametrize("report", [acme_report, empty_report, hostile_report])
def test_it_runs_and_loads_nothing(report: Any) -> None:
    text = email(report(), LINK)

    elements = Elements(text).found
    tags = {tag for tag, _ in elements}
    assert tags <= ALLOWED
    attributes = {name for _, given in elements for name in given}
    assert not {name for name in attributes if name.startswith("on")} | {"src"} & attributes
    addresses = {given["href"] for tag, given in elements if tag == "a"}
    assert addresses == {LINK, LINK.replace("index.html", "explore.html")}
    assert "url(" not in text
    assert len(text.encode()) < GMAIL_CLIPS


def test_jobs_are_named_with_their_project() -> None:
    assert re.search(r"<bdi>end-to-end</bdi> <span [^>]*>in <bdi>acme/web · ", email(acme_report()))
