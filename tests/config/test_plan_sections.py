"""Mistakes in plans, purchases and commitments, each with what to do."""

from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.pricing import PriceList
from report_factory import written_settings

PRICING = "pricing: [{from: 2026-01-01, price_per_credit: 0}]"
PLAN = f"plans: [{{name: oss, organizations: [labs], {PRICING}}}]\n"

MISTAKES = {
    "a gap": (
        (
            "plans: [{name: oss, projects: [x], pricing: [{from: 2026-01-01, to: 2026-01-31,"
            " price_per_credit: 0}, {from: 2026-03-01, price_per_credit: 0}]}]"
        ),
        "plan 'oss': there is no price for 2026-02-01 to 2026-02-28",
    ),
    "no pricing": ("plans: [{name: oss, projects: [x]}]", "plans[0]"),
    "nothing named": (f"plans: [{{name: oss, {PRICING}}}]", "add `organizations` or `projects`"),
    "jobs": (f"plans: [{{name: oss, jobs: [x], {PRICING}}}]", "plans[0].jobs: unknown key"),
    "a name twice": (
        f"plans: [{{name: a, projects: [x], {PRICING}}}, {{name: a, projects: [y], {PRICING}}}]",
        "duplicate plan name 'a'",
    ),
    "our name": (
        f"plans: [{{name: default, projects: [x], {PRICING}}}]",
        "a plan cannot be called 'default'",
    ),
    "an unknown cycle": (
        (
            f"plans: [{{name: a, projects: [x], {PRICING},"
            " included_credits: {per: cycle, amount: 1}}]"
        ),
        "plan 'a': `per: cycle` requires `billing_cycle_day`",
    ),
    "an unknown plan of a purchase": (
        PLAN + "purchases: [{date: 2026-01-01, credits: 1, price: 1, plan: os}]",
        "unknown plan 'os'; known plans: default, oss; did you mean oss?",
    ),
    "an unknown plan of a commitment": (
        PLAN + "commitments: [{from: 2026-01-01, to: 2026-01-02, credits: 1, plan: os}]",
        "unknown plan 'os'",
    ),
    "no credits": ("purchases: [{date: 2026-01-01, credits: 0, price: 1}]", "purchases[0].credits"),
    "two measures": (
        "commitments: [{from: 2026-01-01, to: 2026-01-02, credits: 1, amount: 2}]",
        "set `credits` or `amount`",
    ),
    "no measure": (
        "commitments: [{from: 2026-01-01, to: 2026-01-02}]",
        "set `credits` or `amount`",
    ),
    "a backward commitment": (
        "commitments: [{from: 2026-01-03, to: 2026-01-02, credits: 1}]",
        "the commitment ends on 2026-01-02, before its start on 2026-01-03",
    ),
    "overage of money": (
        "commitments: [{from: 2026-01-01, to: 2026-01-02, amount: 1, overage_price_per_credit: 1}]",
        "`overage_price_per_credit` requires `credits`",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_say_what_to_do(mistake: str, tmp_path: Path) -> None:
    text, message = MISTAKES[mistake]

    with pytest.raises(SettingsError) as error:
        written_settings(tmp_path, text)
    assert message in str(error.value)
    assert error.value.exit_code == 2


def prices(folder: Path, text: str, price: str | None = None) -> PriceList:
    return written_settings(folder, text).price_list(None if price is None else Decimal(price))


def test_a_plan_has_everything_of_its_own_but_the_seat_and_the_list_price(tmp_path: Path) -> None:
    found = prices(
        tmp_path,
        "list_price_per_credit: 0.0006\nbilling_cycle_day: 3\nfree_seats: 2\n"
        "plans: [{name: a, projects: [x], free_seats: 1, pricing: [{from: 2026-01-01,"
        " price_per_credit: 5}], billing_cycle_day: 15}, {name: b, projects: [y],"
        " pricing: [{from: 2026-01-01, price_per_credit: 6}]}]",
    )

    first, second = (plan.prices for plan in found.plans)
    assert [each.amount for each in found.own_free] == [50000]
    assert [each.amount for each in first.own_free] == [25000]
    assert second.own_free == ()
    assert (first.billing_cycle_day, second.billing_cycle_day) == (15, 3)
    assert first.list_price == Decimal("0.0006")
    assert [period.price for period in found.all_periods] == [Decimal("0.0006"), 5, 6]


def test_a_price_of_the_command_line_replaces_those_of_plans(tmp_path: Path) -> None:
    found = prices(tmp_path, PLAN, "0.001")

    assert [period.price for period in found.all_periods] == [Decimal("0.001")] * 2


def test_plans_decide_costs_and_purchases_do_not(tmp_path: Path) -> None:
    purchase = "purchases: [{date: 2026-01-01, credits: 1, price: 1}]\n"
    without, with_purchase, with_plan = (
        written_settings(tmp_path, text).cost_checksum()
        for text in ("currency: USD\n", "currency: USD\n" + purchase, PLAN)
    )

    assert without == with_purchase != with_plan
