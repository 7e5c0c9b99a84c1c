"""The period of a command: dates or a name, as text from flags and the environment.

Dates win over a name. No period reaches into the future or to before CircleCI existed.
"""

from dataclasses import dataclass
from datetime import date

from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import (
    CIRCLECI_BEGAN,
    ONE_DAY,
    OPEN_END,
    OPEN_START,
    Period,
    named_period,
    parse_day,
    period_between,
)


@dataclass(frozen=True)
class ChosenPeriod:
    """The period that was chosen.

    Attributes:
        period: the days; an open side reaches as far as there are files.
        name: the period's name, unless dates were given.
        is_explicit: whether a period was given at all, rather than taken by default.
        fallback: the days when there are no files at all.
        warnings: what was not taken as it was written.
        reason: why it is this period: `last-week, set by PERIOD`.
        overridden: what decided, and what was set but had no effect because of it, such as
            `--period` and `START_DATE`.
    """

    period: Period
    name: str | None
    is_explicit: bool
    fallback: Period
    warnings: tuple[str, ...] = ()
    reason: str = ""
    overridden: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PeriodSources:
    """What the parts of a period were written in: flags or variables."""

    first: str = "--from"
    last: str = "--to"
    name: str = "--period"


@dataclass(frozen=True)
class WrittenPeriod:
    """A period as text: a first and a last day, or a name.

    Attributes:
        first: the first day, or blank.
        last: the last day, or blank.
        name: such as `last-month`; used when neither day is given.
        sources: what they were written in.
    """

    first: str | None
    last: str | None
    name: str
    sources: PeriodSources = PeriodSources()

    @property
    def has_dates(self) -> bool:
        """Whether a day is given: an unset variable of a CI job may be blank."""
        return bool(_stripped(self.first) or _stripped(self.last))

    def between(self, first: str, last: str) -> Period:
        """The period between two of its days.

        Raises:
            SettingsError: one is not a date, or they are in the wrong order.
        """
        return period_between(first, last, (self.sources.first, self.sources.last))

    def named(self, today: date) -> Period:
        """The period of its name.

        Raises:
            SettingsError: the name is unknown.
        """
        return named_period(self.name.strip(), today, self.sources.name)

    @property
    def dated_by(self) -> list[str]:
        """What the days were written in: none, one or two sources."""
        dates = {self.sources.first: self.first, self.sources.last: self.last}
        return [source for source, text in dates.items() if _stripped(text)]

    def reason(self, *, is_explicit: bool) -> str:
        """Why it is this period: where it was written, or that nothing was."""
        if self.dated_by:
            return f"set by {' and '.join(self.dated_by)}"
        name = self.name.strip()
        return f"{name}, set by {self.sources.name}" if is_explicit else f"{name}, the default"


def choose_period(
    written: WrittenPeriod, today: date, *, in_files: bool, is_explicit: bool = True
) -> ChosenPeriod:
    """The period that was written.

    Args:
        written: the text.
        today: the UTC day.
        in_files: whether it is about given files, whose days end an open side.
        is_explicit: whether the period's name was given, rather than taken by default.

    Raises:
        SettingsError: a date is invalid, the range is empty or has no usage, or the name is
            unknown.
    """
    resolve = days_of_files if in_files else written_days
    period = resolve(written, today)
    future = future_end(written.last, today, written.sources.last)
    cut = f"The end date {future} is in the future; today, {today}, is used instead."
    return ChosenPeriod(
        period=period,
        name=None if written.has_dates else written.name.strip(),
        is_explicit=written.has_dates or is_explicit,
        fallback=without_open_sides(period, today),
        warnings=(cut,) if future else (),
        reason=written.reason(is_explicit=is_explicit),
        overridden=_name_overridden(written) if is_explicit else (),
    )


def _name_overridden(written: WrittenPeriod) -> tuple[tuple[str, str], ...]:
    return tuple((date_source, written.sources.name) for date_source in written.dated_by[:1])


def written_days(written: WrittenPeriod, today: date) -> Period:
    """The days to export on the UTC day `today`, never reaching into the future.

    A start date alone reaches through yesterday, the last day that CircleCI has completely; so does
    an open end.

    Raises:
        SettingsError: a date is invalid, the start date is after the end date, in the future or
            missing, or the end date is before CircleCI existed.
    """
    first, last = _stripped(written.first), _stripped(written.last)
    if last and not first:
        raise SettingsError(
            f"There is an end date, {written.sources.last} {last}, but no start date; set --from or"
            " START_DATE too."
        )
    if not first:
        return written.named(today)
    period = _possible_days(written.between(first, last or str(OPEN_END)), today)
    return without_open_sides(Period(max(period.start, CIRCLECI_BEGAN), period.stop), today)


def days_of_files(written: WrittenPeriod, today: date) -> Period:
    """As `written_days`, but open on a side without a date, or from before CircleCI."""
    first, last = _stripped(written.first), _stripped(written.last)
    if not (first or last):
        return written.named(today)
    dates = written.between(first or str(OPEN_START), last or str(OPEN_END))
    period = _possible_days(dates, today)
    return Period(OPEN_START, period.stop) if period.start < CIRCLECI_BEGAN else period


def without_open_sides(period: Period, today: date) -> Period:
    """The period, its open sides closed as if there were no files: through yesterday, or a day."""
    yesterday = today - ONE_DAY
    start = period.start
    if start == OPEN_START:
        start = min(yesterday, period.last)
    if period.stop < OPEN_END:
        return Period(start, period.stop)
    return Period(start, max(today, start + ONE_DAY))


def future_end(last: str | None, today: date, source: str = "--to") -> date | None:
    """The last day as it is written, if it is in the future and not an open end."""
    text = _stripped(last)
    day = parse_day(text, source) if text else today
    return day if today < day < OPEN_END else None


def _possible_days(period: Period, today: date) -> Period:
    """The period without the days after today; an open end stays open."""
    if period.first > today:
        raise SettingsError(
            f"The start date {period.first} is in the future; there is no usage yet."
        )
    if period.last < CIRCLECI_BEGAN:
        raise SettingsError(
            f"The end date {period.last} is before CircleCI existed; there is no usage."
        )
    if period.stop == OPEN_END:
        return period
    return Period(period.start, min(period.stop, today + ONE_DAY))


def _stripped(text: str | None) -> str | None:
    return (text or "").strip() or None
