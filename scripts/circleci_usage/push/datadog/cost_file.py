"""A report folder's costs → a Custom Costs file as it is sent."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from circleci_usage.core.decimals import total
from circleci_usage.core.errors import SettingsError
from circleci_usage.core.periods import Period
from circleci_usage.cost_files.custom_costs_lines import (
    COST_DIMENSIONS,
    CURRENCY,
    Charge,
    CostLine,
    cost_lines,
)
from circleci_usage.report_folder.reader import ReportFolder
from circleci_usage.schema.report_files import CHARGEBACK, DAILY_CHARGES

_NO_TAGS: Final = frozenset({"period", "team", "direct", "shared", "total", "currency"})
"""The columns of the chargeback table that are not tags of the settings file."""


@dataclass(frozen=True)
class CostFile:
    """The whole cost of a report's period."""

    period: Period
    lines: tuple[CostLine, ...]

    def body(self) -> list[dict[str, Any]]:
        """As Datadog's API takes it."""
        return [_body(line) for line in self.lines]

    @property
    def cost(self) -> Decimal:
        """The sum of all lines."""
        return total(line.cost for line in self.lines)

    @cached_property
    def checksum(self) -> str:
        """The checksum of its content, to tell whether it was sent before."""
        return hashlib.sha256(json.dumps(self.body()).encode()).hexdigest()


def cost_file(report: ReportFolder, today: date) -> CostFile:
    """The costs of a report.

    Raises:
        SettingsError: they are not in US dollars, or of future days.
        DataError: a table is damaged.
    """
    if report.currency != CURRENCY:
        raise SettingsError(
            f"Datadog's Custom Costs are in {CURRENCY} only, but the report is in"
            f" {report.currency}; leave out --custom-costs, or report in dollars. Metrics can be in"
            " any currency."
        )
    if report.period.last > today:
        raise SettingsError(
            f"The report ends on {report.period.last}, but today is {today}, and Datadog's Custom"
            " Costs do not accept future dates; check the clock, or leave out --custom-costs."
        )
    return CostFile(report.period, cost_lines(_charges(report), _team_tags(report)))


def _body(line: CostLine) -> dict[str, Any]:
    """As Datadog's API takes it, which has floats."""
    return {**line.columns, "BilledCost": float(line.cost), "Tags": line.values}


def _charges(report: ReportFolder) -> Iterator[Charge]:
    lines = report.daily_amounts(DAILY_CHARGES, COST_DIMENSIONS, ["cost"], by_day=True)
    for day, names, (cost,) in lines:
        if cost is not None:
            yield day, dict(zip(COST_DIMENSIONS, names, strict=True)), cost


def _team_tags(report: ReportFolder) -> dict[str, dict[str, str]]:
    """The tags of the settings file, from the chargeback table: name of a tag → team → value."""
    if not report.has(CHARGEBACK):
        return {}
    names = [name for name in report.columns(CHARGEBACK) if name not in _NO_TAGS]
    tags: dict[str, dict[str, str]] = {name: {} for name in names}
    for (team, *values), _ in report.rows(CHARGEBACK, ["team", *names], []):
        for name, value in zip(names, values, strict=True):
            tags[name][team] = value
    return tags
