import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circleci_usage.analysis.budget_scope import BudgetPart, BudgetScope
from circleci_usage.analysis.budgets import Budget, Spending
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.checks.budget_check import check_report
from circleci_usage.core.errors import DataError, SettingsError, UsageExporterError
from circleci_usage.core.periods import Period
from circleci_usage.report_folder.budget_spending_json import spending_to_json
from circleci_usage.report_folder.month_to_date_json import month_from_json, month_to_json
from circleci_usage.schema.report_files import SCHEMA_VERSION

MARCH = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
SPENDING = MonthToDate(
    MARCH,
    MARCH.first,
    date(2026, 3, 20),
    Forecast(Decimal(60), Decimal(110), Decimal(100), Decimal(120)),
    {"Web": Forecast(Decimal("50.000000000000000001"))},
)

MARCH_AS_JSON = month_to_json(SPENDING)


def folder_of(tmp_path: Path, **changes: object) -> Path:
    """A report folder with only a summary."""
    summary = {
        "schema_version": SCHEMA_VERSION,
        "currency": "USD",
        "budget_periods": {"month": month_to_json(SPENDING)},
    }
    (tmp_path / "summary.json").write_text(json.dumps(summary | changes))
    return tmp_path


def test_budgets_within_their_amounts(tmp_path: Path) -> None:
    check = check_report(folder_of(tmp_path), [Budget("all", Decimal(100))], "USD")

    assert (check.exit_code, check.broken) == (0, ())
    assert [state.state for state in check.states] == ["expected over"]
    assert check.states[0].month_to_date == SPENDING


def test_with_the_forecast_a_budget_forecast_to_exceed_is_broken(tmp_path: Path) -> None:
    budgets = [Budget("all", Decimal(100)), Budget("web", Decimal(100), "Web")]

    check = check_report(folder_of(tmp_path), budgets, "USD", ahead=True)

    assert check.exit_code == 10
    assert [state.budget.name for state in check.broken] == ["all"]


PART = BudgetPart("week", "credits", BudgetScope(project="pay-*", tags=(("product", "a: b"),)))


def test_a_budget_of_a_part_is_checked_against_that_part(tmp_path: Path) -> None:
    week = Period.of_days(date(2026, 3, 16), date(2026, 3, 22))
    of_part = MonthToDate(week, week.first, date(2026, 3, 20), Forecast(Decimal(7)), {})
    folder = folder_of(tmp_path, **spending_to_json(Spending({"month": SPENDING}, {PART: of_part})))
    budget = Budget("pay", Decimal(6), per="week", scope=PART.scope, measure="credits")

    check = check_report(folder, [budget, Budget("all", Decimal(100))], "USD")

    assert [state.state for state in check.states] == ["over", "expected over"]
    assert check.states[0].month_to_date == of_part
    for other in (replace(budget, per="month"), replace(budget, measure="cost")):
        with pytest.raises(SettingsError, match="was made without the costs or credits of the"):
            check_report(folder, [other], "USD")


@pytest.mark.parametrize(
    "damage",
    [
        {"per": "decade"},
        {"measure": []},
        {"scope": None},
        {"scope": {"project": 1}},
        {"spent": "x"},
    ],
)
def test_a_damaged_part_is_an_error(tmp_path: Path, damage: dict[str, object]) -> None:
    spending = spending_to_json(Spending({"month": SPENDING}, {PART: SPENDING}))
    spending["budget_parts"][0] |= damage

    with pytest.raises(DataError, match="it does not say what budgets need"):
        check_report(folder_of(tmp_path, **spending), [Budget("all", Decimal(1))], "USD")


GAP = Period.of_days(date(2026, 3, 2), date(2026, 3, 4))


@pytest.mark.parametrize(("amount", "state", "code"), [(100, "unknown", 11), (59, "over", 10)])
def test_with_days_missing_only_over_is_certain(
    tmp_path: Path, amount: int, state: str, code: int
) -> None:
    month_to_date = replace(SPENDING, everything=Forecast(Decimal(60)), missing=(GAP,))
    folder = folder_of(tmp_path, budget_periods={"month": month_to_json(month_to_date)})

    check = check_report(folder, [Budget("all", Decimal(amount))], "USD", ahead=True)

    assert [each.state for each in check.states] == [state]
    assert check.exit_code == code


