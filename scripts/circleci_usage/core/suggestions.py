"""What was probably meant by a name that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

_ALIKE: Final = 0.6
"""Similarity from 0 to 1: `last-wek` is near `last-week`; `vantage` is near nothing else."""


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known name that a word is most like, whatever its case; None if it is like none.

    >>> closest("Last_Week", ["last-month", "last-week"])
    'last-week'
    """
    plain = {_plain(name): name for name in known}
    found = get_close_matches(_plain(word), plain, n=1, cutoff=_ALIKE)
    return plain[found[0]] if found else None


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The question as the end of a clause; empty when no known name is like the word.

    >>> did_you_mean("sprak", ["polars", "spark"])
    '; did you mean spark?'
    """
    meant = closest(word, known)
    return f"; did you mean {meant}?" if meant else ""


def invalid_choice(word: str, known: Iterable[str]) -> str:
    """What is wrong with a word that is not a choice, and which choices there are.

    >>> invalid_choice("sprak", ["polars", "spark"])
    'invalid value; did you mean spark? Choose from polars, spark.'
    >>> invalid_choice("x", ["polars", "spark"])
    'invalid value; choose from polars, spark.'
    """
    choices = [*known]
    listed = ", ".join(choices)
    question = did_you_mean(word, choices)
    if question:
        return f"invalid value{question} Choose from {listed}."
    return f"invalid value; choose from {listed}."


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", "-").lstrip("-")
