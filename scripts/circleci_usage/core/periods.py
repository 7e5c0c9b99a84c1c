"""UTC days and periods: names as people say them, the calendar months that exports are asked for."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.untrusted_text import inert

ONE_DAY: Final = timedelta(days=1)

OPEN_START: Final = date.min
OPEN_END: Final = date.max
"""A period that begins or stops here is open on that side: it reaches as far as there are data."""

CIRCLECI_BEGAN: Final = date(2011, 1, 1)
"""No export holds an older day."""

END_OF_TIME: Final = date(2200, 1, 1)
"""No file of ours names this day or a later one; nothing that is reckoned from an earlier one overflows."""

PERIOD_NAMES: Final = "yesterday, last-week, last-month, month-to-date, last-N-days, last-13-months"

_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)? ?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_LAST_SECOND: Final = time(23, 59, 59)
_LAST_DAYS: Final = re.compile(r"last-([1-9]\d{0,2})-days")


@dataclass(frozen=True, order=True)
class Period:
    """Whole UTC days from `start` up to but not including `stop`; never empty."""

    start: date
    stop: date

    def __post_init__(self) -> None:
        if self.start >= self.stop:
            raise ValueError(f"a period needs at least one day: {self.start} to {self.stop}")

    @classmethod
    def of_days(cls, first: date, last: date) -> Self:
        """The period from `first` to `last`, both included; `OPEN_END` as the last day is without end."""
        return cls(first, last if last == OPEN_END else last + ONE_DAY)

    @property
    def first(self) -> date:
        """The first day."""
        return self.start

    @property
    def last(self) -> date:
        """The last day, included."""
        return self.stop - ONE_DAY

    def closed(self, days: "Period") -> "Period | None":
        """With the ends of `days` in place of its open ones; None when nothing is left."""
        start = days.start if self.start == OPEN_START else self.start
        stop = days.stop if self.stop == OPEN_END else self.stop
        return Period(start, stop) if start < stop else None

    def __len__(self) -> int:
        return (self.stop - self.start).days

    def __iter__(self) -> Iterator[date]:
        return (self.start + timedelta(days=n) for n in range(len(self)))

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.stop

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"

    def overlaps(self, other: "Period") -> bool:
        """Whether a day is in both."""
        return self.start < other.stop and other.start < self.stop

    def covers(self, other: "Period") -> bool:
        """Whether all days of the other are in this one."""
        return self.start <= other.start and other.stop <= self.stop


EXPORTED_DAYS: Final = Period(CIRCLECI_BEGAN, date(2100, 1, 1))
"""The days that rows of an export can be of: reports have a line for each day between the first and the last."""

ALL_DAYS: Final = Period(OPEN_START, OPEN_END)
"""As many days as there are data of."""


def today_utc(now: datetime) -> date:
    """The UTC day of an aware moment."""
    return now.astimezone(UTC).date()


def midnight(day: date) -> datetime:
    """The moment the UTC day begins."""
    return datetime.combine(day, time(), UTC)


def month_start(day: date) -> date:
    """The first day of the month of `day`."""
    return day.replace(day=1)


def add_months(first_of_month: date, months: int) -> date:
    """The first day of the month `months` later (or earlier, when negative)."""
    index = first_of_month.year * 12 + first_of_month.month - 1 + months
    return date(index // 12, index % 12 + 1, 1)


def billing_period(day: date, cycle_day: int | None = None) -> Period:
    """The billing cycle that a day lies in, as long as a month.

    Args:
        day: any day.
        cycle_day: the day of the month that cycles begin on, 1 to 31; where a month is shorter, its last day. None is
            the calendar month.
    """
    this, following = (
        _cycle_start(add_months(month_start(day), months), cycle_day or 1) for months in (0, 1)
    )
    if day >= this:
        return Period(this, following)
    return Period(_cycle_start(add_months(month_start(day), -1), cycle_day or 1), this)


def _cycle_start(first_of_month: date, cycle_day: int) -> date:
    last = add_months(first_of_month, 1) - ONE_DAY
    return first_of_month.replace(day=min(cycle_day, last.day))


def parse_day(text: str, what: str) -> date:
    """`YYYY-MM-DD`, or the first or the last second of a UTC day as a date-time → day.

        >>> parse_day("2026-01-31T23:59:59.999Z", "END_DATE")
        datetime.date(2026, 1, 31)

    Raises:
        SettingsError: the text is no date, or a moment within a day; `what` names the setting it came from.
    """
    text = text.strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return _day_of_moment(text, what)


def _day_of_moment(text: str, what: str) -> date:
    moment = _moment(text)
    if moment is None:
        shown = inert(repr(text))
        raise SettingsError(
            f"{what}: {shown} is not a date; write it as YYYY-MM-DD, for example 2026-01-31."
        )
    if time() < moment.time() < _LAST_SECOND:
        raise SettingsError(
            f"{what}: {text!r} is {moment:%H:%M:%S} UTC, within a day; only whole UTC days can be asked for: write"
            f" {moment.date()}."
        )
    return moment.date()


def _moment(text: str) -> datetime | None:
    """An ISO date-time in UTC, which it is in without an offset; None when it is none."""
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" Z", "Z").replace(" +", "+"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def period_between(first: str, last: str) -> Period:
    """Two written days, both included → period; without end when the last is 9999-12-31.

    Raises:
        SettingsError: one is no date, or the last lies before the first.
    """
    start, end = (
        parse_day(first, "the first day (--from, START_DATE)"),
        parse_day(last, "the last day (--to, END_DATE)"),
    )
    if end < start:
        raise SettingsError(
            f"The range is inverted: its first day {start} lies after its last day {end}; swap them."
        )
    if start == OPEN_END:
        raise SettingsError(f"The range begins on {start}, after which there are no days.")
    return Period.of_days(start, end)


def named_period(name: str, today: date) -> Period:
    """The period that a name means on the UTC day `today`.

    `last-week` runs from Monday to Sunday; `last-N-days` ends yesterday; `month-to-date` ends today;
    `last-13-months` is this month to date and the twelve before it.

    Raises:
        SettingsError: no such name.
    """
    this_month = month_start(today)
    last_days = _LAST_DAYS.fullmatch(name)
    if last_days:
        return Period(today - timedelta(days=int(last_days[1])), today)
    match name:
        case "yesterday":
            return Period(today - ONE_DAY, today)
        case "last-week":
            monday = today - timedelta(days=today.weekday())
            return Period(monday - timedelta(days=7), monday)
        case "last-month":
            return Period(add_months(this_month, -1), this_month)
        case "month-to-date":
            return Period.of_days(this_month, today)
        case "last-13-months":
            return Period.of_days(add_months(this_month, -12), today)
        case _:
            raise SettingsError(
                f"There is no period {inert(repr(name))}; choose one of {PERIOD_NAMES}."
            )


def months(period: Period) -> Iterator[Period]:
    """The calendar months of a period, the first and the last clipped to it; each at most 31 days."""
    start = period.start
    while start < period.stop:
        stop = min(add_months(month_start(start), 1), period.stop)
        yield Period(start, stop)
        start = stop


def trend_periods(days: Iterable[date]) -> Iterator[Period]:
    """Days → the periods without a gap that they make up, in their order."""
    rest = set(days)
    for first in sorted(day for day in rest if day - ONE_DAY not in rest):
        stop = first
        while stop in rest:
            stop += ONE_DAY
        yield Period(first, stop)


def uncovered(period: Period, known: Iterable[Period]) -> tuple[Period, ...]:
    """The stretches of a period that none of the known ones has."""
    known = tuple(known)
    return tuple(trend_periods(day for day in period if not any(day in each for each in known)))


def previous_period(period: Period) -> Period:
    """The period to compare with: the month before a whole month, else as many whole weeks earlier as keep weekdays.

    Weekdays stay aligned because builds follow them: a Sunday compared with a Monday always looks like a saving.
    """
    next_month = add_months(month_start(period.start), 1)
    if period.start == month_start(period.start) and period.stop == next_month:
        return Period(add_months(period.start, -1), period.start)
    weeks = timedelta(weeks=-(-len(period) // 7))
    return Period(period.start - weeks, period.stop - weeks)
