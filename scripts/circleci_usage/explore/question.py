r"""What the explorer is asked, and how its address and the command line write that.

An address is what stands after `#` in `explore.html#by=team&status!=failed`: a key is a parameter
or a dimension's name, with `!` where values are left out. Values are separated by commas; `*` and
`?` are globs, and a backslash makes the next character plain.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.core.comma_lists import comma_separated
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.core.suggestions import did_you_mean
from circleci_usage.core.untrusted_text import inert
from circleci_usage.explore.address import address_of
from circleci_usage.explore.words import (
    DEFAULT_BY,
    DEFAULT_TOP,
    MOST_TOP,
    Granularity,
    Metric,
    explored_names,
)

EXPLORED: Final = explored_names()
"""The dimensions that questions know."""

MOST_BY: Final = 2
"""Dimensions that the page groups by."""

_OTHER_NAMES: Final = {"org": "organization", "os": "operating_system", "repo": "project"}
"""What people call dimensions, and which spelling alone would not suggest."""

_TIMES: Final = frozenset({"date", "day", "days", "week", "weeks", "month", "months"})
_PATTERN: Final = re.compile(r"(?:\\.|[^,\\]|\\$)+", re.DOTALL)
_SHOWN: Final = 60

_DAILY_UP_TO: Final = 92
_WEEKLY_UP_TO: Final = 400


@dataclass(frozen=True)
class Filter:
    """A condition on a dimension.

    Attributes:
        dimension: its name.
        patterns: one at least; texts with globs and escapes.
        excludes: whether matching lines are left out instead.
    """

    dimension: str
    patterns: tuple[str, ...]
    excludes: bool = False

    def __str__(self) -> str:
        return f"{self.dimension}{'!' if self.excludes else ''}={','.join(self.patterns)}"


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        by: the dimensions that a group has; none for the totals alone.
        where: all of them must hold; see `answer`.
        period: the days.
        granularity: of the buckets; None for the one that suits the days.
        metric: what groups are ranked by.
        top: how many groups are listed before the rest; None for all.
    """

    by: tuple[str, ...] = DEFAULT_BY
    where: tuple[Filter, ...] = ()
    period: Period
    granularity: Granularity | None = None
    metric: Metric = Metric.COST
    top: int | None = DEFAULT_TOP

    def address(self) -> str:
        r"""The question as the page writes it after `#`, with the days always.

        >>> from datetime import date
        >>> days = Period(date(2026, 10, 1), date(2026, 11, 1))
        >>> some_jobs = Filter("job", (r"a\,b", "c d*"))
        >>> Question(by=("team", "job"), where=(some_jobs,), period=days).address()
        'by=team,job&job=a%5C,b,c%20d*&from=2026-10-01&to=2026-10-31'
        """
        return address_of(self._parameters())

    def _parameters(self) -> Iterator[tuple[str, str]]:
        if self.by != DEFAULT_BY:
            yield "by", ",".join(self.by[:MOST_BY])
        for each in self.where:
            yield f"{each.dimension}{'!' if each.excludes else ''}", ",".join(each.patterns)
        yield "from", str(self.period.first)
        yield "to", str(self.period.last)
        if self.granularity not in {None, usual_granularity(self.period)}:
            yield "granularity", str(self.granularity)
        if self.metric is not Metric.COST:
            yield "metric", self.metric
        if self.top is not None and self.top != DEFAULT_TOP:
            yield "top", str(min(self.top, MOST_TOP))


def usual_granularity(period: Period) -> Granularity:
    """The buckets that suit a number of days.

    >>> from datetime import date
    >>> str(usual_granularity(Period(date(2026, 1, 1), date(2026, 4, 3))))
    'day'
    """
    if len(period) <= _DAILY_UP_TO:
        return Granularity.DAY
    return Granularity.WEEK if len(period) <= _WEEKLY_UP_TO else Granularity.MONTH


def parse_by(
    texts: Iterable[str], source: str = "--by", known: Sequence[str] = EXPLORED
) -> tuple[str, ...]:
    """The dimensions in some texts, separated by commas, each once.

    Args:
        texts: as they were written.
        source: where.
        known: the dimensions that there are, with the tags of a settings file.

    Raises:
        SettingsError: there is no such dimension; `source` names where it was written.
    """
    names = comma_separated(texts)
    for name in names:
        _refuse_unknown(name, f"{source} {inert(name, _SHOWN)}", known)
    return names


def parse_where(
    texts: Iterable[str], source: str = "--where", known: Sequence[str] = EXPLORED
) -> tuple[Filter, ...]:
    """Conditions, those of the same kind put together, as the page does.

        >>> [str(each) for each in parse_where(["job=test", "team=web", "job=lint,test"])]
        ['job=test,lint', 'team=web']

    Raises:
        SettingsError: as `parse_filter`.
    """
    patterns: dict[tuple[str, bool], list[str]] = {}
    for each in (parse_filter(text, source, known) for text in texts):
        patterns.setdefault((each.dimension, each.excludes), []).extend(each.patterns)
    return tuple(
        Filter(dimension, tuple(dict.fromkeys(of_kind)), excludes=excludes)
        for (dimension, excludes), of_kind in patterns.items()
    )


def parse_filter(text: str, source: str = "--where", known: Sequence[str] = EXPLORED) -> Filter:
    r"""A condition as it is written: `project=web-*,api` or `status!=failed`.

        >>> parse_filter(r"job!=lint,build\, test")
        Filter(dimension='job', patterns=('lint', 'build\\, test'), excludes=True)

    Raises:
        SettingsError: it is not a condition; `source` names where it was written.
    """
    shown = f"{source} {inert(text, _SHOWN)}"
    key, equals, values = text.partition("=")
    name = key.removesuffix("!").strip()
    if not equals or not name:
        raise SettingsError(
            f"{shown}: not a filter; write DIMENSION=VALUE or DIMENSION!=VALUE, such as"
            " 'project=web-*'."
        )
    _refuse_unknown(name, shown, known)
    patterns = split_patterns(values)
    if not all(patterns):
        raise SettingsError(
            f"{shown}: a value is empty; write one after each = and comma, or omit the filter. Is a"
            " variable in it unset?"
        )
    return Filter(name, patterns, excludes=key.endswith("!"))


def split_patterns(values: str) -> tuple[str, ...]:
    r"""Patterns between commas; one after a backslash belongs to its pattern.

    >>> split_patterns(r"a,b\,c"), split_patterns("a,,b")
    (('a', 'b\\,c'), ('a', '', 'b'))
    """
    patterns, end = [], 0
    while end <= len(values):
        found = _PATTERN.match(values, end)
        pattern = found[0] if found else ""
        patterns.append(pattern)
        end += len(pattern) + 1
    return tuple(patterns)


def _refuse_unknown(name: str, shown: str, known: Sequence[str]) -> None:
    if name in known:
        return
    if name.lower() in _TIMES:
        raise SettingsError(
            f"{shown}: {name} is not a dimension; use --granularity day, week or month, and --from"
            " and --to for some days."
        )
    question = did_you_mean(_OTHER_NAMES.get(name.lower(), name), known)
    choices = ", ".join(inert(each, _SHOWN) for each in known)
    advice = f"{question} Choose from {choices}." if question else f"; choose from {choices}."
    raise SettingsError(f"{shown}: unknown dimension{advice}")
