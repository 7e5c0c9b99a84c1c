"""Contracts: what each plan cost, the credits that are left, and commitments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pandas as pd

from circleci_usage.analysis.commitments import CommitmentState, commitment_state
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.contract_usage import ContractUsage, charged_credits, contract_usage
from circleci_usage.analysis.credit_balance import CreditBalance, credit_balance
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.plan_costs import plan_costs
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.costs.purchases import Commitment, Measure, Purchase, drawn_by_day


@dataclass(frozen=True, eq=False)
class Contracts:
    """What there is to say about the plans and contracts of the settings file.

    Attributes:
        plans: what each plan cost (see `plan_costs`).
        balances: the purchased credits of each plan that has some.
        commitments: the commitments, in their order.
        drawn: plan → day → purchased credits that were drawn, as far as days are known.
    """

    plans: pd.DataFrame
    balances: tuple[CreditBalance, ...]
    commitments: tuple[CommitmentState, ...]
    drawn: Mapping[str, Mapping[date, Decimal]]


def find_contracts(
    owned: OwnedUsage,
    days: ReportDays,
    history: Period | None,
    prices: PriceList,
    commitments: Sequence[Commitment],
) -> Contracts:
    """The plans, balances and commitments of a report.

    Args:
        owned: costs and job runs of all known days.
        days: which of them are complete.
        history: the complete days up to the last one, without a gap; None when there is none.
        prices: what credits cost.
        commitments: of the settings file.
    """

    def usage_of(plan: str, measure: Measure) -> ContractUsage | None:
        return contract_usage(owned, days, history, plan, measure) if history else None

    by_plan = _purchases_by_plan(prices)
    return Contracts(
        plans=plan_costs(owned, days.period, prices),
        balances=tuple(
            credit_balance(plan, purchases, usage_of(plan, "credits"))
            for plan, purchases in by_plan.items()
        ),
        commitments=tuple(
            commitment_state(each, usage_of(each.plan, each.measure), prices)
            for each in commitments
        ),
        drawn={
            plan: drawn_by_day(purchases, charged_credits(owned.costs, plan))
            for plan, purchases in by_plan.items()
        },
    )


def _purchases_by_plan(prices: PriceList) -> Mapping[str, Sequence[Purchase]]:
    """The purchases of each plan that has some."""
    of_plans: dict[str, list[Purchase]] = {}
    for purchase in prices.purchases:
        of_plans.setdefault(purchase.plan, []).append(purchase)
    return of_plans
