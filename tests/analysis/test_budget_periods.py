"""Budgets by week, quarter and year, for parts of the costs and in credits, against sums in CSV."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.analysis.budget_periods import Per, budget_period
from circleci_usage.analysis.budget_scope import BudgetScope, costs_in
from circleci_usage.analysis.budgets import Budget, BudgetState
from circleci_usage.analysis.month_to_date import month_to_date
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import NO_TEAMS, SHARED, Ownership
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from circleci_usage.costs.tags import tag_column
from circleci_usage.report import Report
from handmade_costs import cost_line, costs_of
from hypothesis_profiles import examples
from report_factory import report_from_settings
from rows import Row, job_run

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 25, 13, tzinfo=UTC)
YEAR = Period.of_days(date(2026, 1, 1), TODAY)
CENT = Decimal("0.01")

SETTINGS = """\
pricing: [{from: 2025-01-01, price_per_credit: 0.001}]
teams:
  - {name: web, projects: [web], budget: {per: quarter, amount: 40, exclude_credit_types: [user]}}
  - {name: apps, projects: ["app-*"]}
shared_costs: {credit_types: [user]}
tags: {product: [{value: shop, projects: [web, "app-2"]}, {value: app, projects: ["app-*"]}]}
budgets:
  - {name: week, per: week, amount: 10}
  - {name: month, per: month, amount: 100}
  - {name: quarter, per: quarter, amount: 100}
  - {name: year, per: year, amount: 100}
  - {name: apps, per: year, project: "acme/app-?", amount: 100}
  - {name: seats, per: year, credit_type: user, credits: 30000}
  - {name: credits, per: week, exclude_credit_types: [user], credits: 5000, thresholds: [10, 50.5]}
  - {name: others, per: month, organization: "other*", amount: 1}
  - {name: shop, per: month, tag: {product: shop}, amount: 100}
  - {name: web seats, per: year, team: web, credit_type: user, amount: 100}
