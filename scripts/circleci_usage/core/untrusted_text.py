r"""Text from outside, fit to be shown: nothing that a terminal obeys, that hides letters or that turns them around.

Names and messages of servers, files, settings and exports may hold anything. What cannot be seen is written as Python
writes it in a string: an escape becomes `\x1b`, a zero-width space `\u200b`, a byte of a file name that is no UTF-8
`\udcff`.
"""

from typing import Final
from unicodedata import category

SHOWN: Final = 300
"""Characters of a foreign text that a message quotes."""

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode's categories of controls, formats (such as the order of letters), halves of letters, and line ends."""


def inert(text: object, limit: int = SHOWN) -> str:
    r"""A foreign text as a piece of one line, cut when it is longer than `limit` characters.

    Example:
        >>> inert("main\x1b[2J")
        'main\\x1b[2J'
    """
    whole = str(text)
    cut = whole[:limit].strip()
    shown = "".join(_seen(letter) for letter in cut)
    return shown if len(whole) <= limit else f"{shown}…"


def visible(text: str) -> str:
    """A message of ours that may quote foreign text: its lines and tabs stay."""
    if text.isprintable():
        return text
    return "".join(letter if letter in "\n\t" else _seen(letter) for letter in text)


def _seen(letter: str) -> str:
    return ascii(letter)[1:-1] if category(letter) in _UNSEEN else letter
