"""Reports as people read them: what the renderers make of a report itself."""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from circleci_usage.render import text
from circleci_usage.render.page.page import index_html
from circleci_usage.render.text import markdown, slack
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.projects import ProjectView
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import UNNAMED, Presentation, Report


@lru_cache(maxsize=16)
def page(report: Report) -> str:
    """index.html of a report; many tests look at the same ones."""
    return index_html(ReportView(report))


def summary_md(report: Report, presentation: Presentation = UNNAMED) -> str:
    """summary.md of a report."""
    return markdown.summary_md(ReportView(report, presentation))


def slack_json(report: Report, presentation: Presentation = UNNAMED) -> str:
    """slack.json of a report."""
    return slack.slack_json(ReportView(report, presentation))


def sentences(report: Report) -> Iterator[Sentence]:
    """The sentences of a report."""
    return text.sentences.sentences(ReportView(report))


def projects(report: Report) -> Sequence[ProjectView]:
    """The projects of a report."""
    return ReportView(report).projects
