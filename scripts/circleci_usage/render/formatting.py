"""Numbers, days and names as people read them; the only place where amounts are rounded."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final, Self

from circleci_usage.core.decimals import plain, rounded
from circleci_usage.core.periods import Period, add_months, months
from circleci_usage.core.plurals import amount_of

_SYMBOLS: Final = {"USD": "$", "EUR": "€", "GBP": "£"}
_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_DAYS_FROM: Final = 3
_EXACT_BELOW: Final = 10
"""Seconds from which on hundredths do not matter."""
_MANY_MONTHS: Final = 3
"""Whole months in a row from which on they are not listed one by one."""
_MINUS: Final = "−"
"""As wide as a plus."""

# What moves the cursor, hides, or turns the direction of the text after it.
_SPACES: Final = re.compile(r"[\t\n\r\v\f\u2028\u2029]+")
_INVISIBLE: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


class Shown(str):
    """A text that knows the value it shows, so that tables can be sorted by it.

    Attributes:
        exact: the number without rounding, or the ISO date; empty where that is unknown.
    """

    __slots__ = ("exact",)

    exact: str

    def __new__(cls, text: str, value: Decimal | float | date | None) -> Self:
        """Show a value as a text."""
        shown = super().__new__(cls, text)
        shown.exact = _exact(value)
        return shown


def exact_value(shown: str) -> str:
    """What a text sorts by: the value that it shows, or itself."""
    return shown.exact if isinstance(shown, Shown) else shown


def _exact(value: Decimal | float | date | None) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else plain(Decimal(str(value)))


def symbol(currency: str) -> str:
    """What stands before an amount."""
    return _SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")


def money(amount: Decimal, currency: str) -> Shown:
    """`$1,234.50`, and `<$0.01` for anything below a cent but zero."""
    cents = rounded(amount, 2)
    if amount and not cents:
        return Shown(f"<{symbol(currency)}0.01", amount)
    return Shown(f"{_MINUS if cents < 0 else ''}{symbol(currency)}{abs(cents):,}", amount)


def unit_money(amount: Decimal, currency: str) -> Shown:
    """What one of many costs: `$0.5656`, `$12.40`, `<$0.0001`; below 1 with four decimals."""
    exact = rounded(amount, 4)
    if abs(exact) >= 1 or not amount:
        return money(amount, currency)
    if not exact:
        return Shown(f"<{symbol(currency)}0.0001", amount)
    return Shown(f"{_MINUS if exact < 0 else ''}{symbol(currency)}{abs(exact)}", amount)


def drawn_money(amount: float, currency: str) -> str:
    """`money` of an amount in a chart, which is a float."""
    return money(Decimal(repr(amount)), currency)


def money_change(difference: Decimal, currency: str) -> Shown:
    """`+$12.30`, `−$3.00`."""
    return Shown(f"{'+' if difference > 0 else ''}{money(difference, currency)}", difference)


def number(count: Decimal | int) -> Shown:
    """`179,098`, and `<1` for a part of a credit."""
    exact = Decimal(count)
    if exact and abs(exact) < 1:
        return Shown("<1", exact)
    return Shown(f"{rounded(exact, 0):,}".replace("-", _MINUS), exact)


def percent(share: Decimal) -> Shown:
    """`34.6%` of a share between 0 and 1."""
    tenths = rounded(share * 100, 1)
    if share and not tenths:
        return Shown("<0.1%", share)
    return Shown(f"{tenths:,}%".replace("-", _MINUS), share)


def percent_change(share: Decimal) -> Shown:
    """`+12.3%`, `−4.0%`."""
    return Shown(f"{'+' if share > 0 else ''}{percent(share)}", share)


def points_change(difference: Decimal) -> Shown:
    """`+1.2 points` of a difference between two percentages."""
    tenths = rounded(difference * 100, 1)
    sign = "+" if tenths > 0 else ""
    return Shown(f"{sign}{tenths} points".replace("-", _MINUS), difference)


def duration(seconds: float) -> Shown:
    """`45s`, `2m 05s`, `3h 20m`, `12 days`."""
    return Shown(_duration(seconds), seconds)


def short_duration(seconds: Decimal) -> Shown:
    """`0.04s`, `1.5s`; from ten seconds on as `duration`."""
    if seconds >= _EXACT_BELOW:
        return duration(float(seconds))
    hundredths = rounded(seconds, 2)
    shown = "<0.01" if seconds and not hundredths else plain(hundredths)
    return Shown(f"{shown}s", seconds)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole}s"
    if whole < _HOUR:
        return f"{whole // _MINUTE}m {whole % _MINUTE:02}s"
    if whole < _DAYS_FROM * _DAY:
        return f"{whole // _HOUR:,}h {whole % _HOUR // _MINUTE:02}m"
    return f"{round(whole / _DAY):,} days"


def number_of(count: Decimal | int, noun: str) -> str:
    """`1 job run`, `1,475 job runs`, `<1 credits`."""
    return amount_of(number(count), noun)


def day(moment: date) -> str:
    """`Oct 14`."""
    return f"{moment:%b} {moment.day}"


def full_day(moment: date) -> str:
    """`October 14, 2026`."""
    return f"{moment:%B} {moment.day}, {moment.year}"


def long_day(moment: date) -> Shown:
    """`Wednesday, October 14, 2026`."""
    return Shown(f"{moment:%A}, {full_day(moment)}", moment)


def days(period: Period) -> str:
    """`October 2026`, `November 10–18, 2024`, `September 28 – October 4, 2026`, `October 14, 2026`.

    >>> days(Period(date(2025, 12, 29), date(2026, 1, 5)))
    'December 29, 2025 – January 4, 2026'
    """
    first, last = period.first, period.last
    if first == last:
        return full_day(last)
    if _is_month(period):
        return f"{last:%B %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%B} {first.day}–{last.day}, {last.year}"
    return f"{_first_day(period)} – {full_day(last)}"


def _is_month(period: Period) -> bool:
    return period.start.day == 1 and period.stop == add_months(period.start, 1)


def _first_day(period: Period) -> str:
    """The first of several days, without a year that the last day names."""
    first, last = period.first, period.last
    return f"{first:%B} {first.day}" if first.year == last.year else full_day(first)


def several_days(periods: Iterable[Period]) -> str:
    """`October 2026 and November 1–9, 2026`: whole months by their names.

    >>> several_days([Period(date(2026, 1, 1), date(2026, 10, 2))])
    'January to September 2026 and October 1, 2026'
    """
    named = [name for period in periods for name in _names_of_parts(period)]
    return " and ".join(filter(None, ("; ".join(named[:-1]), *named[-1:])))


def _names_of_parts(period: Period) -> Iterator[str]:
    """The months of a period by their names; of several whole ones, the first and the last."""
    for are_whole, some in groupby(months(period), key=_is_month):
        parts = [*some]
        if are_whole and len(parts) >= _MANY_MONTHS:
            first, last = parts[0].first, parts[-1].last
            year = "" if first.year == last.year else f" {first.year}"
            yield f"{first:%B}{year} to {days(parts[-1])}"
        else:
            yield from map(days, parts)


def short_days(period: Period) -> str:
    """`Oct 26–31`, `Sep 28 – Oct 4`: where the year is known."""
    first, last = period.first, period.last
    if first == last:
        return day(last)
    if first.month == last.month:
        return f"{day(first)}–{last.day}"
    return f"{day(first)} – {day(last)}"


def when(period: Period) -> str:
    """`in October 2026`, `from November 10 to 18, 2024`, `on October 14, 2026`."""
    first, last = period.first, period.last
    if first == last:
        return f"on {full_day(last)}"
    if _is_month(period):
        return f"in {days(period)}"
    if (first.year, first.month) == (last.year, last.month):
        return f"from {first:%B} {first.day} to {last.day}, {last.year}"
    comma = "" if first.year == last.year else ","
    return f"from {_first_day(period)}{comma} to {full_day(last)}"


def visible_name(name: str) -> str:
    r"""A name from an export, without characters that act on the text around it.

    >>> visible_name("main\n\x1b[2J"), visible_name(" ")
    ('main \ufffd[2J', '(blank)')
    """
    shown = _INVISIBLE.sub("\N{REPLACEMENT CHARACTER}", _SPACES.sub(" ", name))
    return shown if shown and not shown.isspace() else "(blank)"


def shortened(names: Sequence[str], limit: int) -> list[str]:
    """Names of at most `limit` characters: long ones lose their middle.

    Different names stay different: those that would look alike end with `…1`, `…2` and so on.

    >>> shortened(["build", "integration-tests"], 9)
    ['build', 'integr…ts']
    """
    whole = {name for name in names if len(name) <= limit}
    too_long = [name for name in dict.fromkeys(names) if name not in whole]
    cut = {name: _without_middle(name, limit) for name in too_long}
    uses = Counter(cut.values())
    for position, (name, short) in enumerate(cut.items(), start=1):
        if uses[short] > 1 or short in whole:
            mark = f"…{position}"
            cut[name] = short[: limit - len(mark)] + mark
    return [cut.get(name, name) for name in names]


def _without_middle(name: str, limit: int) -> str:
    tail = (limit - 1) // 3
    return f"{name[: limit - 1 - tail]}…{name[-tail:]}"
