"""Globs, as people write them in the settings file: `*` stands for any text, `?` for one character, case counts."""

import re
from collections.abc import Callable, Iterable
from typing import Final

_SPECIAL: Final = frozenset("\\.+*?()|[]{}^$#&-~")
_WILD: Final = {"*": ".*", "?": "."}


def glob_regex(glob: str) -> str:
    """A regular expression for whole texts, without anchors, that Python's and Rust's engines read alike."""
    return "(?s:" + "".join(_WILD.get(each) or _literal(each) for each in glob) + ")"


def matcher(globs: Iterable[str]) -> Callable[[str], bool]:
    """Whether a text matches one of the globs."""
    pattern = re.compile("|".join(map(glob_regex, globs)) or r"(?!)")
    return lambda text: pattern.fullmatch(text) is not None


def _literal(character: str) -> str:
    return f"\\{character}" if character in _SPECIAL else character
