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
    CURRENCY,
    DIMENSIONS,
    Charge,
    CostLine,
    cost_lines,
)
from circleci_usage.report_folder.reader import ReportFolder
from circleci_usage.schema.report_files import CHARGEBACK, DAILY_CHARGES

_NO_TAGS: Final = frozenset({"period", "team", "direct", "shared", "total", "currency"})
"""The columns of the table of what finance posts that are not tags of the settings file."""


@dataclass(frozen=True)
class CostFile:
    """All that a report's period cost."""

    period: Period
    lines: tuple[CostLine, ...]

    def body(self) -> list[dict[str, Any]]:
        """As Datadog takes it."""
        return [_body(line) for line in self.lines]

    @property
    def cost(self) -> Decimal:
        """Of all lines."""
        return total(line.cost for line in self.lines)

    @cached_property
    def checksum(self) -> str:
        """Of everything in it, to tell whether it was sent before."""
        return hashlib.sha256(json.dumps(self.body()).encode()).hexdigest()


def cost_file(folder: ReportFolder, today: date) -> CostFile:
    """The costs of a report.

    Raises:
        SettingsError: they are not in dollars, or of days to come.
        DataError: the table is damaged.
    """
    if folder.currency != CURRENCY:
        raise SettingsError(
            f"Datadog's Custom Costs take {CURRENCY} alone, and the report is in {folder.currency}; leave out"
            " --custom-costs, or report in dollars. The metrics take any currency."
        )
    if folder.period.last > today:
        raise SettingsError(
            f"The report reaches to {folder.period.last}, but today is {today}, and Datadog's Custom Costs take no days"
            " to come; check the clock, or leave out --custom-costs."
        )
    return CostFile(folder.period, cost_lines(_charges(folder), _team_tags(folder)))


def _body(line: CostLine) -> dict[str, Any]:
    """As Datadog takes it; its amounts are doubles."""
    return {**line.columns, "BilledCost": float(line.cost), "Tags": line.values}


def _charges(folder: ReportFolder) -> Iterator[Charge]:
    for (day, *names), (cost,) in folder.rows(DAILY_CHARGES, ["date", *DIMENSIONS], ["cost"]):
        if cost is not None:
            yield folder.day(day, DAILY_CHARGES), dict(zip(DIMENSIONS, names, strict=True)), cost


def _team_tags(folder: ReportFolder) -> dict[str, dict[str, str]]:
    """The tags of the settings file, as the table of what finance posts has them."""
    if not folder.has(CHARGEBACK):
        return {}
    names = [name for name in folder.columns(CHARGEBACK) if name not in _NO_TAGS]
    tags: dict[str, dict[str, str]] = {name: {} for name in names}
    for (team, *values), _ in folder.rows(CHARGEBACK, ["team", *names], []):
        for name, value in zip(names, values, strict=True):
            tags[name][team] = value
    return tags
