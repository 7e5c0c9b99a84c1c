"""Plans, purchased credits and commitments in reports of rows and a settings file."""

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from circleci_usage.analysis.completeness import ExportedDays
from circleci_usage.analysis.contracts import Contracts
from circleci_usage.core.periods import Period
from circleci_usage.costs.purchases import Purchase, drawn_by_day
from circleci_usage.report import Report
from report_factory import report_from_settings
from rows import Row, job_run

PRICING = "pricing: [{from: 2020-01-01, price_per_credit: 0.001}]\n"
FEBRUARY_AND_MARCH = Period.of_days(date(2026, 2, 1), date(2026, 3, 31))
KNOWN = ExportedDays(date(2026, 3, 31), (FEBRUARY_AND_MARCH,))


def every_day(credits: str, **changes: str) -> list[Row]:
    return [job_run(credits, JOB_RUN_DATE=str(day), **changes) for day in FEBRUARY_AND_MARCH]


def report(folder: Path, settings: str, rows: list[Row] | None = None) -> Report:
    return report_from_settings(
        folder, every_day("100") if rows is None else rows, PRICING + settings, exported=KNOWN
    )


def contracts(folder: Path, settings: str, rows: list[Row] | None = None) -> Contracts:
    return report(folder, settings, rows).findings.contracts


def test_purchased_credits_run_out_at_the_forecast(tmp_path: Path) -> None:
    (balance,) = contracts(
        tmp_path, "purchases: [{date: 2026-03-02, credits: 5000, price: 5}]"
    ).balances

    assert balance.plan == "default"
    assert (balance.purchased, balance.used) == (Decimal(5000), Decimal(3000))
    assert (balance.left, balance.days_left, balance.overage) == (Decimal(2000), 20, Decimal(0))
    assert balance.runs_out_on == date(2026, 4, 20)


def test_included_credits_are_not_drawn(tmp_path: Path) -> None:
    settings = (
        "included_credits: {per: month, amount: 1000}\n"
        "purchases: [{date: 2026-03-01, credits: 5000, price: 5}]"
    )

    (balance,) = contracts(tmp_path, settings).balances

    assert balance.used == 3100 - 1000


def test_seats_are_drawn_when_they_come_again(tmp_path: Path) -> None:
    seats = [job_run("0", JOB_RUN_DATE=f"2026-0{month}-03", USER_CREDITS="900") for month in (2, 3)]

    (balance,) = contracts(
        tmp_path,
        "purchases: [{date: 2026-03-31, credits: 1400, price: 1.4}]",
        every_day("100") + seats,
    ).balances

    # 100 on March 31, then 200 through April 2, and 900 + 100 on April 3; one more day.
    assert (balance.left, balance.days_left) == (Decimal(1300), 4)


def test_a_purchase_before_the_known_days_says_nothing_of_what_is_left(tmp_path: Path) -> None:
    (balance,) = contracts(
        tmp_path, "purchases: [{date: 2026-01-30, credits: 5000, price: 5}]"
    ).balances

    assert (balance.used, balance.left, balance.days_left) == (None, None, None)
    assert balance.missing == (Period.of_days(date(2026, 1, 30), date(2026, 1, 31)),)


def test_a_purchase_to_come_has_no_credits_yet(tmp_path: Path) -> None:
    (balance,) = contracts(
        tmp_path, "purchases: [{date: 2026-05-01, credits: 5000, price: 5}]"
    ).balances

    assert (balance.purchased, balance.left, balance.runs_out_on) == (Decimal(0), None, None)


def test_credits_that_last_longer_than_the_forecast_reaches_have_no_day(tmp_path: Path) -> None:
    (balance,) = contracts(
        tmp_path, "purchases: [{date: 2026-03-01, credits: 500000, price: 5}]"
    ).balances

    assert (balance.days_left, balance.longer_than) == (None, 59)


