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
from circleci_usage.schema.export_columns import charge_description

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
"""A day, the names of `COST_DIMENSIONS`, a cost."""


_Names = tuple[tuple[str, str], ...]


def cost_lines(
    charges: Iterable[Charge], tags: Mapping[str, Mapping[str, str]]
) -> tuple[CostLine, ...]:
    """A line per day, project, team and credit type, in a stable order.

    Lines that cost nothing are left out; Datadog would not show them.

    Args:
        charges: several may belong to the same line.
        tags: name of a tag → team → value, as in `Ownership.tags`.
    """
    sums = _summed(charges)
    tagged = _tagged({names for _, names in sums}, tags)
    return tuple(_lines(sums, tagged))


def lines_by_day(
    charges: Iterable[Charge],
    every: Iterable[Mapping[str, str]],
    tags: Mapping[str, Mapping[str, str]],
) -> Iterator[CostLine]:
    """As `cost_lines`, one day at a time, so that not all charges are in memory.

    Args:
        charges: see there; in the order of their days.
        every: the names of all charges, each at least once.
        tags: see there.
    """
    tagged = _tagged(map(_named, every), tags)
    for _, of_day in groupby(charges, key=itemgetter(0)):
        yield from _lines(_summed(of_day), tagged)


def _named(names: Mapping[str, str]) -> _Names:
    return tuple((name, names[name]) for name in COST_DIMENSIONS)


def _summed(charges: Iterable[Charge]) -> Mapping[tuple[date, _Names], Decimal]:
    sums: defaultdict[tuple[date, _Names], Decimal] = defaultdict(lambda: ZERO)
    with exact_arithmetic():
        for day, names, cost in charges:
            sums[day, _named(names)] += cost
    return sums


def _tagged(
    every: Iterable[_Names], tags: Mapping[str, Mapping[str, str]]
) -> Mapping[_Names, tuple[str, ...]]:
    """Names → their tags, which differ where the names do."""
    taken = {*COST_DIMENSIONS, MARK[0]}
    own = {name: values for name, values in tags.items() if name not in taken}
    all_names = {names: (*names, *_team_tags(names, own)) for names in every}
    as_tags = Tags(all_names.values(), (MARK,))
    return {names: as_tags.of(with_tags) for names, with_tags in all_names.items()}


def _team_tags(names: _Names, tags: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """The tags of the team among the names, each with a value."""
    team = dict(names)["team"]
    for name, values in tags.items():
        yield name, values.get(team) or _NO_VALUE


def _lines(
    sums: Mapping[tuple[date, _Names], Decimal], tagged: Mapping[_Names, tuple[str, ...]]
) -> Iterator[CostLine]:
    lines = (
        CostLine(day, dict(names)["credit_type"], tagged[names], cost)
        for (day, names), cost in sums.items()
        if cost
    )
    return iter(sorted(lines, key=lambda line: (line.day, line.tags)))
