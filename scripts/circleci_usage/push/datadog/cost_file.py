"""A report folder's costs → a Custom Costs file as it is sent."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

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
from circleci_usage.schema.report_files import DAILY_CHARGES
from circleci_usage.schema.tag_names import tag_of_column


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
    return CostFile(report.period, cost_lines(_charges(report)))


def _body(line: CostLine) -> dict[str, Any]:
    """As Datadog's API takes it, which has floats."""
    return {**line.columns, "BilledCost": float(line.cost), "Tags": line.values}


def _charges(report: ReportFolder) -> Iterator[Charge]:
    tags = {column: tag_of_column(column) for column in report.columns(DAILY_CHARGES)}
    columns = [*COST_DIMENSIONS, *(column for column, tag in tags.items() if tag)]
    names = [tags[column] or column for column in columns]
    for day, values, (cost,) in report.daily_amounts(DAILY_CHARGES, columns, ["cost"], by_day=True):
        if cost is not None:
            yield day, dict(zip(names, values, strict=True)), cost
