"""slack.json: the report as a Slack message in Block Kit.

The Slack orb passes a message through a shell's `eval` inside double quotes, where a dollar sign, a
backtick and a backslash have a meaning. The file contains none of them: not in names, which anybody
may choose, and not as JSON escapes.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any, Final

from circleci_usage.render.formatting import percent
from circleci_usage.render.text.overview import Overview, overview
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.render.view.top_lists import TopList

_LINES: Final = 5
_NAME_LENGTH: Final = 60
_WARNINGS: Final = 5
_LONGEST: Final = 2900
"""Slack takes 3,000 characters in a text."""

_LONGEST_HEADER: Final = 150

_LOOKALIKES: Final = str.maketrans({"`": "｀", "\\": "＼", '"': "＂", "$": "＄"})  # noqa: RUF001 - the wide forms are meant
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Element = dict[str, Any]


def slack_json(view: ReportView) -> str:
    """A message for `chat.postMessage`, an incoming webhook or the Slack orb's `custom`."""
    short = overview(view, _LINES, _NAME_LENGTH)
    fallback = _in_words(short.sentences[0]).translate(_ENTITIES)
    message = {"text": fallback, "blocks": _blocks(short, view)}
    return json.dumps(message, ensure_ascii=False, indent=2) + "\n"


def _blocks(short: Overview, view: ReportView) -> list[Element]:
    blocks: list[Element] = [
        {"type": "header", "text": {"type": "plain_text", "text": _header(short.title)}},
        _rich_text(*_lead(short)),
    ]
    blocks.extend(_rich_text(*_list(each, view.currency)) for each in short.lists)
    for warning in short.warnings[:_WARNINGS]:
        note = [_text("Note: ", bold=True), *_with_code(warning)]
        blocks.append(_rich_text(_section(note)))
    links = [*_links(view)]
    if links:
        blocks.append(_rich_text(_section(links)))
    return blocks


def _header(title: str) -> str:
    """Slack takes 150 characters."""
    harmless = _harmless(title)
    return harmless if len(harmless) <= _LONGEST_HEADER else f"{harmless[: _LONGEST_HEADER - 1]}…"


def _links(view: ReportView) -> Iterator[Element]:
    if view.link:
        yield _link("Full report", view.link)
    if view.explorer_link:
        yield _text(" · ")
        yield _link("Explore costs", view.explorer_link)
    if view.whole_link:
        yield _text(" · ")
        yield _link("All teams", view.whole_link)


def _lead(short: Overview) -> list[Element]:
    """The headline, and what to know next as bullets."""
    first, *others = map(_in_words, short.sentences)
    if short.kpis:
        others.append(_in_words(short.kpis))
    if short.completeness:
        others.append(short.completeness)
    headline = _section([_text(first, bold=True)])
    return [headline, _bullets([_text(each)] for each in others)] if others else [headline]


def _list(shown: TopList, currency: str) -> list[Element]:
    lines = [(row.label, row.line) for row in shown.rows]
    if shown.rest:
        lines.append((shown.others, shown.rest))
    items = []
    for name, line in lines:
        cost = _in_dollars(cost_shown(line, currency))
        items.append([_text(cost, bold=True), _text(f" {percent(line.share)} {name}")])
    return [_section([_text(shown.title, bold=True)]), _bullets(items)]


def _bullets(items: Iterable[Sequence[Element]]) -> Element:
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [_section(item) for item in items],
    }


def _rich_text(*elements: Element) -> Element:
    """Rich text shows what it is given: no name is read as formatting, a mention or a link."""
    return {"type": "rich_text", "elements": [*elements]}


def _section(elements: Sequence[Element]) -> Element:
    return {"type": "rich_text_section", "elements": [*elements]}


def _text(text: str, **style: bool) -> Element:
    element: Element = {"type": "text", "text": _harmless(text)[:_LONGEST]}
    return element | {"style": style} if style else element


def _with_code(text: str) -> list[Element]:
    """A text with backticks around commands, which become code of the message."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # One of them is without its pair.
        return [_text(text)]
    words, commands = map(_text, parts[::2]), (_text(part, code=True) for part in parts[1::2])
    both = chain.from_iterable(zip_longest(words, commands))
    return [each for each in both if each and each["text"]]


def _link(text: str, address: str) -> Element:
    return {"type": "link", "url": address, "text": text}


def _harmless(text: str) -> str:
    return text.translate(_LOOKALIKES)


def _in_words(sentence: Sentence) -> str:
    return replace(sentence, text=_in_dollars(sentence.text)).naming(_harmless)


def _in_dollars(amount: str) -> str:
    return amount.replace("$", "USD\N{NO-BREAK SPACE}")
