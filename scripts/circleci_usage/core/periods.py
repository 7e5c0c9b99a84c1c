"""UTC days and periods: named periods, calendar months, billing cycles."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final, Self

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.suggestions import invalid_choice
from circleci_usage.core.untrusted_text import inert

ONE_DAY: Final = timedelta(days=1)

OPEN_START: Final = date.min
OPEN_END: Final = date.max
"""A period that begins or stops here is open on that side: it extends as far as there are data."""

CIRCLECI_BEGAN: Final = date(2011, 1, 1)
"""No export holds an older day."""

END_OF_TIME: Final = date(2200, 1, 1)
"""No file names this day or a later one, so that no date computed from an earlier one overflows."""

PERIOD_NAMES: Final = (
    "yesterday",
    "last-week",
    "last-month",
    "month-to-date",
    "last-N-days",
    "last-13-months",
)

_OTHER_NAMES: Final = {
    "current-month": "month-to-date",
    "this-month": "month-to-date",
    "mtd": "month-to-date",
    "last-year": "last-13-months",
}
"""What other tools call these periods, and which spelling alone would not suggest."""

_DATE_TIME: Final = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d([.,]\d+)?)? ?(Z|[+-]\d\d:?\d\d)?", re.IGNORECASE
)
_LAST_SECOND: Final = time(23, 59, 59)
_MOST_DAYS: Final = 999
_DAYS_A_WEEK: Final = 7
_LAST_DAYS: Final = re.compile(r"last-([1-9]\d{0,2})-days", re.ASCII)
_LIKE_LAST_DAYS: Final = re.compile(r"last-(.*)-days", re.DOTALL)


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
        """The period from `first` to `last`, both included; open if the last is `OPEN_END`."""
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
        """The period with its open sides closed by those of `days`; None when nothing is left."""
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
"""Days that an export's rows may have: a report has a line per day between first and last."""

ALL_DAYS: Final = Period(OPEN_START, OPEN_END)
"""All days for which there are data."""


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
    """The billing cycle of a day, which is as long as a month.

    Args:
        day: any day.
        cycle_day: the day of the month on which cycles begin, 1 to 31; in a shorter month its last
            day. None is the calendar month.

        >>> str(billing_period(date(2026, 3, 5), cycle_day=31))
        '2026-02-28 to 2026-03-30'
    """
    month = month_start(day)
    begin = _cycle_start(month, cycle_day or 1)
    if day >= begin:
        return Period(begin, _cycle_start(add_months(month, 1), cycle_day or 1))
    return Period(_cycle_start(add_months(month, -1), cycle_day or 1), begin)


def _cycle_start(first_of_month: date, cycle_day: int) -> date:
    last = add_months(first_of_month, 1) - ONE_DAY
    return first_of_month.replace(day=min(cycle_day, last.day))


def parse_day(text: str, what: str) -> date:
    """The day of `YYYY-MM-DD`, or of the first or last second of a UTC day as a date-time.

        >>> parse_day("2026-01-31T23:59:59.999Z", "END_DATE")
        datetime.date(2026, 1, 31)

    Raises:
        SettingsError: the text is not a date, or is a moment within a day; `what` names the
            setting.
    """
    text = text.strip()
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        return _day_of_moment(text, what)


def _day_of_moment(text: str, what: str) -> date:
    moment = parse_moment(text)
    if moment is None:
        shown = inert(repr(text))
        raise SettingsError(
            f"{what}: {shown} is not a date; write it as YYYY-MM-DD, for example 2026-01-31."
        )
    if time() < moment.time() < _LAST_SECOND:
        raise SettingsError(
            f"{what}: {text!r} is {moment:%H:%M:%S} UTC, within a day; only whole UTC days can be"
            " requested: write"
            f" {moment.date()}."
        )
    return moment.date()


def parse_moment(text: str) -> datetime | None:
    """An ISO date-time, which is UTC without an offset; None when the text is not one."""
    if not _DATE_TIME.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text.upper().replace(" Z", "Z").replace(" +", "+"))
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def period_between(first: str, last: str, names: tuple[str, str] = ("--from", "--to")) -> Period:
    """The period of two written days, both included; open if the last is 9999-12-31.

    Args:
        first: the start date.
        last: the end date.
        names: what the two were written in, such as `START_DATE`.

    Raises:
        SettingsError: one is not a date, or the start date is after the end date.
    """
    start, end = parse_day(first, names[0]), parse_day(last, names[1])
    if end < start:
        raise SettingsError(
            f"The start date is after the end date: {names[0]} {start} is later than {names[1]}"
            f" {end}; change one of them."
        )
    if start == OPEN_END:
        raise SettingsError(f"There are no days after the start date {start}.")
    return Period.of_days(start, end)


