"""What JavaScript computes and writes is what Python does: numbers, names, addresses, lines."""

import random
from base64 import b64encode
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from circleci_usage.core.decimals import plain, ratio
from circleci_usage.core.globs import escaped, escaped_matcher, unescaped
from circleci_usage.core.periods import Period, previous_period
from circleci_usage.core.scaled_integers import to_decimal
from circleci_usage.explore.answer import answer
from circleci_usage.explore.cost_lines import MEASURES, CostLines
from circleci_usage.explore.encoding import encode
from circleci_usage.explore.question import Filter, Question, parse_where, split_patterns
from circleci_usage.explore.words import Granularity, Metric, explored_names
from circleci_usage.render import formatting
from cost_lines import DAYS, made_lines
from javascript import run_module

HALVES = [5, 15, 25, 50, 150, 250, 4_999, 5_000, 5_001, 14_999, 15_000, 99_999, 100_000]
COUNTS = [
    *(sign * count for count in [0, 1, *HALVES] for sign in (1, -1)),
    *(10**size + end for size in range(2, 20, 3) for end in (-1, 0, 1, 5)),
    *(-(10**size) * 5 for size in range(1, 20, 4)),
]

SHOW = """
import { exact, money, percent, percentChange, wholeNumber } from "MODULES/numbers.js";
const shown = given.map(([text, other, places, currency]) => {
  const [count, whole] = [BigInt(text), BigInt(other)];
  return [
    exact(count, places),
    money(count, places, currency),
    wholeNumber(count, places),
    percent(count, whole),
    percentChange(count, whole),
  ];
});
process.stdout.write(JSON.stringify(shown));
"""


def test_numbers_are_shown_as_on_the_other_page() -> None:
    chance = random.Random(18)
    wholes = [*range(1, 8), -3, 1_000, 10**9, 10**30]
    cases = [
        (count, chance.choice(wholes), places, chance.choice(["USD", "EUR", "GBP", "CHF"]))
        for count in COUNTS
        for places in (0, 2, 3, 7, 18)
    ]

    shown = run_module(SHOW, [(str(count), str(whole), *rest) for count, whole, *rest in cases])

    for (count, whole, places, currency), texts in zip(cases, shown, strict=True):
        assert texts == as_python_shows(count, whole, places, currency), (count, whole, places)


COMPARE = """
import { formatDay, parseDay, previousRange } from "MODULES/days.js";
const ranges = given.map(([first, last]) => previousRange(parseDay(first), parseDay(last)));
process.stdout.write(JSON.stringify(ranges.map((range) => range.map(formatDay))));
"""


def test_the_previous_period_is_that_of_the_report() -> None:
    chance = random.Random(18)
    starts = [date(2024, month, 1) for month in range(1, 13)]
    starts += [date(2023, 1, 1) + timedelta(days=chance.randrange(900)) for _ in range(60)]
    lengths = (1, 7, 8, 28, 29, 30, 31, 90, 366)
    periods = [Period(start, start + timedelta(days=days)) for start in starts for days in lengths]

    ranges = run_module(COMPARE, [(str(each.first), str(each.last)) for each in periods])

    expected = [previous_period(each) for each in periods]
    assert ranges == [[str(each.first), str(each.last)] for each in expected]


def as_python_shows(count: int, whole: int, places: int, currency: str) -> list[str]:
    amount = to_decimal(count, places)
    change = formatting.percent_change(ratio(Decimal(count - whole), Decimal(whole)))
    return [
        plain(amount),
        formatting.money(amount, currency),
        formatting.number(amount),
        formatting.percent(ratio(Decimal(count), Decimal(whole))),
        "no change" if count == whole else change,
    ]


NAMES = """
import { isLiteral, literal, matcherOf, plainOf, splitAtCommas } from "MODULES/names.js";
const [patterns, names] = given;
process.stdout.write(JSON.stringify({
  matches: patterns.map((pattern) => names.map(matcherOf([pattern]))),
  plain: patterns.map((pattern) => (isLiteral(pattern) ? plainOf(pattern) : null)),
  escaped: names.map(literal),
  split: patterns.map(splitAtCommas),
}));
"""


def test_patterns_match_what_they_match_in_a_terminal() -> None:
    chance = random.Random(18)
    signs = ["a", "b", "*", "?", "\\", ",", "\n", "é", "😀", "."]
    texts = ["".join(chance.choices(signs, k=chance.randint(0, 7))) for _ in range(300)]
    names = ["".join(chance.choices([*"ab", *signs], k=chance.randint(0, 5))) for _ in range(80)]

    found = run_module(NAMES, [texts, names])

    for text, matches in zip(texts, found["matches"], strict=True):
        assert matches == [*map(escaped_matcher([text]), names)], text
    assert found["plain"] == [unescaped(text) for text in texts]
    assert found["escaped"] == [escaped(name) for name in names]
    assert found["split"] == [[*filter(None, split_patterns(text))] for text in texts]


LINES = """
import { decodeDataset } from "MODULES/dataset.js";
const dataset = await decodeDataset(given);
const text = ({ limbs, bits }, line) =>
  String(limbs.reduce((sum, limb, i) => sum + (BigInt(limb[line]) << BigInt(bits * i)), 0n));
const lines = Array.from({ length: dataset.lines }, (_, line) => [
  dataset.starts.findIndex((start) => start > line) - 1,
  ...[...dataset.dimensions.values()].map(({ values, codes }) => values[codes[line]]),
  ...[...dataset.measures.values()].map((measure) => text(measure, line)),
]);
const limbs = [...dataset.measures.values()].map((measure) => measure.limbs.length);
process.stdout.write(JSON.stringify({ lines, limbs, folded: dataset.folded }));
"""


