from collections.abc import Hashable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from circleci_usage.analysis.chargeback import by_team, chargeback
from circleci_usage.core.periods import Period
from circleci_usage.costs.allocation import NO_TEAMS, Ownership, allocated
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts
from usage_lines import credit_lines

SPRING = Period.of_days(date(2026, 3, 10), date(2026, 4, 20))
RULES = (Rule("web", Patterns(projects=("web",))), Rule("api", Patterns(projects=("api",))))
SEATS = frozenset({"user"})


def charged(ownership: Ownership, *lines: dict[str, str], period: Period = SPRING) -> pd.DataFrame:
    return chargeback(
        allocated(price(*credit_lines(*lines), PriceList.flat(Decimal("0.01"))), ownership),
        ownership,
        period,
    )


def rows(lines: pd.DataFrame, *columns: str) -> list[tuple[Any, ...]]:
    return [cells(line, columns) for line in lines.to_dict("records")]


def cells(line: Mapping[Hashable, Any], columns: Sequence[str]) -> tuple[Any, ...]:
    return tuple(line[column] for column in columns)


def line(
    project: str, credits: str, day: str = "2026-03-10", kind: str = "compute"
) -> dict[str, str]:
    return {"project": project, "credits": credits, "date": day, "credit_type": kind}


def test_a_month_is_charged_on_its_own_and_clipped_to_the_period() -> None:
    lines = charged(Ownership(RULES), line("web", "100"), line("api", "50", "2026-04-01"))

    assert rows(lines, "first", "last", "team", "direct") == [
        (date(2026, 3, 10), date(2026, 3, 31), "api", 0),
        (date(2026, 3, 10), date(2026, 3, 31), "web", 1),
        (date(2026, 4, 1), date(2026, 4, 20), "api", Decimal("0.5")),
        (date(2026, 4, 1), date(2026, 4, 20), "web", 0),
    ]


def test_shared_costs_follow_the_direct_costs_of_their_month() -> None:
    ownership = Ownership(RULES, SharedCosts("proportional", SEATS))

    lines = charged(
        ownership,
        line("web", "300"),
        line("api", "100"),
        line("else", "80", kind="user"),
        line("api", "1", "2026-04-01"),
        line("else", "40", "2026-04-02", "user"),
    )

    assert rows(lines, "team", "direct", "shared", "cost") == [
        ("api", 1, Decimal("0.2"), Decimal("1.2")),
        ("web", 3, Decimal("0.6"), Decimal("3.6")),
        ("api", Decimal("0.01"), Decimal("0.4"), Decimal("0.41")),
        ("web", 0, 0, 0),
    ]


def test_what_nobody_owns_takes_no_share_and_comes_last() -> None:
    ownership = Ownership(RULES, SharedCosts("even", SEATS))

    lines = charged(
        ownership,
        line("else", "500"),
        line("else", "3", kind="user"),
        period=Period(SPRING.start, date(2026, 4, 1)),
    )

    assert rows(lines, "team", "direct", "shared") == [
        ("api", 0, Decimal("0.015")),
        ("web", 0, Decimal("0.015")),
        ("unallocated", 5, 0),
    ]


def test_credits_are_split_as_their_cost_is() -> None:
    ownership = Ownership(
        RULES, SharedCosts("fixed", SEATS, weights={"web": Decimal(75), "api": Decimal(25)})
    )

    lines = charged(ownership, line("else", "10", kind="user"))

    assert rows(lines, "team", "credits", "shared")[:2] == [
        ("api", Decimal("2.5"), Decimal("0.025")),
        ("web", Decimal("7.5"), Decimal("0.075")),
    ]


def test_without_teams_everything_is_unallocated() -> None:
    assert rows(charged(NO_TEAMS, line("web", "100")), "team", "cost") == [("unallocated", 1)]


def test_without_usage_there_is_a_line_of_nothing_for_each_team() -> None:
    empty = price(credit_lines({})[0].iloc[:0], 0, PriceList.flat(Decimal(1)))

    lines = chargeback(
        allocated(empty, Ownership(RULES)), Ownership(RULES), Period(SPRING.start, date(2026, 4, 1))
    )

    assert rows(lines, "team", "cost") == [("api", 0), ("web", 0)]


def test_the_teams_are_the_months_summed_up() -> None:
    lines = charged(
        Ownership(RULES), line("web", "100"), line("web", "50", "2026-04-01"), line("api", "50")
    )
    runs = pd.DataFrame(
        {"team": pd.Categorical(["web", "web", "unallocated"]), "job_runs": [1, 2, 4]}
    )

    teams = by_team(lines, runs)

    assert rows(teams.lines, "team", "cost", "direct", "shared", "share", "job_runs") == [
        ("web", Decimal("1.5"), Decimal("1.5"), 0, Decimal("0.75"), 3),
        ("api", Decimal("0.5"), Decimal("0.5"), 0, Decimal("0.25"), 0),
        ("unallocated", 0, 0, 0, 0, 4),
    ]


def test_no_job_runs_of_very_many_teams_are_none() -> None:
    """Pandas numbers the groups of no rows in one byte, however many categories there are."""
    names = [f"t{number:03}" for number in range(300)]
    ownership = Ownership(tuple(Rule(name, Patterns(projects=(name,))) for name in names))
    charges = charged(ownership, line("t299", "100"))
    none = pd.DataFrame({"team": pd.Categorical([], names), "job_runs": np.zeros(0, "int64")})

    teams = by_team(charges, none)

    assert teams.lines["job_runs"].sum() == 0
    assert len(teams.lines) == len(names)
