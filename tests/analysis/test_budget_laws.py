"""What is always true of budgets: missing days never make one look better than it is."""

from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from circleci_usage.analysis.analyze import AnalysisSettings
from circleci_usage.analysis.budget_scope import BudgetScope
from circleci_usage.analysis.budgets import Budget
from circleci_usage.costs.allocation import Ownership
from circleci_usage.costs.included_credits import IncludedCredits
from circleci_usage.costs.pricing import PriceList, PricePeriod
from circleci_usage.costs.rules import Patterns, Rule
from circleci_usage.costs.shared_costs import SharedCosts, Split
from hypothesis_profiles import examples
from report_factory import MARCH, report_of
from rows import Row, job_run
from sample_reports import project

DAYS = [*MARCH]
PRICES = (PricePeriod(None, None, Decimal("0.001")),)
TEAMS = (Rule("web", Patterns(projects=("web",))), Rule("apps", Patterns(projects=("app",))))
BUDGETS = (
    Budget("all", Decimal(20)),
    Budget("web", Decimal(9), "web"),
    Budget("apps", Decimal(9), "apps"),
    Budget("last week", Decimal(3), per="week"),
    Budget("quarter", Decimal(20), per="quarter"),
    Budget("web this year", Decimal(9), "web", "year"),
    Budget("project", Decimal(9), scope=BudgetScope(project="app")),
    Budget(
        "runs",
        Decimal(20_000),
        per="quarter",
        measure="credits",
        scope=BudgetScope(excluded_credit_types=("user",)),
    ),
    Budget("seats", Decimal(3), "apps", scope=BudgetScope(credit_type="user")),
)

Rows = dict[tuple[date, str], Row]

dollars = st.lists(st.integers(0, 2), min_size=len(DAYS), max_size=len(DAYS))


def rows_of(costs: dict[str, list[int]]) -> Rows:
    """Job runs by their day and project, and seats on some days."""
    rows: Rows = {}
    for name, by_day in costs.items():
        for day, cost in zip(DAYS, by_day, strict=True):
            if cost:
                run = {"JOB_RUN_DATE": str(day), "JOB_ID": f"{day} {name}"}
                seats = name == "seats"
                changes = {"USER_CREDITS": str(5_000 * cost)} if seats else project(name)
                rows[day, name] = job_run("0" if seats else str(1_000 * cost), **run, **changes)
    return rows


def states(rows: Rows, ownership: Ownership, prices: PriceList) -> list[str]:
    analysis = AnalysisSettings(budgets=BUDGETS)
    found = report_of(
        rows.values(), ownership=ownership, analysis=analysis, prices=prices
    ).findings.budgets
    return [budget.state for budget in found]


@given(
    web=dollars,
    app=dollars,
    seats=st.dictionaries(st.integers(0, len(DAYS) - 1), st.integers(1, 2), max_size=2),
    start=st.sampled_from(DAYS),
    split=st.sampled_from(["proportional", "even"]),
    free=st.sampled_from([0, 0, 5_000]),
)
@settings(max_examples=examples(12), deadline=None)
def test_no_budget_looks_better_because_the_first_days_are_missing(
    web: list[int], app: list[int], seats: dict[int, int], start: date, split: Split, free: int
) -> None:
    rows = rows_of(
        {"web": web, "app": app, "seats": [seats.get(day, 0) for day in range(len(DAYS))]}
    )
    known = {(day, who): row for (day, who), row in rows.items() if day >= start}
    ownership = Ownership(TEAMS, SharedCosts(split, frozenset({"user"})))
    prices = PriceList("USD", PRICES, included=IncludedCredits(Decimal(free)) if free else None)

    whole, part = states(rows, ownership, prices), states(known, ownership, prices)

    for of_whole, of_part in zip(whole, part, strict=True):
        assert of_whole != "over" or of_part in {"over", "unknown"}
        assert of_part != "over" or of_whole == "over" or free
