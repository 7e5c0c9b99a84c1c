"""The charges that cost files are made of, one by one or as lines."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Final, NamedTuple

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.costs.costs import UNPRICED
from circleci_usage.report import Report

AT_A_TIME: Final = 20_000
"""Lines that are in memory with decimals."""


class ChargeRow(NamedTuple):
    """A line of `Report.charges`."""

    date: datetime
    organization_id: str
    organization: str
    project_id: str
    project: str
    vcs_url: str
    team: str
    credit_type: str
    price: Decimal
    credits: Decimal
    list_cost: Decimal
    contracted_cost: Decimal
    cost: Decimal


def priced_charges(report: Report) -> Iterator[ChargeRow]:
    """The charges whose cost is known; FOCUS has no row for others."""
    for some in priced_lines(report).pieces(AT_A_TIME):
        rows = some[[*ChargeRow._fields]].itertuples(index=False, name=None)
        yield from map(ChargeRow._make, rows)


def priced_lines(report: Report) -> ScaledLines:
    """The lines of `Report.charged` that have a price."""
    return report.charged.where(lambda charges: charges["price_period"] != UNPRICED)
