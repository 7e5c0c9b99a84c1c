"""Globs: `*` is any text, `?` is one character; they are case-sensitive.

Those of the settings file have no escapes. Those of the explorer's filters have: their names come
from the data, so each name has to be a pattern of its own.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

_SPECIAL: Final = "\\.+*()|[]{}^$#&-~"
_SIGNS: Final = re.compile(r"\\.|.", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r"[\\*?,]")
_TRANSLATED: Final = {"?": "."} | {each: f"\\{each}" for each in _SPECIAL}


def glob_regex(glob: str) -> str:
    r"""A regular expression for whole texts, for engines that never backtrack, such as Rust's.

    >>> glob_regex("web-*")
    '(?s:web\\-.*)'
    """
    return "(?s:" + ".*".join(map(_literal, re.split(r"\*+", glob))) + ")"


def atomic_glob_regex(glob: str) -> str:
    """The same for engines that backtrack, such as Python's and Java's, in linear time.

    Atomic groups keep the first match of what follows a `*`, which is as good as any later one.
    Otherwise `*a*a*a*b` would take years to reject a long name of nothing but `a`.
    """
    return _atomic(map(_literal, re.split(r"\*+", glob)))


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """A function that tells whether a text matches one of the globs.

    >>> is_web = matcher(["web-*", "site"])
    >>> is_web("web-shop"), is_web("website")
    (True, False)
    """
    globs = frozenset(globs)
    names = frozenset(glob for glob in globs if not {"*", "?"}.intersection(glob))
    patterns = map(atomic_glob_regex, sorted(globs - names))
    pattern = re.compile("|".join(patterns) or r"(?!)")
    return lambda text: text in names or pattern.fullmatch(text) is not None


def escaped(text: str) -> str:
    r"""The pattern that only this text matches; commas separate patterns in a list.

    >>> print(escaped("lint, *all*"))
    lint\, \*all\*
    """
    return _TO_ESCAPE.sub(r"\\\g<0>", text)


def unescaped(pattern: str) -> str | None:
    r"""The one text that a pattern with escapes matches; None for a glob.

    >>> unescaped(r"lint\, \*all\*"), unescaped("web-*")
    ('lint, *all*', None)
    """
    signs: list[str] = _SIGNS.findall(pattern)
    return None if {"*", "?"}.intersection(signs) else "".join(map(_plain, signs))


def escaped_matcher(patterns: Iterable[str]) -> Callable[[str], bool]:
    r"""As `matcher`, of patterns in which a backslash makes the next character plain.

    >>> is_odd = escaped_matcher([r"\*all", "web-?"])
    >>> is_odd("*all"), is_odd("overall"), is_odd("web-1")
    (True, False, True)
    """
    texts = {pattern: unescaped(pattern) for pattern in patterns}
    names = frozenset(text for text in texts.values() if text is not None)
    globs = sorted(pattern for pattern, text in texts.items() if text is None)
    pattern = re.compile("|".join(map(_escaped_regex, globs)) or r"(?!)")
    return lambda text: text in names or pattern.fullmatch(text) is not None


def _escaped_regex(pattern: str) -> str:
    pieces = [""]
    for sign in _SIGNS.findall(pattern):
        if sign == "*":
            pieces.append("")
        else:
            pieces[-1] += "." if sign == "?" else re.escape(_plain(sign))
    return _atomic(pieces)


def _plain(sign: str) -> str:
    """The character that a sign stands for; a backslash at the end is one."""
    return sign[-1]


def _atomic(pieces: Iterable[str]) -> str:
    """A regular expression of the pieces, with any text between them."""
    first, *others = pieces
    if not others:
        return f"(?s:{first})"
    *inner, last = others
    return f"(?s:{first}{''.join(f'(?>.*?{piece})' for piece in inner)}.*{last})"


def _literal(piece: str) -> str:
    """The regular expression of a glob without `*`."""
    return "".join(_TRANSLATED.get(each, each) for each in piece)
