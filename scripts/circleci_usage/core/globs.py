"""Globs of the settings file: `*` is any text, `?` is one character; they are case-sensitive."""

import re
from collections.abc import Callable, Iterable
from typing import Final

_SPECIAL: Final = "\\.+*()|[]{}^$#&-~"
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
    first, *others = map(_literal, re.split(r"\*+", glob))
    if not others:
        return f"(?s:{first})"
    *inner, last = others
    return f"(?s:{first}{''.join(f'(?>.*?{piece})' for piece in inner)}.*{last})"


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


def _literal(piece: str) -> str:
    """The regular expression of a glob without `*`."""
    return "".join(_TRANSLATED.get(each, each) for each in piece)
