"""Answers: sums as a plain loop finds them, and what is known of job runs."""

import random
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fnmatch import fnmatchcase
from typing import Any

import pytest

from circleci_usage.core.decimals import ratio, total
from circleci_usage.core.periods import Period
from circleci_usage.explore.answer import Answer, answer
from circleci_usage.explore.question import (
    EXPLORED,
    Filter,
    Question,
    parse_filter,
)
from circleci_usage.explore.words import Granularity, Metric
from cost_lines import FIRST, LAST, PLACES, Line, cost_lines, line, random_lines

ALL_DAYS = Period.of_days(FIRST, LAST)
SUMS = ("credits", "unpriced_credits", "list_cost", "cost")

# As a user writes them, and the same in the words of Python's fnmatch.
PATTERNS = {
    "project": {"web": "web", "web*": "web*", r"a\,b": "a,b", r"\*all": "[*]all", "?": "?"}
    | {r"back\\slash": "back\\slash", "*a*": "*a*"},
    "team": {"payments": "payments", "mobile": "mobile", "(*": "(*"},
    "credit_type": {"compute": "compute", "*": "*", "dlc": "dlc", "storage": "storage"},
    "status": {"failed": "failed", "s*s": "s*s"},
    "job": {"build & test": "build & test", "nothing": "nothing"},
}


class Oracle:
    """The rules of the issue in plain Python: one loop over the lines."""

    def __init__(self, lines: list[Line], question: Question) -> None:
        self.every, self.question = lines, question
        self.lines = [each for each in lines if self.holds(each)]
        self.types = {each["credit_type"] for each in lines}
        self.kept = {name for name in self.types if self.is_kept("credit_type", name)}

    def holds(self, each: Line) -> bool:
        if each["date"] not in self.question.period:
            return False
        return all(self.is_kept(dimension, each[dimension]) for dimension in EXPLORED)

    def is_kept(self, dimension: str, name: str) -> bool:
        mine = [each for each in self.question.where if each.dimension == dimension]
        known = PATTERNS.get(dimension, {})
        included = [known[p] for each in mine if not each.excludes for p in each.patterns]
        excluded = [known[p] for each in mine if each.excludes for p in each.patterns]
        if included and not any(fnmatchcase(name, pattern) for pattern in included):
            return False
        return not any(fnmatchcase(name, pattern) for pattern in excluded)

    def bucket(self, day: date) -> str:
        match self.question.granularity:
            case Granularity.DAY:
                return day.isoformat()
            case Granularity.WEEK:
                return (day - timedelta(days=day.isoweekday() - 1)).isoformat()
            case Granularity.MONTH:
                return day.isoformat()[:7]
        return ""

    def sums(self, lines: list[Line], *, of_group: bool) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for measure, places in PLACES.items():
            found[measure] = total(Decimal(each[measure]).scaleb(-places) for each in lines)
        by_type = of_group and "credit_type" in self.question.by
        if by_type or len(self.kept) == 1 < len(self.types):
            runs, seconds = found["type_runs"], None
        elif self.kept == self.types:
            runs, seconds = found["job_runs"], found["job_seconds"]
        else:
            runs, seconds = None, None
        return {name: found[name] for name in SUMS} | {"job_runs": runs, "job_seconds": seconds}

    def groups(self) -> dict[tuple[str, tuple[str, ...]], dict[str, Any]]:
        grouped: dict[tuple[str, tuple[str, ...]], list[Line]] = defaultdict(list)
        for each in self.lines:
            names = tuple(each[dimension] for dimension in self.question.by)
            grouped[self.bucket(each["date"]), names].append(each)
        return {
            key: self.sums(lines, of_group=True)
            for key, lines in grouped.items()
            if any(each[measure] for each in lines for measure in PLACES)
        }


def random_question(dice: random.Random) -> Question:
    first, last = sorted(dice.choices([*ALL_DAYS], k=2))
    where = []
    for dimension in dice.sample(sorted(PATTERNS), dice.randrange(4)):
        patterns = dice.sample(sorted(PATTERNS[dimension]), dice.randint(1, 2))
        where.append(Filter(dimension, tuple(patterns), excludes=dice.random() < 0.3))
    return Question(
        by=tuple(dice.sample(["team", "project", "credit_type", "job"], dice.randrange(3))),
        where=tuple(where),
        period=Period.of_days(first, last),
        granularity=dice.choice([None, *Granularity]),
        metric=dice.choice([*Metric]),
        top=dice.choice([None, 0, 1, 3]),
    )


def as_dict(amounts: object) -> dict[str, Any]:
    return dict(vars(amounts))


@pytest.mark.parametrize("seed", range(20))
def test_random_questions_are_answered_as_a_plain_loop_does(seed: int) -> None:
    dice = random.Random(seed)
    lines = random_lines(dice, 400)
    asked = cost_lines(lines)
    for _ in range(5):
        question = random_question(dice)
        found, oracle = answer(asked, question), Oracle(lines, question)

        assert as_dict(found.totals) == oracle.sums(oracle.lines, of_group=False), question
        groups = oracle.groups()
        if question.by or question.granularity:
            listed = {(row.bucket, row.names): row for row in found.rows if not row.others}
            assert listed.keys() <= groups.keys()
            for key, row in listed.items():
                assert as_dict(row.amounts) == groups[key], question
            rest = sum(row.others for row in found.rows)
            assert len(listed) + rest == len(groups)
            if question.top is None:
                assert not rest
        check_rows_sum_to_totals(found)