def test_exceeded_comes_before_unknown(tmp_path: Path) -> None:
    folder = folder_of(
        tmp_path, budget_periods={"month": month_to_json(replace(SPENDING, missing=(GAP,)))}
    )

    check = check_report(folder, [Budget("all", Decimal(100)), Budget("tight", Decimal(1))], "USD")

    assert ([each.budget.name for each in check.unknown], check.exit_code) == (["all"], 10)


def test_a_budget_can_be_exceeded_by_the_last_digit(tmp_path: Path) -> None:
    check = check_report(folder_of(tmp_path), [Budget("web", Decimal(50), "Web")], "USD")

    assert check.exit_code == 10


amounts = st.decimals(0, 10**12, places=18)
forecasts = st.builds(Forecast, amounts, *[st.none() | amounts] * 3)


@given(everything=forecasts, teams=st.dictionaries(st.text(min_size=1), forecasts, max_size=4))
def test_what_is_written_is_read_back(everything: Forecast, teams: dict[str, Forecast]) -> None:
    month_to_date = MonthToDate(
        MARCH, date(2026, 3, 5), date(2026, 3, 20), everything, teams, (GAP,)
    )

    assert month_from_json(json.loads(json.dumps(month_to_json(month_to_date)))) == month_to_date


@pytest.mark.parametrize(
    ("budgets", "changes", "error", "message"),
    [
        (0, {}, SettingsError, "has no budgets; add `budgets`"),
        (
            1,
            {"currency": "EUR"},
            SettingsError,
            "is in EUR, the budgets are in USD; make the report again",
        ),
        (
            1,
            {"settings_checksum": "another"},
            SettingsError,
            "was made with other prices, included credits, teams",
        ),
        (
            1,
            {"settings_checksum": None},
            SettingsError,
            "was made with other prices, included credits, teams",
        ),
        (
            1,
            {"budget_periods": {}},
            SettingsError,
            "was made without the month of the budget 'all'",
        ),
        (1, {"budget_periods": None}, DataError, "is damaged: it does not say what budgets need"),
        (
            1,
            {"budget_periods": {"month": {"from": "2026-03-01"}}},
            DataError,
            "is damaged: it does not say what budgets need",
        ),
        (
            1,
            {"budget_periods": {"month": MARCH_AS_JSON | {"spent": "much"}}},
            DataError,
            "is damaged: it does not say what budgets need",
        ),
        (
            1,
            {"budget_periods": {"month": MARCH_AS_JSON | {"missing": 3}}},
            DataError,
            "is damaged: it does not say what budgets need",
        ),
        (
            1,
            {"budget_periods": {"month": [1]}},
            DataError,
            "is damaged: it does not say what budgets need",
        ),
        (
            1,
            {"schema_version": 1},
            SettingsError,
            r"schema_version 1, this one writes 2\); make the report again",
        ),
        (1, {"schema_version": 99}, SettingsError, "schema_version 99"),
        (1, {"schema_version": None}, SettingsError, "schema_version unknown"),
        (1, {"schema_version": "2"}, SettingsError, "schema_version unknown"),
        (1, {"schema_version": {"a": [1]}}, SettingsError, "schema_version unknown"),
        (1, {"schema_version": True}, SettingsError, "schema_version unknown"),
    ],
)
def test_what_cannot_be_checked_is_an_error(
    tmp_path: Path,
    budgets: int,
    changes: dict[str, object],
    error: type[UsageExporterError],
    message: str,
) -> None:
    folder = folder_of(tmp_path, **{"settings_checksum": "of these", **changes})

    with pytest.raises(error, match=message):
        check_report(
            folder, [Budget("all", Decimal(1))] * budgets, "USD", settings_checksum="of these"
        )


def test_a_report_without_the_team_of_a_budget_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError, match="does not have the team 'Apps' of a budget; make the report again"
    ):
        check_report(folder_of(tmp_path), [Budget("apps", Decimal(1), "Apps")], "USD")


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff"])
def test_a_damaged_summary_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "summary.json").write_bytes(content)

    with pytest.raises(DataError, match=r"summary\.json is damaged: .*; make the report again"):
        check_report(tmp_path, [Budget("all", Decimal(1))], "USD")


def test_a_missing_report_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(
        SettingsError,
        match=r"There is no report folder .*nowhere; make a report with `circleci-usage run`",
    ):
        check_report(tmp_path / "nowhere", [Budget("all", Decimal(1))], "USD")
