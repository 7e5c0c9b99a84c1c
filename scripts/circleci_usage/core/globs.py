"""Globs, as people write them in the settings file: `*` stands for any text, `?` for one character, case counts."""

import re
from collections.abc import Callable, Iterable
from typing import Final

_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$#&-~")


def glob_regex(glob: str) -> str:
    """A regular expression for whole texts, without anchors, for engines that never go back, such as Rust's."""
    return "(?s:" + ".*".join(map(_literal, re.split(r"\*+", glob))) + ")"


def atomic_glob_regex(glob: str) -> str:
    """The same for engines that go back, such as Python's and Java's, in time that grows with the text alone.

    The first place where what follows a `*` matches is as good as any later one, so that none is tried again when
    the rest does not match: `*a*a*a*b` would otherwise take years of a name that is made of `a`.
    """
    first, *others = map(_literal, re.split(r"\*+", glob))
    if not others:
        return f"(?s:{first})"
    *inner, last = others
    return f"(?s:{first}{''.join(f'(?>.*?{piece})' for piece in inner)}.*{last})"


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of the globs."""
    globs = frozenset(globs)
    names = frozenset(glob for glob in globs if not {"*", "?"}.intersection(glob))
    patterns = map(atomic_glob_regex, sorted(globs - names))
    pattern = re.compile("|".join(patterns) or r"(?!)")
    return lambda text: text in names or pattern.fullmatch(text) is not None


def _literal(piece: str) -> str:
    """A text in which only `?` means another than itself."""
    return "".join(
        "." if each == "?" else f"\\{each}" if each in _SPECIAL else each for each in piece
    )