def check_rows_sum_to_totals(found: Answer) -> None:
    for name in SUMS:
        assert total(getattr(row.amounts, name) for row in found.rows) == getattr(
            found.totals, name
        )
    runs = [row.amounts.job_runs for row in found.rows]
    if "credit_type" not in found.question.by and found.totals.job_runs is not None:
        assert sum(filter(None, runs)) == found.totals.job_runs


@pytest.mark.parametrize("metric", Metric)
def test_groups_rank_by_the_metric_and_unknown_ones_come_last(metric: Metric) -> None:
    lines = random_lines(random.Random(7), 300)
    question = Question(by=("job", "project"), period=ALL_DAYS, metric=metric, top=None)

    rows = answer(cost_lines(lines), question).rows

    keys = [(row.amounts.of(metric), row.names) for row in rows]
    assert keys == sorted(
        keys, key=lambda key: (key[0] is None, -(key[0] if key[0] is not None else 0), key[1])
    )


def test_equal_groups_are_in_the_order_of_their_names() -> None:
    lines = [line(project=name) for name in ("b", "é", "B", "a")]

    rows = answer(cost_lines(lines), Question(period=ALL_DAYS)).rows

    assert [row.names for row in rows] == [("B",), ("a",), ("b",), ("é",)]


TYPES = [
    line(credit_type="compute", credits=10),
    line(credit_type="dlc", credits=20, type_runs=1, job_runs=0, job_seconds=0),
    line(credit_type="storage", credits=30, type_runs=0, job_runs=0, job_seconds=0),
]


@pytest.mark.parametrize(
    ("by", "where", "groups", "totals"),
    [
        ("project", "", {"web": (1, 60)}, (1, 60)),
        ("project", "credit_type=*", {"web": (1, 60)}, (1, 60)),
        ("project", "credit_type=dlc", {"web": (1, None)}, (1, None)),
        ("project", "credit_type!=storage", {"web": (None, None)}, (None, None)),
        (
            "credit_type",
            "",
            {"storage": (0, None), "dlc": (1, None), "compute": (1, None)},
            (1, 60),
        ),
        ("credit_type", "credit_type=dlc", {"dlc": (1, None)}, (1, None)),
        (
            "credit_type",
            "credit_type!=storage",
            {"dlc": (1, None), "compute": (1, None)},
            (None, None),
        ),
    ],
)
def test_job_runs_are_known_only_where_each_is_counted_once(
    by: str, where: str, groups: dict[str, Any], totals: tuple[int | None, int | None]
) -> None:
    filters = (parse_filter(where),) if where else ()
    question = Question(by=(by,), where=filters, period=ALL_DAYS, metric=Metric.CREDITS)

    found = answer(cost_lines(TYPES), question)

    assert {
        row.names[0]: (row.amounts.job_runs, row.amounts.job_seconds) for row in found.rows
    } == groups
    assert (found.totals.job_runs, found.totals.job_seconds) == totals


def test_the_rest_of_credit_types_does_not_know_its_runs() -> None:
    question = Question(by=("credit_type",), period=ALL_DAYS, metric=Metric.CREDITS, top=1)

    *_, rest = answer(cost_lines(TYPES), question).rows

    assert (rest.others, rest.amounts.credits, rest.amounts.job_runs) == (2, Decimal(3), None)


def test_ratios_have_six_places() -> None:
    lines = cost_lines([line(cost=1_000_000, job_runs=3, job_seconds=100)])

    totals = answer(lines, Question(period=ALL_DAYS)).totals

    assert totals.of(Metric.COST_PER_RUN) == ratio(Decimal(1), Decimal(3)) == Decimal("0.333333")
    assert totals.of(Metric.RUN_MINUTES) == Decimal("0.166667")
    nothing = answer(cost_lines([line(job_runs=0)]), Question(period=ALL_DAYS)).totals
    assert nothing.of(Metric.COST_PER_RUN) is None


def test_sums_may_be_larger_than_64_bits() -> None:
    large = 2**70
    lines = cost_lines([line(cost=large), line(cost=large), line(cost=large, project="api")])

    found = answer(lines, Question(period=ALL_DAYS))

    assert found.totals.cost == Decimal(3 * large).scaleb(-6)
    assert found.rows[0].amounts.cost == Decimal(2 * large).scaleb(-6)


def test_an_answer_tells_what_is_not_known() -> None:
    gaps = (Period.of_days(date(2026, 9, 25), date(2026, 10, 2)),)
    lines = cost_lines([line(project="web"), line(project="api")], missing=gaps)
    october = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))
    where = (parse_filter("project=wbe,api"), parse_filter("status!=x*"))

    found = answer(lines, Question(where=where, period=october))

    assert [str(gap) for gap in found.missing] == ["2026-10-01 to 2026-10-02"]
    assert [(each.dimension, each.pattern, each.meant) for each in found.unmatched] == [
        ("project", "wbe", "web"),
        ("status", "x*", None),
    ]


def test_nothing_matches() -> None:
    where = (parse_filter("project=nothing"),)

    found = answer(cost_lines([line()]), Question(where=where, period=ALL_DAYS))

    assert not found.rows
    assert found.totals.cost == 0
