"""slack.json: the report as a Slack message in Block Kit."""

from collections.abc import Iterator, Sequence
from typing import Final

from circleci_usage.render.formatting import percent
from circleci_usage.render.text import slack_blocks as slack
from circleci_usage.render.text.overview import Overview, overview
from circleci_usage.render.text.slack_blocks import Element
from circleci_usage.render.text.top_savings import TopSaving
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopLine, TopList

_LINES: Final = 5
_NAME_LENGTH: Final = 60
_WARNINGS: Final = 5


def slack_json(view: ReportView) -> str:
    """A message for `chat.postMessage`, an incoming webhook or the Slack orb's `custom`."""
    short = overview(view, _LINES, _NAME_LENGTH)
    return slack.message(slack.in_words(short.sentences[0]), [*_blocks(short, view)])


def _blocks(short: Overview, view: ReportView) -> Iterator[Element]:
    yield slack.header(short.title)
    yield slack.rich_text(*_lead(short))
    if short.savings:
        yield slack.rich_text(*_savings(short.savings))
    for each in short.lists:
        yield slack.rich_text(*_list(each, view.currency))
    for warning in short.warnings[:_WARNINGS]:
        note = [slack.text_element("Note: ", bold=True), *slack.with_code(warning)]
        yield slack.rich_text(slack.section(note))
    links = slack.links(view.links)
    if links:
        yield slack.rich_text(slack.section(links))


def _lead(short: Overview) -> list[Element]:
    """The headline, and what to know next as bullets."""
    first, *others = map(slack.in_words, short.sentences)
    if short.kpis:
        others.append(slack.in_words(short.kpis))
    if short.completeness:
        others.append(short.completeness)
    headline = slack.section([slack.text_element(first, bold=True)])
    bullets = slack.bullets([slack.text_element(each)] for each in others)
    return [headline, bullets] if others else [headline]


def _savings(savings: Sequence[TopSaving]) -> list[Element]:
    items = []
    for each in savings:
        saved = slack.text_element(slack.in_dollars(each.saved), bold=True)
        around = f" in {each.around}" if each.around else ""
        action = f" a month, {each.certainty}: {slack.in_words(each.action)}{around}"
        items.append([saved, slack.text_element(action)])
    title = slack.section([slack.text_element("Top savings", bold=True)])
    return [title, slack.bullets(items)]


def _list(shown: TopList, currency: str) -> list[Element]:
    lines = [(_name(row), row.line) for row in shown.rows]
    if shown.rest:
        lines.append((shown.others, shown.rest))
    items = []
    for name, line in lines:
        cost = slack.in_dollars(cost_shown(line, currency))
        share = slack.text_element(f" {percent(line.share)} {name}")
        items.append([slack.text_element(cost, bold=True), share])
    title = slack.section([slack.text_element(shown.title, bold=True)])
    return [title, slack.bullets(items)]


def _name(row: TopLine) -> str:
    """`test in acme/web`: a job alone says little."""
    return f"{row.label} in {row.detail}" if row.detail else row.label
