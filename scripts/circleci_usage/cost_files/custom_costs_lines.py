"""Charges → the lines of a Custom Costs file, whether `push` sends it or a person uploads it.

The one place that makes them, so that both have the same lines with the same tags. Names become
tags by Datadog's rules. They cannot act as formulas in a spreadsheet: no character that a formula
needs is left in them.

Rules: docs.datadoghq.com/cloud_cost_management/setup/custom.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import itemgetter
from typing import Final

from circleci_usage.core.decimals import ZERO, exact_arithmetic, plain
from circleci_usage.cost_files.datadog_tags import Tags
from circleci_usage.schema.dimension import Place
from circleci_usage.schema.dimensions import names_in
from circleci_usage.schema.export_columns import NO_NAME, charge_description

CURRENCY: Final = "USD"
PROVIDER: Final = "CircleCI"

MARK: Final = ("exported_by", "circleci-usage")
"""The tag that marks our files among others."""

COST_DIMENSIONS: Final = names_in(Place.CUSTOM_COSTS)

_NO_VALUE: Final = "none"
"""Datadog accepts no blank value."""


@dataclass(frozen=True)
class CostLine:
    """Cost of one combination of names on one day."""

    day: date
    credit_type: str
    tags: tuple[str, ...]
    cost: Decimal

    @property
    def columns(self) -> dict[str, str]:
        """The columns that Datadog requires, in its order; amounts with all digits."""
        return {
            "ProviderName": PROVIDER,
            "ChargeDescription": charge_description(self.credit_type),
            "ChargePeriodStart": self.day.isoformat(),
            "ChargePeriodEnd": self.day.isoformat(),
            "BilledCost": plain(self.cost),
            "BillingCurrency": CURRENCY,
        }

    @property
    def values(self) -> dict[str, str]:
        """Tag → value; the same tags in every line."""
        return dict(tag.split(":", 1) for tag in self.tags)


Charge = tuple[date, Mapping[str, str], Decimal]
"""A day, the names of `COST_DIMENSIONS` and values of tags, a cost."""


_Names = tuple[tuple[str, str], ...]


def cost_lines(charges: Iterable[Charge]) -> tuple[CostLine, ...]:
    """A line per day, project, team, credit type and tags, in a stable order.

    Lines that cost nothing are left out; Datadog would not show them.

    Args:
        charges: several may belong to the same line.
    """
    sums = _summed(charges)
    tagged = _tagged({names for _, names in sums})
    return tuple(_lines(sums, tagged))


def lines_by_day(
    charges: Iterable[Charge], every: Iterable[Mapping[str, str]]
) -> Iterator[CostLine]:
    """As `cost_lines`, one day at a time, so that not all charges are in memory.

    Args:
        charges: see there; in the order of their days.
        every: the names of all charges, each at least once.
    """
    tagged = _tagged(map(_named, every))
    for _, of_day in groupby(charges, key=itemgetter(0)):
        yield from _lines(_summed(of_day), tagged)


def _named(names: Mapping[str, str]) -> _Names:
    dimensions = ((name, names[name]) for name in COST_DIMENSIONS)
    taken = {*COST_DIMENSIONS, MARK[0]}
    tags = ((tag, _value(value)) for tag, value in names.items() if tag not in taken)
    return (*dimensions, *tags)


def _value(value: str) -> str:
    return _NO_VALUE if value in {"", NO_NAME} else value


def _summed(charges: Iterable[Charge]) -> Mapping[tuple[date, _Names], Decimal]:
    sums: defaultdict[tuple[date, _Names], Decimal] = defaultdict(lambda: ZERO)
    with exact_arithmetic():
        for day, names, cost in charges:
            sums[day, _named(names)] += cost
    return sums


def _tagged(every: Iterable[_Names]) -> Mapping[_Names, tuple[str, ...]]:
    """Names → their tags, which differ where the names do."""
    distinct = {*every}
    as_tags = Tags(distinct, (MARK,))
    return {names: as_tags.of(names) for names in distinct}


def _lines(
    sums: Mapping[tuple[date, _Names], Decimal], tagged: Mapping[_Names, tuple[str, ...]]
) -> Iterator[CostLine]:
    lines = (
        CostLine(day, dict(names)["credit_type"], tagged[names], cost)
        for (day, names), cost in sums.items()
        if cost
    )
    return iter(sorted(lines, key=lambda line: (line.day, line.tags)))