"""

HEADER = ("day", "project", "kind", "credits")


def written_usage() -> str:
    """Made apart from the code under test: a job run per project and day, and monthly seats."""
    lines = [",".join(HEADER)]
    for number, day in enumerate(YEAR):
        lines.append(f"{day},web,compute,{500 + number % 7}")
        lines.append(f"{day},app-1,compute,{300 + number % 5}")
        if day.day == 3:
            lines.append(f"{day},web,user,1500")
    return "\n".join(lines)


USAGE = [*csv.DictReader(io.StringIO(written_usage()))]


def row(line: dict[str, str], number: int) -> Row:
    kind = {"USER_CREDITS": line["credits"]} if line["kind"] == "user" else {}
    compute = "0" if kind else line["credits"]
    names = {"PROJECT_NAME": line["project"], "PROJECT_ID": f"id of {line['project']}"}
    return job_run(compute, JOB_RUN_DATE=line["day"], JOB_ID=str(number), **names, **kind)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Report:
    folder: Path = tmp_path_factory.mktemp("budgets")
    november = Period.of_days(date(2026, 11, 1), TODAY)
    rows = [row(line, number) for number, line in enumerate(USAGE)]
    return report_from_settings(folder, rows, SETTINGS, period=november, now=NOW)


@pytest.fixture(scope="module")
def states(report: Report) -> dict[str, BudgetState]:
    return {state.budget.name: state for state in report.findings.budgets}


def summed(first: date, counts: Callable[[dict[str, str]], bool] = lambda _: True) -> Decimal:
    """The credits of the lines since a day that count."""
    lines = [line for line in USAGE if line["day"] >= str(first) and counts(line)]
    return sum((Decimal(line["credits"]) for line in lines), Decimal(0))


def dollars(credits: Decimal) -> Decimal:
    return credits / 1000


MONDAY, NOVEMBER, OCTOBER, JANUARY = (
    date(2026, 11, 23),
    date(2026, 11, 1),
    date(2026, 10, 1),
    date(2026, 1, 1),
)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("week", MONDAY, date(2026, 11, 29)),
        ("month", NOVEMBER, date(2026, 11, 30)),
        ("quarter", OCTOBER, date(2026, 12, 31)),
        ("year", JANUARY, date(2026, 12, 31)),
    ],
)
def test_what_is_spent_is_the_sum_of_the_days(
    states: dict[str, BudgetState], name: str, first: date, last: date
) -> None:
    state = states[name]

    assert state.month_to_date.month == Period.of_days(first, last)
    assert state.month_to_date.missing == ()
    assert state.spent == dollars(summed(first))


def test_a_budget_counts_what_is_in_its_scope(states: dict[str, BudgetState]) -> None:
    assert states["apps"].spent == dollars(summed(JANUARY, lambda at: at["project"] == "app-1"))
    assert states["seats"].spent == summed(JANUARY, lambda at: at["kind"] == "user") == 11 * 1500
    assert states["credits"].spent == summed(MONDAY, lambda at: at["kind"] != "user")
    assert states["others"].spent == 0
    assert states["shop"].spent == dollars(summed(NOVEMBER, lambda at: at["project"] == "web"))
    of_web = summed(OCTOBER, lambda at: (at["project"], at["kind"]) == ("web", "compute"))
    assert states["web"].spent == dollars(of_web)


def test_shared_costs_of_a_year_are_split_as_each_month_is_booked(
    states: dict[str, BudgetState],
) -> None:
    """A month's seats go by the direct costs of that month, whatever else a budget leaves out."""
    share = Decimal(0)
    for month in range(1, 12):
        of_month = [line for line in USAGE if line["day"].startswith(f"2026-{month:02}")]
        by_kind = {
            project: sum(
                Decimal(line["credits"])
                for line in of_month
                if (line["project"], line["kind"]) == (project, "compute")
            )
            for project in ("web", "app-1")
        }
        share += Decimal("1.5") * by_kind["web"] / sum(by_kind.values())

    # A month's share is apportioned to the millionth.
    assert abs(states["web seats"].spent - share) < 11 * Decimal("0.000001")
    teams = states["web seats"].month_to_date.teams
    assert sum(forecast.spent for forecast in teams.values()) == Decimal("16.5")


def test_seats_to_come_are_part_of_the_forecast(states: dict[str, BudgetState]) -> None:
    assert states["seats"].expected == 12 * 1500
    assert states["month"].expected is not None
    assert states["quarter"].expected is not None
    assert states["quarter"].spent + Decimal("1.5") < states["quarter"].expected
    days_left = {"week": 5, "month": 6, "quarter": 37}
    for name, days in days_left.items():
        ahead = states[name].expected
        assert ahead is not None
        seats = Decimal("1.5") if name == "quarter" else 0
        daily = (ahead - states[name].spent - seats) / days
        assert Decimal("0.80") < daily < Decimal("0.81")


def test_thresholds_are_reached_to_the_last_digit(states: dict[str, BudgetState]) -> None:
    reached = {name: [*map(int, state.thresholds_reached)] for name, state in states.items()}

    assert (reached["seats"], states["seats"].forecast_over) == ([50], False)
    assert reached["others"] == []
    # 1,600 and some credits of 5,000 on two days.
    assert reached["credits"] == [10]
    assert (reached["year"], states["year"].forecast_over) == ([50, 80, 100], True)
    assert states["year"].state == "over"


@pytest.mark.parametrize(
    ("spent", "reached"), [("0", []), ("49.99", []), ("50", [50]), ("100", [50, 80, 100])]
)
def test_a_threshold_is_reached_when_as_much_is_spent(spent: str, reached: list[int]) -> None:
    costs = costs_of(cost_line(int(Decimal(spent) / CENT)))
    known = Period.of_days(date(2026, 3, 1), date(2026, 3, 31))
    found = month_to_date(costs, NO_TEAMS, known)

    state = BudgetState(Budget("all", Decimal(100)), found, found.everything, "within")

    assert [*map(int, state.thresholds_reached)] == reached


