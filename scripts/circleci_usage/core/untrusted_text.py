r"""Makes text from outside safe to show: no escape sequences, invisible or reordering characters.

Names and messages of servers, files, settings and exports may hold anything. Invisible characters
are written as in a Python string: an escape becomes `\x1b`, a zero-width space `\u200b`, a byte of
a file name that is not UTF-8 `\udcff`.
"""

from typing import Final
from unicodedata import category

SHOWN: Final = 300
"""Characters of an untrusted text that a message quotes."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories: controls, formats (such as text direction), surrogates, line separators."""


def inert(text: object, limit: int = SHOWN) -> str:
    r"""An untrusted text as part of a line, truncated after `limit` characters.

    Example:
        >>> inert("main\x1b[2J")
        'main\\x1b[2J'
    """
    whole = str(text)
    cut = whole[:limit].strip()
    shown = "".join(_seen(letter) for letter in cut)
    return shown if len(whole) <= limit else f"{shown}…"


def visible(text: str) -> str:
    """A message of ours that may quote untrusted text; its line breaks and tabs stay."""
    if text.isprintable():
        return text
    return "".join(letter if letter in "\n\t" else _seen(letter) for letter in text)


def _seen(letter: str) -> str:
    return ascii(letter)[1:-1] if category(letter) in _UNSEEN else letter
