"""Texts as YAML on one line. Names from an export may hold anything."""

import re
from collections.abc import Iterable
from typing import Final

import yaml

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.-]+")
_NO_FOLD: Final = 1_000_000


def scalar(text: str) -> str:
    r"""A text as YAML: plain if every reader takes that for the same text, else quoted.

    >>> scalar("payments"), scalar("no"), scalar("a: b")
    ('payments', '"no"', '"a: b"')
    """
    is_plain = _PLAIN.fullmatch(text) and yaml.safe_load(text) == text
    return text if is_plain else quoted(text)


def quoted(text: str) -> str:
    r"""A text in double quotes; what cannot be seen is escaped.

    >>> quoted("pay-*"), quoted('a "b"'), quoted("line\nbreak")
    ('"pay-*"', '"a \\"b\\""', '"line\\nbreak"')
    """
    written: str = yaml.safe_dump(
        text, default_style='"', allow_unicode=text.isprintable(), width=_NO_FOLD
    )
    return written.strip()


def quoted_list(texts: Iterable[str]) -> str:
    """A list on one line.

    >>> quoted_list(["ios-*", "android-*"])
    '["ios-*", "android-*"]'
    """
    return f"[{', '.join(map(quoted, texts))}]"