PERS: tuple[Per, ...] = ("week", "month", "cycle", "quarter", "year")


@given(
    per=st.sampled_from(PERS),
    day=st.dates(date(2012, 1, 1), date(2100, 1, 1)),
    cycle_day=st.integers(1, 31),
)
def test_periods_have_every_day_once(per: Per, day: date, cycle_day: int) -> None:
    period = budget_period(per, day, cycle_day)

    assert day in period
    assert {budget_period(per, each, cycle_day) for each in period} == {period}
    after = budget_period(per, period.stop, cycle_day)
    assert (after.start, len(period) <= 366) == (period.stop, True)
    if per == "week":
        assert (period.first.weekday(), len(period)) == (0, 7)


costs_by_day = st.lists(st.integers(0, 300), min_size=120, max_size=120)


@settings(max_examples=examples(20), deadline=None)
@given(own=costs_by_day, other=costs_by_day, split=st.sampled_from(["proportional", "even"]))
def test_teams_sum_to_everything_in_a_quarter(own: list[int], other: list[int], split: str) -> None:
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(120)]
    lines = [
        cost_line(cents, date=day, team=team)
        for team, of_team in (("web", own), (SHARED, other))
        for day, cents in zip(days, of_team, strict=True)
    ]
    rules = tuple(Rule(team, Patterns(projects=(team,))) for team in ("web", "apps"))
    ownership = Ownership(rules, SharedCosts(split, frozenset({"user"})))  # type: ignore[arg-type]
    quarter = Period.of_days(date(2026, 4, 1), date(2026, 6, 30))

    found = month_to_date(
        costs_of(*lines), ownership, Period.of_days(days[0], days[-1]), month=quarter
    )

    assert sum(team.spent for team in found.teams.values()) == found.everything.spent


def test_a_scope_is_everything_that_it_names() -> None:
    costs = costs_of(
        cost_line(1, organization="acme", project="web"),
        cost_line(10, organization="acme", project="web", credit_type="storage"),
        cost_line(100, organization="acme", project="api"),
        cost_line(1000, organization="other", project="web"),
    )
    product = ["shop", "shop", "(none)", "shop"]
    tagged = costs.lines.assign(**{tag_column("product"): product})
    tagged[tag_column("product")] = tagged[tag_column("product")].astype("category")
    costs = type(costs)(tagged, costs.credit_places, costs.price_places)

    def cents(**scope: object) -> int:
        wanted = BudgetScope(**scope)  # type: ignore[arg-type]
        return int(costs_in(costs, [wanted])[wanted].lines["cost"].sum())

    assert cents() == 1111
    assert cents(organization="acme") == 111
    assert (cents(project="web"), cents(project="acme/web"), cents(project="*/w?b")) == (
        1011,
        11,
        1011,
    )
    assert cents(credit_type="storage", project="web") == 10
    assert cents(excluded_credit_types=("storage",), project="acme/*") == 101
    assert cents(tags=(("product", "shop"),), organization="acme") == 11
    assert cents(tags=(("product", "elsewhere"),)) == 0


def test_too_far_ahead_nothing_is_forecast() -> None:
    """In February, four weeks of data say nothing about the year, and little of the quarter."""
    known = Period.of_days(date(2026, 1, 1), date(2026, 2, 4))
    costs = costs_of(*(cost_line(100, date=day) for day in known))

    def ahead(per: Per) -> tuple[bool, bool]:
        found = month_to_date(costs, NO_TEAMS, known, month=budget_period(per, known.last))
        return found.everything.expected is not None, found.everything.low is not None

    assert [ahead(per) for per in PERS if per != "cycle"] == [
        (True, True),
        (True, True),
        (False, False),
        (False, False),
    ]
