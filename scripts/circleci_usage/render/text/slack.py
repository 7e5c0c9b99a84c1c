"""slack.json: the report as a Slack message in Block Kit.

The Slack orb puts a message through a shell's `eval` inside double quotes, where a dollar sign, a backtick and a
backslash mean something. None of them is in the file: not in names, which anybody may choose, and not as JSON escapes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from circleci_usage.render.formatting import percent
from circleci_usage.render.text.digest import Digest, digest
from circleci_usage.render.text.sentences import Sentence
from circleci_usage.render.view.breakdown_lines import cost_shown
from circleci_usage.render.view.top_lists import TopList
from circleci_usage.report import Report

_LINES: Final = 5
_NAME_LENGTH: Final = 60
_WARNINGS: Final = 5
_LONGEST: Final = 2900
"""Slack takes 3,000 characters in a text."""

_LOOKALIKES: Final = str.maketrans({"`": "｀", "\\": "＼", '"': "＂", "$": "＄"})  # noqa: RUF001 - the wide forms are meant
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Element = dict[str, Any]


def slack_json(report: Report) -> str:
    """A message for `chat.postMessage`, an incoming webhook or the Slack orb's `custom` parameter."""
    short = digest(report, _LINES, _NAME_LENGTH)
    fallback = _in_words(short.sentences[0]).translate(_ENTITIES)
    return (
        json.dumps(
            {"text": fallback, "blocks": _blocks(short, report)}, ensure_ascii=False, indent=2
        )
        + "\n"
    )


def _blocks(short: Digest, report: Report) -> list[Element]:
    first, *others = [*map(_in_words, short.sentences), *filter(None, [short.completeness])]
    return [
        {"type": "header", "text": {"type": "plain_text", "text": short.title}},
        _rich_text(
            _section([_text(first, bold=True)]),
            *([_bullets([_text(each)] for each in others)] if others else []),
        ),
        *(_rich_text(*_list(each, report.currency)) for each in short.lists),
        *(
            _rich_text(_section([_text("Note: ", bold=True), _text(note)]))
            for note in short.warnings[:_WARNINGS]
        ),
        *([_rich_text(_section([_link("Full report", report.link)]))] if report.link else []),
    ]


def _list(shown: TopList, currency: str) -> list[Element]:
    lines = [(row.label, row.line) for row in shown.rows]
    if shown.rest:
        lines.append((shown.others, shown.rest))
    items = [
        [
            _text(_in_dollars(cost_shown(line, currency)), bold=True),
            _text(f" {percent(line.share)} {name}"),
        ]
        for name, line in lines
    ]
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


def _link(text: str, address: str) -> Element:
    return {"type": "link", "url": address, "text": text}


def _harmless(text: str) -> str:
    return text.translate(_LOOKALIKES)


def _in_words(sentence: Sentence) -> str:
    return replace(sentence, text=_in_dollars(sentence.text)).naming(_harmless)


def _in_dollars(amount: str) -> str:
    return amount.replace("$", "USD\N{NO-BREAK SPACE}")
