"""How often a schedule trigger of a config runs a month."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.rightsizing.monthly_costs import DAYS_A_MONTH
from circleci_usage.core.decimals import estimating

_MONTHS: Final = (
    *("jan", "feb", "mar", "apr", "may", "jun"),
    *("jul", "aug", "sep", "oct", "nov", "dec"),
)
_WEEKDAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: Final = 5
_LONGEST: Final = 200
"""Characters of an expression; a longer one is not read."""

_FIRST: Final = date(2025, 1, 1)
_DAYS: Final = 4 * 365 + 1
"""Four years: every day of every month, a leap day too."""


@dataclass(frozen=True)
class Field:
    """One of the five fields of a cron expression.

    Attributes:
        first: the smallest value.
        last: the largest.
        names: of the values, from the first on, as far as they have some.
    """

    first: int
    last: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> frozenset[int]:
        """The values that a field of an expression means.

        Raises:
            ValueError: it is not understood.
        """
        found: set[int] = set()
        for part in text.split(","):
            found.update(self._part(part))
        return frozenset(found)

    def _part(self, text: str) -> range:
        wanted, has_step, step = text.partition("/")
        first, is_range, last = wanted.partition("-")
        if wanted == "*":
            start, stop = self.first, self.last
        else:
            start = self._value(first)
            stop = self._value(last) if is_range else start
            if has_step and not is_range:
                stop = self.last
        if start > stop or (has_step and int(step) < 1):
            raise ValueError(text)
        return range(start, stop + 1, int(step) if has_step else 1)

    def _value(self, text: str) -> int:
        if text in self.names:
            return self.first + self.names.index(text)
        value = int(text)
        if not self.first <= value <= self.last:
            raise ValueError(text)
        return value


_MINUTE: Final = Field(0, 59)
_HOUR: Final = Field(0, 23)
_DAY: Final = Field(1, 31)
_MONTH: Final = Field(1, 12, _MONTHS)
_WEEKDAY: Final = Field(0, 7, _WEEKDAYS)


def runs_a_month(expression: str) -> Decimal | None:
    """How often a cron expression comes true in a month of 30.4375 days; None if it is malformed.

    >>> runs_a_month("0 5 * * *"), runs_a_month("daily")
    (Decimal('30.4375'), None)
    """
    fields = expression.lower().split()
    if len(fields) != _FIELDS or len(expression) > _LONGEST or not expression.isascii():
        return None
    try:
        times = len(_MINUTE.values(fields[0])) * len(_HOUR.values(fields[1]))
        days = sum(1 for _ in _days(*fields[2:]))
    except ValueError:
        return None
    with estimating():
        return times * days * DAYS_A_MONTH / _DAYS


def _days(of_month: str, month: str, weekday: str) -> Iterator[date]:
    """The days of four years that match."""
    months, days = _MONTH.values(month), _DAY.values(of_month)
    weekdays = {value % 7 for value in _WEEKDAY.values(weekday)}
    are_alternatives = "*" not in {of_month, weekday}
    for number in range(_DAYS):
        day = _FIRST + timedelta(days=number)
        matches = day.day in days, day.isoweekday() % 7 in weekdays
        if day.month in months and (any(matches) if are_alternatives else all(matches)):
            yield day
