"""Warnings of credits in unknown columns that TOTAL_CREDITS does not, or may not, include."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.core.decimals import plain
from circleci_usage.core.plurals import counted

_SHOWN: Final = 60


@dataclass(frozen=True)
class Outside:
    """Credits of one column, the number of job runs that have them, and whether that is unclear."""

    column: str
    credits: Decimal
    job_runs: int
    is_unclear: bool


_UNCLEAR_OF: Final = {"outside": False, "unclear": True}
"""Ending of the columns of runs that have such credits → `is_unclear`."""


def outside_names(new: Mapping[str, str]) -> list[str]:
    """The columns of runs that have such credits.

        >>> outside_names({"ai_agent": "AI_AGENT_CREDITS"})
        ['ai_agent_outside', 'ai_agent_unclear']

    Args:
        new: new credit type → its column in the export.
    """
    return [f"{kind}_{ending}" for kind in new for ending in _UNCLEAR_OF]


def outside_of(
    new: Mapping[str, str], credits: Mapping[str, Decimal], job_runs: Mapping[str, int]
) -> Iterator[Outside]:
    """What job runs have of such credits, given the sums of `outside_names`."""
    for kind, column in new.items():
        for ending, is_unclear in _UNCLEAR_OF.items():
            name = f"{kind}_{ending}"
            if job_runs[name]:
                yield Outside(column, Decimal(credits[name]), job_runs[name], is_unclear)


def outside_warnings(found: Iterable[Outside]) -> Iterator[str]:
    """A line for each column, and one for what is unclear of it."""
    for each in found:
        credits = f"its {plain(each.credits)} credits of {counted(each.job_runs, 'job run')}"
        finding = f"{credits} are not part of TOTAL_CREDITS and are not counted"
        if each.is_unclear:
            finding = (
                f"whether TOTAL_CREDITS includes {credits} is unknown;"
                " they are not counted separately"
            )
        yield (
            f"{_harmless(each.column)} is an unknown column: {finding};"
            " ask CircleCI whether they are charged."
        )


def _harmless(column: str) -> str:
    """A column's name in a sentence: letters, digits and underscores, else question marks."""
    shown = "".join(letter if letter.isalnum() or letter == "_" else "?" for letter in column)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
