"""What purchased credits change in focus.csv: what is billed, and a row for each purchase.

Usage that draws purchased credits was billed with the purchase: its `BilledCost` is 0, and its
`EffectiveCost` is what it costs. The row of a purchase is the other way round. So EffectiveCost
sums to the report's cost, and BilledCost to the purchases of the period and what they did not pay
for.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

import numpy as np
import pandas as pd

from circleci_usage.analysis.scaled_lines import ScaledLines
from circleci_usage.core.apportion import apportion
from circleci_usage.core.decimals import plain
from circleci_usage.core.periods import ONE_DAY, billing_period
from circleci_usage.core.scaled_integers import Counts, to_count
from circleci_usage.cost_files.focus_cells import moment_cell, name_cell, number_cell
from circleci_usage.costs.purchases import Purchase
from circleci_usage.report import Report

BILLED: Final = "billed_cost"
"""The column of charges that has what is billed for them."""

_SKU: Final = "prepaid_credits"


def with_billed_costs(charges: ScaledLines, report: Report) -> ScaledLines:
    """The charges with `BILLED`: their cost less what purchased credits paid for.

    On the day on which the purchased credits run out, each charge gets its share of them, in whole
    units of the smallest decimal place of credits.

    Args:
        charges: of single days, with a price.
        report: knows which credits are drawn on each day.
    """
    counts = charges.counts
    billed = counts["cost"].to_numpy(copy=True)
    plans = np.array(report.prices.period_plans, dtype="object")[counts["price_period"]]
    for plan, drawn in report.findings.contracts.drawn.items():
        rows = np.flatnonzero(plans == plan)
        if len(rows):
            prepaid = _prepaid(counts.iloc[rows], drawn, charges.places["credits"])
            billed[rows] -= prepaid * counts["price"].to_numpy()[rows]
    places = {**charges.places, BILLED: charges.places["cost"]}
    return replace(charges, counts=counts.assign(**{BILLED: billed}), places=places)


def _prepaid(counts: pd.DataFrame, drawn: Mapping[date, Decimal], places: int) -> Counts:
    """How many credits of each charge of a plan are drawn from purchases."""
    charged = (counts["credits"] - counts["free_credits"]).to_numpy()
    prepaid = np.zeros_like(charged)
    for day, rows in counts.reset_index(drop=True).groupby("date").indices.items():
        available = to_count(drawn.get(pd.Timestamp(str(day)).date(), Decimal(0)), places)
        used = int(charged[rows].sum())
        if available >= used:
            prepaid[rows] = charged[rows]
        elif available:
            prepaid[rows] = apportion(available, [int(each) for each in charged[rows]])
    return prepaid


def purchase_rows(
    report: Report, columns: Iterable[str], common: Mapping[str, str]
) -> Iterator[list[str]]:
    """The row of each purchase of the period.

    Args:
        report: has the purchases.
        columns: of the file.
        common: the cells that are the same for all charges, by the names of their columns.
    """
    for purchase in report.prices.purchases:
        if purchase.day in report.period:
            cells = _cells(purchase, report, common)
            yield [cells.get(name, "") for name in columns]


def _cells(purchase: Purchase, report: Report, common: Mapping[str, str]) -> dict[str, str]:
    """Name of a column → the cell; columns that are not named are null."""
    price, list_price = number_cell(purchase.price), report.prices.list_price
    listed = price if list_price is None else number_cell(list_price * purchase.credits)
    billed = billing_period(purchase.day, report.prices.billing_cycle_day)
    return {
        **common,
        **_account(purchase, report),
        "ConsumedUnit": "",
        "BilledCost": price,
        "BillingPeriodEnd": moment_cell(billed.stop),
        "BillingPeriodStart": moment_cell(billed.start),
        "ChargeCategory": "Purchase",
        "ChargeDescription": f"Purchase of {purchase.credits:,} credits",
        "ChargeFrequency": "One-Time",
        "ChargePeriodEnd": moment_cell(purchase.day + ONE_DAY),
        "ChargePeriodStart": moment_cell(purchase.day),
        "ContractedCost": price,
        "ContractedUnitPrice": price,
        "EffectiveCost": number_cell(Decimal(0)),
        "ListCost": listed,
        "ListUnitPrice": listed,
        # The price of one credit may have no end of digits; that of the purchase is exact.
        "PricingQuantity": number_cell(Decimal(1)),
        "PricingUnit": "Purchases",
        "SkuId": _SKU,
        "SkuMeter": "Purchased credits",
        "SkuPriceId": f"{_SKU}@{plain(purchase.price)}",
        "Tags": json.dumps({"plan": purchase.plan}, ensure_ascii=False),
        "x_Credits": number_cell(purchase.credits),
    }


def _account(purchase: Purchase, report: Report) -> dict[str, str]:
    """The organization that spent most of the purchase's plan; others of the plan share it."""
    counts = report.charged.counts
    plans = np.array([*report.prices.period_plans, ""], dtype="object")[counts["price_period"]]
    of_plan = counts[plans == purchase.plan]
    spent = of_plan if len(of_plan) else counts
    if spent.empty:
        return {}
    accounts = ["organization_id", "organization"]
    by_account = spent.groupby(accounts, observed=True)["credits"].sum().reset_index()
    most = by_account.loc[by_account["credits"].astype("object").argmax()]
    identity, name = str(most["organization_id"]), str(most["organization"])
    return {
        "BillingAccountId": name_cell(identity, name),
        "BillingAccountName": name_cell(name),
    }
