"""Random questions to the explorer, and their addresses."""

import random
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from urllib.parse import quote

from explorer_oracle import DIMENSIONS, METRICS, Days, Filter, Question, Usage, next_month

READABLE = "*,()/:!@=?;'"
"""What needs no percent sign in an address."""


def random_questions(usage: Usage, count: int, seed: int = 18) -> list[Question]:
    """As many questions, always the same ones for a seed."""
    dice = random.Random(seed)
    return [_question(dice, usage) for _ in range(count)]


def _question(dice: random.Random, usage: Usage) -> Question:
    by = dice.sample(DIMENSIONS, dice.choice([0, 1, 1, 1, 2, 2]))
    where = [_filter(dice, usage.values) for _ in range(dice.choice([0, 0, 1, 1, 2, 3]))]
    return Question(
        by,
        where,
        _days(dice, usage),
        metric=dice.choice(METRICS),
        compare=dice.choice(["", "", "previous", "year"]),
        granularity=dice.choice(["", "day", "week", "month"]),
        top=dice.choice([1, 3, 5, 10, 20, 50]),
        sort=dice.choice(["", "", "", "credits", "job_runs", *by[:1]]),
        ascending=dice.random() < 0.2,
    )


def _days(dice: random.Random, usage: Usage) -> Days | None:
    first, last = usage.days
    start = first + timedelta(days=dice.randrange((last - first).days + 1))
    match dice.randrange(5):
        case 0:
            return None
        case 1:
            return start, start
        case 2:
            month = start.replace(day=1)
            return month, next_month(month) - timedelta(days=1)
        case 3:
            return date(2020, 1, 1), start
        case _:
            return start, min(last, start + timedelta(days=dice.randrange(120)))


def _filter(dice: random.Random, values: Mapping[str, Sequence[str]]) -> Filter:
    dimension = dice.choice(DIMENSIONS)
    some = dice.choices(values[dimension], k=dice.choice([1, 1, 2, 4]))
    patterns = [dice.choice([literal, literal, _glob])(dice, name) for name in some]
    return Filter(dimension, patterns, excludes=dice.random() < 0.4)


def literal(_dice: random.Random | None, name: str) -> str:
    """The pattern that matches this name alone."""
    return re.sub(r"([\\*?,])", r"\\\1", name)


def _glob(dice: random.Random, name: str) -> str:
    """A pattern with wildcards in place of a part of the name."""
    begin = dice.randrange(len(name) + 1)
    end = dice.randrange(begin, len(name) + 1)
    before, after = literal(None, name[:begin]), literal(None, name[end:])
    return before + dice.choice(["*", "*", "?" * (end - begin), "**"]) + after


def address(question: Question) -> str:
    """What stands after `#`."""
    parts = [f"by={','.join(question.by)}"]
    parts += [_condition(each) for each in question.where]
    if question.days:
        parts += [f"from={question.days[0]}", f"to={question.days[1]}"]
    if question.granularity:
        parts.append(f"granularity={question.granularity}")
    parts += [f"metric={question.metric}", f"top={question.top}"]
    parts += [f"compare={question.compare}"] if question.compare else []
    parts += [f"sort={question.sort}"] if question.sort else []
    parts += ["order=asc"] if question.ascending else []
    return "&".join(parts)


def _condition(each: Filter) -> str:
    values = ",".join(quote(glob, READABLE) for glob in each.patterns)
    return f"{each.dimension}{'!' if each.excludes else ''}={values}"


def arguments(question: Question) -> Sequence[str]:
    """The same question to `circleci-usage costs`, by metric and days but without comparison."""
    given = ["--by", ",".join(question.by)] if question.by else ["--by", ""]
    for each in question.where:
        sign = "!=" if each.excludes else "="
        given += ["--where", f"{each.dimension}{sign}{','.join(each.patterns)}"]
    if question.days:
        given += ["--from", str(question.days[0]), "--to", str(question.days[1])]
    return [*given, "--metric", question.metric]
