"""How often a schedule runs, against counting its days one by one."""

from decimal import Decimal

import pytest

from circleci_usage.estimate.cron import runs_a_month

MONTH = Decimal("30.4375")


@pytest.mark.parametrize(
    ("expression", "runs"),
    [
        ("0 0 * * *", MONTH),
        ("0,30 */6 * * *", MONTH * 8),
        ("*/15 * * * *", MONTH * 96),
        ("5 4 1 * *", Decimal(1)),
        ("5 4 31 * *", Decimal(7) / 12),
        ("0 0 29 feb *", Decimal(1) / 48),
        ("0 8-17/3 1,15 JAN-MAR *", Decimal(2)),
        ("0 0 1 1 1", Decimal(17 + 4) / 48),  # Mondays of January, or its first day
    ],
)
def test_a_cron_expression_runs_as_often_as_its_days(expression: str, runs: Decimal) -> None:
    found = runs_a_month(expression)

    assert found is not None
    assert round(found, 12) == round(runs, 12)


def test_both_sundays_are_one() -> None:
    assert runs_a_month("0 0 * * 0") == runs_a_month("0 0 * * 7") == runs_a_month("0 0 * * sun")
    assert runs_a_month("0 0 * * 0-7") == MONTH


@pytest.mark.parametrize(
    "text",
    [
        *("", "daily", "0 0 * *", "0 0 * * * *", "60 0 * * *", "0 24 * * *", "0 0 0 * *"),
        *("0 0 * 13 *", "0 0 * * 8", "5-1 0 * * *", "*/0 0 * * *", "*/x 0 * * *", "-1 0 * * *"),
        *("0 0 * * mon-", "1,,2 0 * * *", "٣ 0 * * *", "0 0 * * " + "1," * 200 + "1"),
    ],
)
def test_what_is_no_cron_expression_is_not_guessed(text: str) -> None:
    assert runs_a_month(text) is None
