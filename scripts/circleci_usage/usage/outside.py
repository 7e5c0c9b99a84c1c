"""Credits of columns that nobody knows yet and that TOTAL_CREDITS does not include: not charged, but not unsaid."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.money.exact import plain
from circleci_usage.plurals import counted

_SHOWN: Final = 60


@dataclass(frozen=True)
class Outside:
    """Credits of one column, and in how many job runs they are."""

    column: str
    credits: Decimal
    job_runs: int


def outside_warnings(found: Iterable[Outside]) -> Iterator[str]:
    """A line for each column."""
    for each in found:
        where = counted(each.job_runs, "job run")
        yield (
            f"{_harmless(each.column)} is a column that is not known here: its {plain(each.credits)} credits of {where}"
            " are not part of TOTAL_CREDITS and are not counted; ask CircleCI whether they are charged."
        )


def _harmless(column: str) -> str:
    """A column's name in a sentence: letters, digits and low lines, the rest as question marks."""
    shown = "".join(letter if letter.isalnum() or letter == "_" else "?" for letter in column)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
