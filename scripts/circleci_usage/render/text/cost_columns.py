"""The columns of an answer as people read them, on a terminal and in Markdown alike."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from circleci_usage.core.decimals import ratio
from circleci_usage.core.plurals import counted, enumerated
from circleci_usage.explore.amounts import Amounts
from circleci_usage.explore.answer import Answer, Row
from circleci_usage.explore.cost_lines import explored_dimensions
from circleci_usage.explore.words import Granularity, Metric, explored_name
from circleci_usage.render.formatting import days, money, number, percent
from circleci_usage.render.view.breakdown_lines import cost_shown

_LABELS: Final = {explored_name(each.name): each.label for each in explored_dimensions()}

METRICS: Final = {
    Metric.COST: "Cost",
    Metric.CREDITS: "Credits",
    Metric.LIST_COST: "List cost",
    Metric.JOB_RUNS: "Job runs",
    Metric.RUN_MINUTES: "Run minutes",
    Metric.COST_PER_RUN: "Cost per run",
}
BUCKETS: Final = {Granularity.DAY: "Day", Granularity.WEEK: "Week of", Granularity.MONTH: "Month"}

ALWAYS: Final = (Metric.COST, Metric.CREDITS, Metric.JOB_RUNS)
"""The metrics that are shown whatever is asked."""

NOT_KNOWN: Final = "not known"
TOTAL: Final = "Total"

_OF_MONEY: Final = {Metric.LIST_COST, Metric.COST_PER_RUN}

Cells = tuple[str, ...]


@dataclass(frozen=True)
class ShownRow:
    """A row, rounded.

    Attributes:
        bucket: its day, week or month; empty without buckets.
        names: of the group, as the lines have them; none where it is the rest or the total.
        label: what the rest or the total is called; else empty.
        numbers: below the headings of the numbers.
    """

    bucket: str
    names: Cells
    label: str
    numbers: Cells


@dataclass(frozen=True)
class ShownAnswer:
    """An answer, rounded.

    Attributes:
        title: what was asked: metric, groups and days.
        filters: as they were written.
        headings: of the columns of names: the bucket, if there are any, then the dimensions.
        number_headings: of the other columns.
        rows: of the groups.
        total: of all of them.
    """

    title: str
    filters: Cells
    headings: Cells
    number_headings: Cells
    rows: Sequence[ShownRow]
    total: ShownRow


def shown_answer(answer: Answer) -> ShownAnswer:
    """An answer as people read it."""
    question = answer.question
    numbers = _numbers(answer)
    buckets = [BUCKETS[question.granularity]] if question.granularity else []
    has_groups = bool(question.by or question.granularity)
    rows = [_shown(row, numbers) for row in answer.rows] if has_groups else []
    return ShownAnswer(
        title=f"{METRICS[question.metric]}{_by(question.by)}, {days(question.period)}",
        filters=tuple(map(str, question.where)),
        headings=(*buckets, *map(label_of, question.by)),
        number_headings=tuple(numbers),
        rows=rows,
        total=ShownRow("", (), TOTAL, _cells(answer.totals, numbers)),
    )


_Numbers = dict[str, Callable[[Amounts], str]]
"""Heading → what is below it, of some sums."""


def _numbers(answer: Answer) -> _Numbers:
    """The metric with its share first, then the other columns."""
    metric = answer.question.metric
    whole = answer.totals.of(metric)

    def value_of(which: Metric) -> Callable[[Amounts], str]:
        return lambda amounts: _value(amounts, which, answer.currency)

    def share(amounts: Amounts) -> str:
        part = amounts.of(metric)
        return "" if part is None or not whole else percent(ratio(part, whole))

    shares = {} if metric is Metric.COST_PER_RUN else {"Share": share}
    others = {METRICS[each]: value_of(each) for each in ALWAYS if each is not metric}
    return {METRICS[metric]: value_of(metric), **shares, **others}


def _value(amounts: Amounts, metric: Metric, currency: str) -> str:
    if metric is Metric.COST:
        return cost_shown(amounts, currency)
    value = amounts.of(metric)
    if value is None:
        return NOT_KNOWN
    return money(value, currency) if metric in _OF_MONEY else number(value)


def _shown(row: Row, numbers: _Numbers) -> ShownRow:
    label = counted(row.others, "other") if row.others else ""
    return ShownRow(row.bucket, row.names, label, _cells(row.amounts, numbers))


def _cells(amounts: Amounts, numbers: _Numbers) -> Cells:
    return tuple(shown(amounts) for shown in numbers.values())


def _by(names: Sequence[str]) -> str:
    return f" by {enumerated(_inside(name) for name in names)}" if names else ""


def label_of(dimension: str) -> str:
    """What people read; tags go by their keys.

    >>> label_of("credit_type"), label_of("product")
    ('Credit type', 'product')
    """
    return _LABELS.get(dimension, dimension)


def _inside(dimension: str) -> str:
    """A label inside a sentence: `OS` stays as it is, and so does the key of a tag."""
    label = label_of(dimension)
    return label if label.isupper() else label.lower()
