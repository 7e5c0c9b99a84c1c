"""The oracle of the explorer itself, on four job runs that a pencil can sum up."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from circleci_usage.schema.export_columns import EXPORT_COLUMNS
from explorer_export import CONTRACT, FIRST, LAST, PERIOD, RULES, difficult_jobs
from explorer_oracle import DIMENSIONS, Amounts, Filter, Question, Usage, matches, previous, usage
from explorer_questions import address, literal, random_questions
from oracle import NULL, Contract, Price, Rule
from rows import job_run

Job = dict[str, str]
MARCH = (date(2026, 3, 1), date(2026, 3, 31))
PRICES = Contract([Price(date(2026, 1, 1), date(2026, 3, 20), Decimal("0.01"))], Decimal("0.02"))


def run(compute: str, day: str, /, **changes: str) -> Job:
    row = job_run(compute, JOB_RUN_DATE=f"2026-{day}", **changes)
    return dict(zip(EXPORT_COLUMNS, row, strict=True))


def four_runs() -> Usage:
    """10 and 5 credits of web, of these 3 of storage; a failed run; seats without a price."""
    nothing = dict.fromkeys(("PROJECT_ID", "PROJECT_NAME", "JOB_NAME", "WORKFLOW_NAME"), NULL)
    jobs = [
        run("10", "03-02"),
        run("2", "03-03", STORAGE_CREDITS="3", VCS_BRANCH="main"),
        run("0", "03-03", JOB_BUILD_STATUS="failed", JOB_RUN_SECONDS=NULL),
        run("0", "03-21", **nothing, USER_CREDITS="100"),
        run("7", "02-09"),
    ]
    days = date(2026, 2, 9), MARCH[1]
    return usage(jobs, PRICES, [Rule("shop", ["web"], branches=["main"])], days=days, period=MARCH)


def credits_cost_runs(amounts: Amounts) -> list[object]:
    return [amounts.credits, amounts.cost, amounts.job_runs]


def test_totals_have_each_run_once_and_no_cost_without_a_price() -> None:
    totals = four_runs().answer(Question()).totals

    assert credits_cost_runs(totals) == [115, Decimal("0.15"), 4]
    assert totals.unpriced_credits == 100
    assert totals.list_cost == Decimal("0.30")
    assert totals.of("run_minutes") == 3
    assert totals.of("cost_per_run") == Fraction(15, 400)


@pytest.mark.parametrize(
    ("by", "expected"),
    [
        (["project"], {("web",): (15, "0.15", 3), ("User seats",): (100, "0", 1)}),
        (["team"], {("shop",): (5, "0.05", 1), ("unallocated",): (110, "0.1", 3)}),
        (["status"], {("success",): (115, "0.15", 3), ("failed",): (0, "0", 1)}),
        (
            ["credit_type"],
            {
                ("compute",): (12, "0.12", 2),
                ("storage",): (3, "0.03", 1),
                ("user",): (100, "0", 1),
                ("(none)",): (0, "0", 0),
            },
        ),
        (
            ["team", "credit_type"],
            {
                ("shop",): (5, "0.05", 1),
                ("unallocated",): (110, "0.1", 3),
                ("shop", "compute"): (2, "0.02", 1),
                ("shop", "storage"): (3, "0.03", 1),
                ("unallocated", "compute"): (10, "0.1", 1),
                ("unallocated", "user"): (100, "0", 1),
                ("unallocated", "(none)"): (0, "0", 0),
            },
        ),
    ],
)
def test_groups(by: list[str], expected: dict[tuple[str, ...], tuple[int, str, int]]) -> None:
    groups = four_runs().answer(Question(by)).groups

    shown = {names: credits_cost_runs(amounts) for names, amounts in groups.items()}
    assert shown == {
        names: [credits, Decimal(cost), runs] for names, (credits, cost, runs) in expected.items()
    }


@pytest.mark.parametrize(
    ("patterns", "runs"), [(["storage"], 1), (["storage", "compute"], None), (["*"], 4)]
)
def test_job_runs_of_credit_types(patterns: list[str], runs: int | None) -> None:
    totals = four_runs().answer(Question((), [Filter("credit_type", patterns)])).totals

    assert totals.job_runs == runs
    assert (totals.seconds is None) is (patterns != ["*"])


def test_conditions_on_a_dimension_add_up_and_exclusions_win() -> None:
    where = [
        Filter("project", ["w?b", "User*"]),
        Filter("project", ["web"], excludes=True),
        Filter("team", ["*"]),
    ]

    groups = four_runs().answer(Question(["project"], where)).groups

    assert [*groups] == [("User seats",)]


def test_a_comparison_needs_days_that_are_all_known() -> None:
    known = four_runs()
    week = date(2026, 3, 2), date(2026, 3, 8)
    late = date(2026, 2, 16), date(2026, 2, 22)
    question = Question(["project"], (), late, compare="previous")

    before = known.compared_days(question)

    assert before == (date(2026, 2, 9), date(2026, 2, 15))
    assert known.answer(question, before).groups["web",].credits == 7
    assert known.compared_days(Question((), (), week, compare="year")) is None
    assert known.compared_days(Question((), (), MARCH, compare="previous")) is None


def test_the_days_before() -> None:
    assert previous(MARCH) == (date(2026, 2, 1), date(2026, 2, 28))
    assert previous((date(2026, 1, 1), MARCH[1])) == (date(2025, 10, 1), date(2025, 12, 31))
    assert previous((date(2026, 3, 9), date(2026, 3, 18))) == (date(2026, 2, 27), date(2026, 3, 8))


def test_literal_patterns_match_their_name_alone() -> None:
    names = {name for values in (["a*b", "aXb", "\\", "\\*", "a,b", "?", "x"],) for name in values}
    for name in names:
        assert {each for each in names if matches(each, [literal(None, name)])} == {name}


def test_an_address_is_readable_and_keeps_commas_apart() -> None:
    where = [Filter("job", ["a\\,b", "x*"]), Filter("status", ["ok"], excludes=True)]
    asked = Question(["team"], where)

    assert address(asked) == "by=team&job=a%5C,b,x*&status!=ok&metric=cost&top=20"


def test_random_questions_are_varied_and_mostly_have_answers() -> None:
    days = FIRST, LAST
    known = usage(difficult_jobs(), CONTRACT, RULES, days=days, period=PERIOD)
    questions = random_questions(known, 200)

    answers = [known.answer(each) for each in questions]

    assert {name for each in questions for name in each.by} == {*DIMENSIONS}
    assert sum(bool(each.totals.credits) for each in answers) > 100
    assert sum(known.compared_days(each) is not None for each in questions) > 20