def test_lines_are_decoded_to_the_last_digit() -> None:
    amounts = [0, -1, 127, 128, -128, -129, 2**53 + 1, -(2**63), 2**63, 10**40, -(10**40)]
    rows = [
        {"date": date(2026, 3, 1 + n), "job": f"job {n}\n😀", "cost": amount, "credits": 2**40 + n}
        for n, amount in enumerate(amounts)
    ]
    made = made_lines(rows)

    found = run_module(LINES, encoded(made))

    assert found["lines"] == [*as_lists(made)]
    assert dict(zip(MEASURES, found["limbs"], strict=True))["cost"] > 1


def test_many_values_and_lines_are_decoded() -> None:
    rows = [
        {"date": date(2026, 3, 1 + n // 100), "job": f"job {n}", "job_runs": n}
        for n in range(3_000)
    ]
    made = made_lines(rows)

    found = run_module(LINES, encoded(made))

    assert found["lines"] == [*as_lists(made)]
    assert set(found["limbs"]) == {1}


def encoded(lines: CostLines) -> str:
    return b64encode(encode(lines)).decode()


def as_lists(lines: CostLines) -> list[list[object]]:
    days = [(moment.date() - DAYS.first).days for moment in lines.counts["date"]]
    names = [[*map(str, lines.counts[name])] for name in explored_names()]
    counts = [[*map(str, lines.counts[name].tolist())] for name in MEASURES]
    return [[*line] for line in zip(days, *names, *counts, strict=True)]


ADDRESSES = """
import { decodeDataset } from "MODULES/dataset.js";
import { readAddress, writeAddress } from "MODULES/question.js";
const [data, addresses] = given;
const dataset = await decodeDataset(data);
const written = addresses.map((address) => {
  const { question, unknown } = readAddress(address, dataset);
  return [writeAddress(question, dataset, true), unknown];
});
process.stdout.write(JSON.stringify(written));
"""


def test_addresses_of_a_terminal_are_read_and_written_the_same() -> None:
    hostile = tuple(map(escaped, ["a,b", "50% & more", "#1+=?", "\\", "ünï 😀", '"<>`{|}^~!()/:@']))
    filters = parse_where(["job=test,lint*", r"team!=a\,b"])
    questions = [
        Question(period=DAYS),
        Question(period=DAYS, by=(), top=5, metric=Metric.RUN_MINUTES),
        Question(period=DAYS, by=("team", "job"), where=filters, granularity=Granularity.WEEK),
        Question(period=DAYS, where=(Filter("branch", hostile, excludes=True),)),
    ]
    addresses = [question.address() for question in questions]

    written = run_module(ADDRESSES, [encoded(made_lines([])), addresses])

    assert written == [[address, []] for address in addresses]


ANSWERS = """
import { ask, restOf } from "MODULES/answer.js";
import { decodeDataset } from "MODULES/dataset.js";
import { readAddress } from "MODULES/question.js";
const [data, addresses] = given;
const dataset = await decodeDataset(data);
const listed = ({ names, amounts }) => [names, ...Object.values(amounts).map(String)];
const answers = addresses.map((address) => {
  const { question } = readAddress(address, dataset);
  const { rows, totals } = ask(dataset, question);
  // As a terminal has them: the groups by both dimensions.
  const groups = question.by.length > 1 ? rows.flatMap((row) => row.children) : rows;
  const found = groups.map(listed).sort();
  return [Object.values(totals).map(String), found];
});
process.stdout.write(JSON.stringify(answers));
"""


def test_answers_are_those_of_a_terminal() -> None:
    chance = random.Random(18)
    made = made_lines(sorted(random_rows(chance, 400), key=lambda row: row["date"]))
    questions = [random_question(chance) for _ in range(60)]

    found = run_module(ANSWERS, [encoded(made), [each.address() for each in questions]])

    for question, (totals, groups) in zip(questions, found, strict=True):
        expected = answer(made, question)
        assert totals == as_counts(expected.totals, made), question.address()
        rows = [[[*row.names], *as_counts(row.amounts, made)] for row in expected.rows]
        assert sorted(groups) == sorted(rows), question.address()


def random_rows(chance: random.Random, how_many: int) -> list[dict[str, Any]]:
    names = {
        "team": ["a", "b", "c"],
        "job": [f"job {n}" for n in range(12)],
        "credit_type": ["compute", "storage", "network"],
        "status": ["success", "failed"],
    }
    found = {}
    for _ in range(how_many):
        row: dict[str, Any] = {name: chance.choice(values) for name, values in names.items()}
        row["date"] = date(2026, 3, chance.randint(1, 31))
        found[tuple(row.values())] = row | {
            name: chance.choice([0, 1, chance.randint(-(2**60), 2**66)]) for name in MEASURES
        }
    return [*found.values()]


def random_question(chance: random.Random) -> Question:
    filters = ["team=a,b", "team!=b", "job=job 1*", "job!=job ?", "status=failed", "status!=f*"]
    types = ["credit_type=compute", "credit_type=*", "credit_type!=network", "credit_type=none"]
    first, last = sorted(chance.choices(range(1, 32), k=2))
    return Question(
        by=chance.choice([("team",), ("job", "team"), ("credit_type",), ("team", "credit_type")]),
        where=parse_where(chance.sample([*filters, *types], k=chance.randint(0, 3))),
        period=Period.of_days(date(2026, 3, first), date(2026, 3, last)),
        top=None,
    )


def as_counts(amounts: Any, lines: CostLines) -> list[str]:
    """Amounts as whole numbers, in the order in which JavaScript has them."""
    names = ("credits", "unpriced_credits", "list_cost", "cost", "job_runs", "job_seconds")
    values = [(getattr(amounts, name), lines.places[name]) for name in names]
    return ["null" if value is None else str(int(value * 10**places)) for value, places in values]
