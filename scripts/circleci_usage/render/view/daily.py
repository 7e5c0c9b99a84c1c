"""What is drawn for days: plain values, which another process can draw, too."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isnan


@dataclass(frozen=True)
class DaySeries:
    """Costs of one color.

    Attributes:
        label: the name of a team or project, or what else it is.
        values: of each day.
        is_rest: whether it is all that has no color of its own.
        link: to the explorer; empty without one.
    """

    label: str
    values: Sequence[float]
    is_rest: bool = False
    link: str = ""


@dataclass(frozen=True)
class DailySeries:
    """Days and what is drawn for them, without seats.

    Attributes:
        days: of the period.
        kind: what a series is: team or project.
        series: what is stacked, the most expensive first.
        before: the previous period, its days aligned by weekday; NaN where it has none.
    """

    days: Sequence[date]
    kind: str
    series: Sequence[DaySeries]
    before: DaySeries | None

    @property
    def totals(self) -> list[float]:
        """The height of each day."""
        return summed(self.series) or [0.0] * len(self.days)

    @property
    def highest(self) -> float:
        """The highest point of all that is drawn."""
        before = self.before.values if self.before else []
        return max([*self.totals, *(cost for cost in before if not isnan(cost))])


def summed(series: Sequence[DaySeries]) -> list[float]:
    """The days of several series together; no days without a series."""
    days_of_each = [each.values for each in series]
    return [sum(values) for values in zip(*days_of_each, strict=True)]
