from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.budgets import Budget, Spending, check_budgets
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate, month_to_date
from circleci_usage.core.periods import Period, months
from circleci_usage.costs.allocation import SHARED, Ownership
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from handmade_costs import cost_line, costs_of

FEBRUARY, MARCH = months(Period.of_days(date(2026, 2, 1), date(2026, 3, 31)))
TEAMS = Ownership(
    (Rule("Web", Patterns(projects=("web",))), Rule("Apps", Patterns(projects=("app",))))
)


def month(everything: Forecast, *missing: Period, **teams: Forecast) -> Spending:
    march = MonthToDate(MARCH, MARCH.first, date(2026, 3, 20), everything, teams, missing)
    return Spending({"month": march})


@pytest.mark.parametrize(
    ("spent", "expected", "state"),
    [
        ("100.01", "120", "over"),
        ("100", "100", "within"),
        ("60", "100.01", "expected over"),
        ("60", None, "within"),
    ],
)
def test_states(spent: str, expected: str | None, state: str) -> None:
    forecast = Forecast(Decimal(spent), None if expected is None else Decimal(expected))

    (found,) = check_budgets([Budget("all", Decimal(100))], month(forecast))

    assert (found.state, found.spent) == (state, Decimal(spent))


@pytest.mark.parametrize(
    ("spent", "state"), [("100.01", "over"), ("100", "unknown"), ("0", "unknown")]
)
def test_a_budget_with_days_missing_is_known_only_to_be_over(spent: str, state: str) -> None:
    gap = Period.of_days(date(2026, 3, 4), date(2026, 3, 5))

    (found,) = check_budgets(
        [Budget("all", Decimal(100))], month(Forecast(Decimal(spent), Decimal(200)), gap)
    )

    assert (found.state, found.spent, found.used) == (state, Decimal(spent), None)


def test_a_budget_of_a_cycle_is_held_against_the_cycle() -> None:
    cycle = MonthToDate(
        Period.of_days(date(2026, 3, 15), date(2026, 4, 14)),
        date(2026, 3, 15),
        date(2026, 3, 20),
        Forecast(Decimal(30)),
        {"Web": Forecast(Decimal(20))},
    )
    budgets = [
        Budget("all", Decimal(25), per="cycle"),
        Budget("w", Decimal(25), "Web", "cycle"),
        Budget("m", Decimal(25)),
    ]

    found = check_budgets(
        budgets, Spending({**month(Forecast(Decimal(60))).periods, "cycle": cycle})
    )

    assert [state.state for state in found] == ["over", "within", "over"]
    assert [state.spent for state in found] == [30, 20, 60]


def test_a_budget_of_a_team_is_held_against_that_team() -> None:
    spending_of = month(Forecast(Decimal(900)), Web=Forecast(Decimal(30)))

    web, idle = check_budgets(
        [Budget("w", Decimal(40), "Web"), Budget("i", Decimal(0), "Idle")], spending_of
    )

    assert (web.state, web.spent, web.used) == ("within", Decimal(30), Decimal("0.75"))
    assert (idle.state, idle.spent, idle.used) == ("within", Decimal(0), Decimal(0))


def test_the_month_of_the_last_complete_day_counts() -> None:
    owned = costs_of(
        cost_line(1, date=date(2026, 2, 28)),
        cost_line(10, date=date(2026, 3, 1)),
        cost_line(100, date=date(2026, 3, 9)),
        cost_line(1000, date=date(2026, 3, 10)),
    )

    found = month_to_date(owned, TEAMS, Period.of_days(date(2026, 2, 20), date(2026, 3, 9)))

    assert (found.month, found.is_whole, found.is_over) == (MARCH, True, False)
    assert found.everything.spent == Decimal("1.10")


def test_data_that_begin_within_the_month_are_told() -> None:
    found = month_to_date(
        costs_of(cost_line(1)), TEAMS, Period.of_days(date(2026, 3, 2), date(2026, 3, 31))
    )

    assert (found.since, found.is_whole, found.is_over) == (date(2026, 3, 2), False, True)
    assert found.missing == (Period.of_days(date(2026, 3, 1), date(2026, 3, 1)),)
    assert found.everything.expected is None


def test_what_is_known_on_either_side_of_a_gap_is_spent() -> None:
    owned = costs_of(cost_line(1, date=date(2026, 3, 1)), cost_line(10, date=date(2026, 3, 20)))
    gap = Period.of_days(date(2026, 3, 5), date(2026, 3, 9))

    found = month_to_date(
        owned,
        TEAMS,
        Period.of_days(date(2026, 3, 10), date(2026, 3, 31)),
        month=MARCH,
        missing=(gap,),
    )

    assert (found.everything.spent, found.everything.expected) == (Decimal("0.11"), None)
    assert (found.since, found.is_whole) == (MARCH.first, False)


def test_with_days_missing_nobody_knows_the_teams_shares_in_proportion() -> None:
    owned = costs_of(cost_line(300, team="Web"), cost_line(1000, team=SHARED, credit_type="user"))
    seats, known = frozenset({"user"}), Period.of_days(date(2026, 3, 2), date(2026, 3, 31))

    by_split = {
        split: month_to_date(owned, Ownership(TEAMS.rules, SharedCosts(split, seats)), known)
        .teams["Web"]
        .spent
        for split in ("proportional", "even")
    }

    assert by_split == {"proportional": 3, "even": 8}


def test_seats_are_spent_and_not_expected_again() -> None:
    seats = cost_line(5000, date=date(2026, 3, 1), credit_type="user")
    known = Period.of_days(date(2026, 2, 15), date(2026, 3, 14))

    found = month_to_date(
        costs_of(seats, *(cost_line(100, date=day) for day in known)), TEAMS, known
    )

    assert found.everything.expected == Decimal(50 + 31)


def test_teams_have_their_share_of_what_is_shared() -> None:
    shared = Ownership(TEAMS.rules, SharedCosts(credit_types=frozenset({"user"})))
    owned = costs_of(
        cost_line(300, team="Web"),
        cost_line(100, team="Apps"),
        cost_line(1000, team=SHARED, credit_type="user"),
        cost_line(50, team="unallocated"),
    )

    found = month_to_date(owned, shared, MARCH)

    assert {team: forecast.spent for team, forecast in found.teams.items()} == {
        "Web": Decimal("10.50"),
        "Apps": Decimal("3.50"),
        "unallocated": Decimal("0.50"),
    }
    assert sum(forecast.spent for forecast in found.teams.values()) == found.everything.spent


def test_what_is_expected_of_a_team_has_its_share_too() -> None:
    shared = Ownership(TEAMS.rules, SharedCosts(split="even", credit_types=frozenset({"user"})))
    known = Period.of_days(date(2026, 2, 15), date(2026, 3, 14))
    seats = cost_line(1000, date=date(2026, 3, 1), team=SHARED, credit_type="user")

    found = month_to_date(
        costs_of(seats, *(cost_line(100, date=day, team="Web") for day in known)), shared, known
    )

    assert {team: forecast.expected for team, forecast in found.teams.items()} == {
        "Web": 36,
        "Apps": 5,
    }
