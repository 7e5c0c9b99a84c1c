"""What an answer leaves out is said: each kind in a line."""

from datetime import date
from decimal import Decimal

from circleci_usage.cli.cost_notes import cost_warnings, unknown_runs
from circleci_usage.core.periods import Period
from circleci_usage.explore.answer import answer
from circleci_usage.explore.cost_lines import Folded
from circleci_usage.explore.question import Question, parse_where
from cost_lines import cost_lines, line

OCTOBER = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
FOLDED = (Folded("job", "job", 1200, 995, 5), Folded("workflow", "job", 90, 7, 5))


def test_an_answer_with_everything_known_has_nothing_to_say() -> None:
    answered = answer(cost_lines([line()], folded=FOLDED), Question(period=OCTOBER))

    assert [*cost_warnings(answered), *unknown_runs(answered)] == []


def test_each_kind_of_what_is_not_known_is_a_line() -> None:
    gaps = (Period.of_days(date(2026, 9, 1), date(2026, 10, 2)),)
    lines = [line(unpriced_credits=15), line(credit_type="dlc"), line(credit_type="storage")]
    where = parse_where(["credit_type!=storage", "job!=tset\x1b", "job=(none)"])
    question = Question(by=("project",), where=where, period=OCTOBER)

    answered = answer(cost_lines(lines, missing=gaps, folded=FOLDED), question)

    assert answered.totals.unpriced_credits == Decimal("1.5")
    assert [*cost_warnings(answered)] == [
        "The usage of 2026-10-01 to 2026-10-02 is missing: the costs are incomplete.",
        "No price is known for 2 credits: the costs do not include them.",
        (
            "job: it is (smaller lines) for the 995 smallest of 1,200 jobs; export files have"
            " them all."
        ),
        "--where job: nothing is called tset\\x1b.",
    ]
    [why] = unknown_runs(answered)
    assert why.startswith("Job runs are not known: a run may have used several of the credit types")
