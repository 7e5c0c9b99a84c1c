"""Comments of a settings file; a line break in a name from an export cannot end one."""

from collections.abc import Collection, Iterable, Iterator
from textwrap import wrap
from typing import Final

from circleci_usage.core.plurals import few
from circleci_usage.core.untrusted_text import inert

_WIDTH: Final = 98
_NAMES: Final = 5
_SHOWN: Final = 80


def comment(text: str) -> Iterator[str]:
    """A text as comment lines.

    >>> [*comment("Prices, teams, budgets.")]
    ['# Prices, teams, budgets.']
    """
    for line in wrap(text, _WIDTH, break_long_words=False, break_on_hyphens=False):
        yield f"# {line}"


def commented(lines: Iterable[str]) -> Iterator[str]:
    """Settings that do not apply until somebody removes the `# ` before them."""
    return (f"# {line}" for line in lines)


def names_in_words(names: Collection[str]) -> str:
    """Names from an export in a sentence: `acme, labs`, or a few and the number of the others."""
    return few([inert(name, _SHOWN) for name in names], _NAMES)
