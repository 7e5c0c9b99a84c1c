"""The pieces of a Slack message in Block Kit.

The Slack orb passes a message through a shell's `eval` inside double quotes, where a dollar sign, a
backtick and a backslash have a meaning. A message contains none of them: not in names, which
anybody may choose, and not as JSON escapes.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from typing import Any, Final

from circleci_usage.render.text.sentence import Sentence

_LONGEST: Final = 2900
"""Slack takes 3,000 characters in a text."""

_LONGEST_HEADER: Final = 150

_LOOKALIKES: Final = str.maketrans({"`": "｀", "\\": "＼", '"': "＂", "$": "＄"})  # noqa: RUF001 - the wide forms are meant
_ENTITIES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})

Element = dict[str, Any]


def message(fallback: str, blocks: Sequence[Element]) -> str:
    """A message for `chat.postMessage`, an incoming webhook or the Slack orb's `custom`.

    Args:
        fallback: what a notification of the system shows.
        blocks: what the channel shows.
    """
    content = {"text": fallback.translate(_ENTITIES), "blocks": [*blocks]}
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"


def header(text: str) -> Element:
    """The title of a message."""
    shown = {"type": "plain_text", "text": _harmless(text)[:_LONGEST_HEADER]}
    return {"type": "header", "text": shown}


def rich_text(*elements: Element) -> Element:
    """Rich text shows what it is given: no name is read as formatting, a mention or a link."""
    return {"type": "rich_text", "elements": [*elements]}


def section(elements: Sequence[Element]) -> Element:
    """A line of texts and links."""
    return {"type": "rich_text_section", "elements": [*elements]}


def bullets(items: Iterable[Sequence[Element]]) -> Element:
    """A list of such lines."""
    return {
        "type": "rich_text_list",
        "style": "bullet",
        "elements": [section(item) for item in items],
    }


def text_element(text: str, **style: bool) -> Element:
    """A text, as it is."""
    element: Element = {"type": "text", "text": _harmless(text)[:_LONGEST]}
    return element | {"style": style} if style else element


def with_code(text: str) -> list[Element]:
    """A text with backticks around commands, which become code of the message."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # One of them is without its pair.
        return [text_element(text)]
    words = map(text_element, parts[::2])
    commands = (text_element(part, code=True) for part in parts[1::2])
    both = chain.from_iterable(zip_longest(words, commands))
    return [each for each in both if each and each["text"]]


def link(text: str, address: str) -> Element:
    """A link."""
    return {"type": "link", "url": address, "text": text}


def links(named: Iterable[tuple[str, str]]) -> list[Element]:
    """Links in a row, given their texts and addresses."""
    elements: list[Element] = []
    for text, address in named:
        separator = [text_element(" · ")] if elements else []
        elements += [*separator, link(text, address)]
    return elements


def in_words(sentence: Sentence) -> str:
    """A sentence with harmless names and amounts."""
    return replace(sentence, text=in_dollars(sentence.text)).naming(_harmless)


def in_dollars(amount: str) -> str:
    """An amount without a dollar sign."""
    return amount.replace("$", "USD\N{NO-BREAK SPACE}")


def _harmless(text: str) -> str:
    return text.translate(_LOOKALIKES)
