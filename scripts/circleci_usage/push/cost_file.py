"""The report's cost → a Custom Costs file: a line a day, project, team and credit type, in dollars.

Rules: docs.datadoghq.com/cloud_cost_management/setup/custom.
"""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from circleci_usage.columns import DAILY_CHARGES, credit_type_name
from circleci_usage.days import Period
from circleci_usage.errors import SettingsError
from circleci_usage.money.exact import ZERO, exact_arithmetic, total
from circleci_usage.push.amounts import Names
from circleci_usage.push.report_folder import ReportFolder
from circleci_usage.push.series import Tags

CURRENCY: Final = "USD"
PROVIDER: Final = "CircleCI"

MARK: Final = ("exported_by", "circleci-usage")
"""The tag that tells our files from anybody else's."""

_DIMENSIONS: Final = ("organization", "project", "team", "credit_type")


@dataclass(frozen=True)
class CostLine:
    """What one combination of names cost on one day."""

    day: date
    credit_type: str
    tags: tuple[str, ...]
    cost: Decimal

    def body(self) -> dict[str, Any]:
        """As Datadog takes it; its amounts are doubles."""
        return {
            "ProviderName": PROVIDER,
            "ChargeDescription": f"{credit_type_name(self.credit_type)} credits",
            "ChargePeriodStart": self.day.isoformat(),
            "ChargePeriodEnd": self.day.isoformat(),
            "BilledCost": float(self.cost),
            "BillingCurrency": CURRENCY,
            "Tags": dict(tag.split(":", 1) for tag in self.tags),
        }


@dataclass(frozen=True)
class CostFile:
    """All that a report's period cost. Lines that cost nothing are left out: Datadog would show nothing for them."""

    period: Period
    lines: tuple[CostLine, ...]

    def body(self) -> list[dict[str, Any]]:
        """As Datadog takes it."""
        return [line.body() for line in self.lines]

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
    sums: defaultdict[tuple[str, Names], Decimal] = defaultdict(lambda: ZERO)
    with exact_arithmetic():
        for (day, *names), (cost,) in folder.rows(DAILY_CHARGES, ["date", *_DIMENSIONS], ["cost"]):
            sums[day, tuple(zip(_DIMENSIONS, names, strict=True))] += cost or ZERO
    tags = Tags((names for _, names in sums), (MARK,))
    lines = (
        CostLine(date.fromisoformat(day), dict(names)["credit_type"], tags.of(names), cost)
        for (day, names), cost in sums.items()
        if cost
    )
    return CostFile(folder.period, tuple(sorted(lines, key=lambda line: (line.day, line.tags))))
