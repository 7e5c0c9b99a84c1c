"""The lines of breakdowns as people read them: the most expensive, and the rest in one line."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final, NamedTuple, Protocol

import pandas as pd

from circleci_usage.analysis.breakdowns import PROJECT, Breakdown
from circleci_usage.analysis.daily_costs import ONCE_A_MONTH
from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core import decimals
from circleci_usage.core.columnar import Cells, Records, columns_of
from circleci_usage.render.formatting import Shown, money, visible_name
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import NO_NAME

_AMOUNTS: Final = ("credits", "cost", "share", "job_runs", "unpriced_credits")
_LAST: Final = "last"
"""The column of the lines' own names."""


class Line(NamedTuple):
    """One line of a breakdown.

    Attributes:
        key: the values of the breakdown's dimensions as the export has them, a day as ISO date.
        own_name: the last of them, which tells the line from others of the same project.
        credits: all of them.
        cost: what they cost.
        share: of the cost of all lines.
        job_runs: how many.
        unpriced_credits: those on days without a price.
    """

    key: tuple[str, ...]
    own_name: str
    credits: Decimal
    cost: Decimal
    share: Decimal
    job_runs: int
    unpriced_credits: Decimal

    @property
    def name(self) -> str:
        """Its own name, safe to show."""
        return visible_name(self.own_name)


@dataclass(frozen=True)
class Top:
    """The most expensive lines and, unless they are all, the sum of the others."""

    lines: Sequence[Line]
    rest: Line | None
    others: int


def lines(breakdown: Breakdown) -> Records[Line]:
    """All lines in the order of the breakdown, each made when it is read."""
    frame, names = breakdown.lines, breakdown.keys

    def line(values: Cells) -> Line:
        key = tuple(map(_text, values[: len(names)]))
        *_, own_name = key
        return Line(key, own_name, *values[len(names) : -1])

    if "date" in names:
        frame = frame.assign(date=frame["date"].astype("object"))
    columns = columns_of(frame, [*names, *_AMOUNTS])
    *_, last = names
    return Records(line, {**columns, _LAST: columns[last]})


def top(every: Sequence[Line], limit: int) -> Top:
    """The first `limit` lines; a single one more is shown rather than called the rest."""
    if len(every) <= limit + 1:
        return Top(every, None, 0)
    others = every[limit:]
    credits, cost, share, unpriced = (
        decimals.total(_values(others, name))
        for name in ("credits", "cost", "share", "unpriced_credits")
    )
    rest = Line((), "", credits, cost, share, sum(_values(others, "job_runs")), unpriced)
    return Top(every[:limit], rest, len(others))


def _values(every: Sequence[Line], name: str) -> Iterable[Any]:
    """A field of all lines, without making those that are not made yet."""
    return (
        every.column(name).tolist()
        if isinstance(every, Records)
        else [getattr(line, name) for line in every]
    )


def used_lines(every: Sequence[Line]) -> Sequence[Line]:
    """The lines without what has no name and cost nothing."""
    if isinstance(every, Records):
        return every.where(
            lambda credits, names: (credits != 0) | (names != NO_NAME), "credits", _LAST
        )
    return [line for line in every if line.credits or line.name != NO_NAME]


def uses_of(names: Iterable[str], every: Sequence[Line]) -> Counter[str]:
    """How many of the lines have each of some names."""
    wanted = {*names}
    if isinstance(every, Records):
        return Counter(
            name for each in every.column(_LAST).tolist() if (name := visible_name(each)) in wanted
        )
    return Counter(line.name for line in every if line.name in wanted)


class Priced(Protocol):
    """Credits, and what those of them cost that have a price."""

    @property
    def credits(self) -> Decimal:
        """All of them."""

    @property
    def unpriced_credits(self) -> Decimal:
        """Those without a price."""

    @property
    def cost(self) -> Decimal:
        """Of the others."""


def cost_shown(amount: Priced, currency: str) -> Shown:
    """The cost as people read it: credits without a price are not free."""
    unknown = amount.credits and amount.unpriced_credits == amount.credits
    return Shown("no price", None) if unknown else money(amount.cost, currency)


def by_project(breakdown: Breakdown) -> dict[tuple[str, ...], Records[Line]]:
    """The lines of each project, in their order; the breakdown's keys begin with a project's."""
    return lines(breakdown).grouped(PROJECT)


def dated_charges(report: Report) -> ScaledLines:
    """The charges that belong to their day.

    Seats are left out: they would make the day they are charged on look busy.
    """
    return report.charged.where(lambda charges: ~charges["credit_type"].isin(ONCE_A_MONTH))


def seats(report: Report) -> Decimal:
    """What seats cost, which `dated_charges` leaves out."""
    with decimals.exact_arithmetic():
        return report.totals.cost - dated_charges(report).total("cost")


def daily_costs(report: Report, keys: Sequence[str]) -> dict[tuple[str, ...], list[float]]:
    """The cost of each day without seats, by some columns of `Report.charges`; for drawing only."""
    charges = dated_charges(report)
    costs = charges.counts[["date", *keys]].assign(cost=charges.floats("cost"))
    sums = costs.groupby([*keys, "date"], observed=True)["cost"].sum()
    table = sums.unstack("date")  # noqa: PD010 - a pivot table takes twice as long
    table = table.reindex(columns=pd.DatetimeIndex([*report.period])).fillna(0.0)
    names = [key if isinstance(key, tuple) else (key,) for key in table.index]
    return {
        tuple(map(_text, key)): row
        for key, row in zip(names, table.to_numpy().tolist(), strict=True)
    }


def _text(value: object) -> str:
    return f"{value:%Y-%m-%d}" if isinstance(value, date) else str(value)