def named_period(name: str, today: date, what: str = "--period") -> Period:
    """The period of a name on the UTC day `today`.

    `last-week` runs from Monday to Sunday; `last-N-days` ends yesterday; `month-to-date` ends
    today; `last-13-months` is this month to date and the twelve before it.

    Raises:
        SettingsError: the name is unknown; `what` names the setting.
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
            raise SettingsError(f"{what} {inert(name)}: {_fault_of_name(name)}")


def _fault_of_name(name: str) -> str:
    """What is wrong with the name of a period, and what to write."""
    if _LIKE_LAST_DAYS.fullmatch(name):
        return (
            f"the N of last-N-days must be a whole number from 1 to {_MOST_DAYS}; write it as in"
            " last-30-days."
        )
    return invalid_choice(_OTHER_NAMES.get(name.lower(), name), PERIOD_NAMES)


def months(period: Period) -> Iterator[Period]:
    """The calendar months of a period, the first and the last clipped to it.

    >>> [str(month) for month in months(Period(date(2026, 1, 30), date(2026, 2, 3)))]
    ['2026-01-30 to 2026-01-31', '2026-02-01 to 2026-02-02']
    """
    start = period.start
    while start < period.stop:
        stop = min(add_months(month_start(start), 1), period.stop)
        yield Period(start, stop)
        start = stop


def weeks(period: Period) -> Iterator[Period]:
    """The weeks of a period, from Monday to Sunday, the first and the last clipped to it.

    >>> [str(week) for week in weeks(Period(date(2026, 1, 30), date(2026, 2, 4)))]
    ['2026-01-30 to 2026-02-01', '2026-02-02 to 2026-02-03']
    """
    start = period.start
    while start < period.stop:
        stop = min(start + timedelta(days=_DAYS_A_WEEK - start.weekday()), period.stop)
        yield Period(start, stop)
        start = stop


def consecutive_periods(days: Iterable[date]) -> Iterator[Period]:
    """The periods without a gap that days form, in order.

    >>> days = [date(2026, 1, 3), date(2026, 1, 1), date(2026, 1, 4)]
    >>> [str(period) for period in consecutive_periods(days)]
    ['2026-01-01 to 2026-01-01', '2026-01-03 to 2026-01-04']
    """
    rest = set(days)
    for first in sorted(day for day in rest if day - ONE_DAY not in rest):
        stop = first
        while stop in rest:
            stop += ONE_DAY
        yield Period(first, stop)


def uncovered(period: Period, known: Iterable[Period]) -> tuple[Period, ...]:
    """The parts of a period that no known one covers.

    >>> year = Period(date(2026, 1, 1), date(2027, 1, 1))
    >>> [str(gap) for gap in uncovered(year, [Period(date(2026, 1, 1), date(2026, 12, 1))])]
    ['2026-12-01 to 2026-12-31']
    """
    known = tuple(known)

    def is_known(day: date) -> bool:
        return any(day in each for each in known)

    return tuple(consecutive_periods(day for day in period if not is_known(day)))


def previous_period(period: Period) -> Period:
    """The period to compare with: the month before a whole month, else whole weeks earlier.

    Weekdays stay aligned, because builds follow them: a Sunday compared with a Monday always looks
    like a saving.

        >>> str(previous_period(Period(date(2026, 3, 1), date(2026, 4, 1))))
        '2026-02-01 to 2026-02-28'
        >>> str(previous_period(Period(date(2026, 3, 9), date(2026, 3, 19))))
        '2026-02-23 to 2026-03-04'
    """
    next_month = add_months(month_start(period.start), 1)
    if period.start == month_start(period.start) and period.stop == next_month:
        return Period(add_months(period.start, -1), period.start)
    weeks = timedelta(weeks=-(-len(period) // 7))
    return Period(period.start - weeks, period.stop - weeks)
