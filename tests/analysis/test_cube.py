from decimal import Decimal

from circleci_usage.analysis.cube import MAX_LINES, SMALLER, cube
from circleci_usage.costs.allocation import NO_TEAMS, allocated
from circleci_usage.costs.costs import Costs
from circleci_usage.costs.pricing import PriceList, price
from circleci_usage.schema.export_columns import BRANCH_GROUP
from usage_lines import credit_lines


def costs(*lines: dict[str, str]) -> Costs:
    return allocated(price(*credit_lines(*lines), PriceList.flat(Decimal("0.5"))), NO_TEAMS)


def test_a_line_is_a_combination_of_all_names_over_all_days() -> None:
    lines = cube(
        costs(
            {"credits": "3"},
            {"credits": "4", "date": "2026-03-03"},
            {"credits": "8", "status": "failed"},
        )
    )

    assert lines[
        ["status", "trigger", "team", "credits", "cost", "job_runs", "lines"]
    ].to_numpy().tolist() == [
        ["failed", "webhook", "unallocated", 8, 4, 1, 1],
        ["success", "webhook", "unallocated", 7, Decimal("3.5"), 2, 1],
    ]


def test_too_many_lines_are_summed_up_by_project_type_and_team() -> None:
    names = [{"job": f"job {number}", "credits": str(10 - number)} for number in range(9)]
    many = costs(*names, {"job": "seats", "credits": "1", "credit_type": "user"})

    lines = cube(many, max_lines=2)

    assert lines[["credit_type", "job", "credits", "lines"]].to_numpy().tolist() == [
        ["compute", "job 0", 10, 1],
        ["compute", "job 1", 9, 1],
        ["compute", SMALLER, 35, 7],
        ["user", SMALLER, 1, 1],
    ]
    assert lines["cost"].sum() == many.total("cost")


def test_as_many_lines_as_allowed_stay_as_they_are() -> None:
    assert SMALLER not in cube(costs({}, {"job": "lint"}), max_lines=2)["job"].tolist()
    assert MAX_LINES < 2**20


def test_branches_are_the_groups_that_the_usage_knows() -> None:
    assert cube(costs({BRANCH_GROUP: "main\nma*"}))["branch"].tolist() == ["main, ma*"]