def test_a_later_purchase_does_not_pay_for_overage() -> None:
    first = date(2026, 3, 1)
    days = [first + timedelta(days=number) for number in range(4)]
    purchases = [
        Purchase(days[1], Decimal(1000), Decimal(1), "default"),
        Purchase(days[3], Decimal(100), Decimal(1), "default"),
    ]

    drawn = drawn_by_day(purchases, dict.fromkeys(days, Decimal(600)))

    assert [drawn[day] for day in days] == [0, 600, 400, 100]


@pytest.mark.parametrize(
    ("credits", "state", "shortfall", "overage"),
    [(9000, "on track", 0, 200), (9200, "on track", 0, 0), (10000, "shortfall expected", 800, 0)],
)
def test_a_commitment_is_compared_with_its_forecast(
    tmp_path: Path, credits: int, state: str, shortfall: int, overage: int
) -> None:
    days = "from: 2026-02-01, to: 2026-05-03"

    (found,) = contracts(
        tmp_path, f"commitments: [{{{days}, credits: {credits}, overage_price_per_credit: 0.002}}]"
    ).commitments

    assert (found.forecast.spent, found.forecast.expected) == (Decimal(5900), Decimal(9200))
    assert (found.state, found.shortfall, found.overage) == (
        state,
        Decimal(shortfall),
        Decimal(overage),
    )
    assert found.shortfall_cost == shortfall * Decimal("0.001")
    assert found.overage_cost == overage * Decimal("0.002")


def test_a_commitment_that_has_ended_is_exact(tmp_path: Path) -> None:
    (found,) = contracts(
        tmp_path, "commitments: [{from: 2026-02-01, to: 2026-02-28, amount: 3.5}]"
    ).commitments

    assert (found.forecast.spent, found.shortfall) == (Decimal("2.8"), Decimal("0.7"))
    assert (found.state, found.shortfall_cost, found.through) == (
        "shortfall",
        Decimal("0.7"),
        date(2026, 2, 28),
    )


@pytest.mark.parametrize("first", ["2026-01-01", "2026-04-01"])
def test_a_commitment_with_unknown_days_or_none_yet_is_unknown(tmp_path: Path, first: str) -> None:
    (found,) = contracts(
        tmp_path, f"commitments: [{{from: {first}, to: 2026-12-31, credits: 10000}}]"
    ).commitments

    assert (found.state, found.forecast.expected, found.shortfall) == ("unknown", None, None)


def test_plans_sum_to_the_total_and_count_apart(tmp_path: Path) -> None:
    rows = every_day("100.5") + every_day("7.25", PROJECT_NAME="ios", PROJECT_ID="")
    settings = (
        "plans:\n"
        "  - name: apps\n"
        "    projects: [ios]\n"
        "    pricing: [{from: 2020-01-01, price_per_credit: 0.003}]\n"
        "    included_credits: {per: month, amount: 14.5}\n"
        "commitments: [{from: 2026-03-01, to: 2026-03-31, amount: 1, plan: apps}]\n"
        "purchases: [{date: 2026-03-01, credits: 5000, price: 5}]"
    )

    whole = report(tmp_path, settings, rows)

    found = whole.findings.contracts
    costs = dict(zip(found.plans["plan"], found.plans["cost"], strict=True))
    assert costs == {
        "default": Decimal("100.5") * 31 * Decimal("0.001"),
        "apps": Decimal("7.25") * 29 * Decimal("0.003"),
    }
    assert sum(costs.values()) == whole.totals.cost
    assert found.plans["job_runs"].tolist() == [31, 31]
    assert found.commitments[0].forecast.spent == costs["apps"]
    assert found.balances[0].used == Decimal("100.5") * 31
    assert whole.prices_used["plan"].tolist() == ["default", "apps"]
    assert whole.reconciliation.agrees
    for breakdown in whole.breakdowns.values():
        assert sum(breakdown.lines["cost"], Decimal(0)) == whole.totals.cost


def test_a_purchase_at_another_price_is_warned_of(tmp_path: Path) -> None:
    warnings = report(tmp_path, "purchases: [{date: 2026-03-01, credits: 5000, price: 4}]").warnings

    assert any("The purchase of 2026-03-01 does not have the price" in each for each in warnings)
