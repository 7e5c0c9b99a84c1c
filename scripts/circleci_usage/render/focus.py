"""focus.csv: the charges in the FinOps Open Cost and Usage Specification, which every FinOps tool reads.

One row a day, project, team and credit type. Source: FOCUS 1.2 and 1.4, dataset Cost and Usage (focus.finops.org).
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from circleci_usage.columns import CREDIT_TYPE_NAMES, NO_NAME
from circleci_usage.days import add_months, month_start
from circleci_usage.money.allocation import Ownership
from circleci_usage.money.exact import plain
from circleci_usage.render.tables import neutral
from circleci_usage.report import Report

VENDOR: Final = "CircleCI"


class Charge(NamedTuple):
    """A row of `Report.charges`."""

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


def write_focus(report: Report, path: Path, version: str = "1.2") -> None:
    """Write the report's charges as a FOCUS file; their costs sum to the report's."""
    list_price = report.prices.list_price
    columns: dict[str, Callable[[Charge], str]] = {
        **_COLUMNS,
        **{name: _always(VENDOR) for name in _SELLER[version]},
        "BillingCurrency": _always(report.currency),
        "Tags": tags_of(report.ownership),
    }
    if list_price is not None:
        columns["ListUnitPrice"] = _always(_number(list_price))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([cell(charge) for cell in columns.values()] for charge in priced_charges(report))


def priced_charges(report: Report) -> Iterator[Charge]:
    """The charges whose cost is known; FOCUS has no row for others."""
    charges = report.charges[report.charges["price"].notna()]
    return map(Charge._make, charges[list(Charge._fields)].itertuples(index=False, name=None))


def tags_of(ownership: Ownership) -> Callable[[Charge], str]:
    """Charge → what it can be allocated by, as JSON: its team and the team's tags, project, repository, credit type."""

    # They come again every day.
    @cache
    def tags(team: str, project: str, vcs_url: str, credit_type: str) -> str:
        names = {"team": team, "project": project, "vcs_url": vcs_url}
        known = {name: value for name, value in names.items() if value != NO_NAME}
        of_team = {name: values[team] for name, values in ownership.tags.items() if team in values}
        return json.dumps({**known, "credit_type": credit_type, **of_team}, ensure_ascii=False)

    return lambda charge: tags(charge.team, charge.project, charge.vcs_url, charge.credit_type)


def _always(text: str) -> Callable[[Charge], str]:
    return lambda _: text


# Most cells hold a few values many times.
@lru_cache(maxsize=1 << 14)
def _number(value: Decimal) -> str:
    """Always with a point, so that readers do not take a column of whole credits for integers."""
    text = plain(value)
    return text if "." in text else f"{text}.0"


@lru_cache
def _moment(day: date) -> str:
    return f"{day:%Y-%m-%d}T00:00:00Z"


@lru_cache
def _month(day: datetime) -> date:
    return month_start(day.date())


@lru_cache(maxsize=1 << 14)
def _name(name: str) -> str:
    return "" if name == NO_NAME else neutral(name)


FOCUS_VERSIONS: Final = ("1.2", "1.4")

_SELLER: Final = {
    "1.2": ("ProviderName", "PublisherName"),
    "1.4": ("ServiceProviderName", "HostProviderName"),  # since 1.3
}

# A null is an empty text. InvoiceId and CommitmentDiscountStatus have to be there although nothing is known for them.
_COLUMNS: Final[Mapping[str, Callable[[Charge], str]]] = {
    "BilledCost": lambda charge: _number(charge.cost),
    "BillingAccountId": lambda charge: _name(charge.organization_id) or _name(charge.organization),
    "BillingAccountName": lambda charge: _name(charge.organization),
    "BillingPeriodEnd": lambda charge: _moment(add_months(_month(charge.date), 1)),
    "BillingPeriodStart": lambda charge: _moment(_month(charge.date)),
    "ChargeCategory": _always("Usage"),
    "ChargeClass": _always(""),
    "ChargeDescription": lambda charge: f"{CREDIT_TYPE_NAMES[charge.credit_type]} credits of {charge.project}",
    "ChargeFrequency": _always("Usage-Based"),
    "ChargePeriodEnd": lambda charge: _moment(charge.date + timedelta(days=1)),
    "ChargePeriodStart": lambda charge: _moment(charge.date),
    "CommitmentDiscountStatus": _always(""),
    "ConsumedQuantity": lambda charge: _number(charge.credits),
    "ConsumedUnit": _always("Credits"),
    "ContractedCost": lambda charge: _number(charge.contracted_cost),
    "ContractedUnitPrice": lambda charge: _number(charge.price),
    "EffectiveCost": lambda charge: _number(charge.cost),
    "InvoiceId": _always(""),
    "InvoiceIssuerName": _always(VENDOR),
    "ListCost": lambda charge: _number(charge.list_cost),
    "ListUnitPrice": lambda charge: _number(charge.price),
    "PricingCategory": _always("Standard"),
    "PricingQuantity": lambda charge: _number(charge.credits),
    "PricingUnit": _always("Credits"),
    "ServiceCategory": _always("Developer Tools"),
    "ServiceName": _always(VENDOR),
    "ServiceSubcategory": _always("Continuous Integration and Deployment"),
    "SkuId": lambda charge: charge.credit_type,
    "SkuMeter": lambda charge: CREDIT_TYPE_NAMES[charge.credit_type],
    "SkuPriceDetails": _always("{}"),
    "SkuPriceId": lambda charge: f"{charge.credit_type}@{plain(charge.price)}",
    "SubAccountId": lambda charge: _name(charge.project_id) or _name(charge.project),
    "SubAccountName": lambda charge: _name(charge.project),
    "x_CreditType": lambda charge: charge.credit_type,
    "x_Credits": lambda charge: _number(charge.credits),
}
