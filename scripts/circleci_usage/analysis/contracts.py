"""Contracts: what each plan cost, the credits that are left, and commitments."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from circleci_usage.analysis.commitments import CommitmentState, commitment_state
from circleci_usage.analysis.completeness import ReportDays
from circleci_usage.analysis.contract_usage import ContractUsage, contract_usage
from circleci_usage.analysis.credit_balance import CreditBalance, credit_balance
from circleci_usage.analysis.owned_usage import OwnedUsage
from circleci_usage.analysis.plan_costs import plan_costs
from circleci_usage.core.periods import Period
from circleci_usage.costs.pricing import PriceList
from circleci_usage.costs.purchases import Commitment, Measure


@dataclass(frozen=True, eq=False)
class Contracts:
    """What there is to say about the plans and contracts of the settings file.

    Attributes:
        plans: what each plan cost (see `plan_costs`).
        balances: the purchased credits of each plan that has some.
        commitments: the commitments, in their order.
    """

    plans: pd.DataFrame
    balances: tuple[CreditBalance, ...]
    commitments: tuple[CommitmentState, ...]


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

    def balances() -> Iterator[CreditBalance]:
        for plan in prices.plan_names:
            purchases = [each for each in prices.purchases if each.plan == plan]
            if purchases:
                yield credit_balance(plan, purchases, usage_of(plan, "credits"))

    return Contracts(
        plans=plan_costs(owned, days.period, prices),
        balances=tuple(balances()),
        commitments=tuple(
            commitment_state(each, usage_of(each.plan, each.measure), prices)
            for each in commitments
        ),
    )
