from datetime import date
from decimal import Decimal

import pytest

from circleci_usage.analysis.budgets import Budget, check_budgets
from circleci_usage.analysis.forecast import Outlook
from circleci_usage.analysis.spending import Spending, spending
from circleci_usage.days import Period, months
from circleci_usage.money.allocation import SHARED, Ownership, TeamRule
from circleci_usage.money.shared_costs import SharedCosts
from costs import costs, line

FEBRUARY, MARCH = months(Period.of_days(date(2026, 2, 1), date(2026, 3, 31)))
TEAMS = Ownership((TeamRule("Web", ("web",)), TeamRule("Apps", ("app",))))


def month(everything: Outlook, **teams: Outlook) -> Spending:
    return Spending(MARCH, MARCH.first, date(2026, 3, 20), everything, teams)


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
    outlook = Outlook(Decimal(spent), None if expected is None else Decimal(expected))

    (found,) = check_budgets([Budget("all", Decimal(100))], month(outlook))

    assert (found.state, found.spent) == (state, Decimal(spent))


def test_a_budget_of_a_team_is_held_against_that_team() -> None:
    spending_of = month(Outlook(Decimal(900)), Web=Outlook(Decimal(30)))

    web, idle = check_budgets([Budget("w", Decimal(40), "Web"), Budget("i", Decimal(0), "Idle")], spending_of)

    assert (web.state, web.spent, web.used) == ("within", Decimal(30), Decimal("0.75"))
    assert (idle.state, idle.spent, idle.used) == ("within", Decimal(0), Decimal(0))


def test_the_month_of_the_last_complete_day_counts() -> None:
    owned = costs(
        line(1, date=date(2026, 2, 28)),
        line(10, date=date(2026, 3, 1)),
        line(100, date=date(2026, 3, 9)),
        line(1000, date=date(2026, 3, 10)),
    )

    found = spending(owned, TEAMS, Period.of_days(date(2026, 2, 20), date(2026, 3, 9)))

    assert (found.month, found.is_whole, found.is_over) == (MARCH, True, False)
    assert found.everything.spent == Decimal("1.10")


def test_data_that_begin_within_the_month_are_told() -> None:
    found = spending(costs(line(1)), TEAMS, Period.of_days(date(2026, 3, 2), date(2026, 3, 31)))

    assert (found.since, found.is_whole, found.is_over) == (date(2026, 3, 2), False, True)


def test_seats_are_spent_and_not_expected_again() -> None:
    seats = line(5000, date=date(2026, 3, 1), credit_type="user")
    known = Period.of_days(date(2026, 2, 15), date(2026, 3, 14))

    found = spending(costs(seats, *(line(100, date=day) for day in known)), TEAMS, known)

    assert found.everything.expected == Decimal(50 + 31)


def test_teams_have_their_share_of_what_is_shared() -> None:
    shared = Ownership(TEAMS.rules, SharedCosts(credit_types=frozenset({"user"})))
    owned = costs(
        line(300, team="Web"),
        line(100, team="Apps"),
        line(1000, team=SHARED, credit_type="user"),
        line(50, team="unallocated"),
    )

    found = spending(owned, shared, MARCH)

    assert {team: outlook.spent for team, outlook in found.teams.items()} == {
        "Web": Decimal("10.50"),
        "Apps": Decimal("3.50"),
        "unallocated": Decimal("0.50"),
    }
    assert sum(outlook.spent for outlook in found.teams.values()) == found.everything.spent


def test_what_is_expected_of_a_team_has_its_share_too() -> None:
    shared = Ownership(TEAMS.rules, SharedCosts(split="even", credit_types=frozenset({"user"})))
    known = Period.of_days(date(2026, 2, 15), date(2026, 3, 14))
    seats = line(1000, date=date(2026, 3, 1), team=SHARED, credit_type="user")

    found = spending(costs(seats, *(line(100, date=day, team="Web") for day in known)), shared, known)

    assert {team: outlook.expected for team, outlook in found.teams.items()} == {"Web": 36, "Apps": 5}
