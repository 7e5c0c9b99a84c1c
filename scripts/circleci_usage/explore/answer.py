"""A question and lines of costs → groups with their exact sums: the numbers of the explorer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

import pandas as pd

from circleci_usage.core.grouping import sum_by
from circleci_usage.core.periods import Period
from circleci_usage.costs.costs import within
from circleci_usage.explore.amounts import (
    EACH_RUN_ONCE,
    OF_ONE_TYPE,
    UNKNOWN,
    Amounts,
    Counting,
    amounts_of,
)
from circleci_usage.explore.cost_lines import AMOUNTS, MEASURES, RUNS, TYPE_RUNS, CostLines, Folded
from circleci_usage.explore.matching import Unmatched, counting_of, matching, unmatched
from circleci_usage.explore.question import Question
from circleci_usage.explore.words import Granularity
from circleci_usage.schema.dimensions import CREDIT_TYPE

_BUCKET: Final = "bucket"
_GROUP: Final = "group"
"""Columns: the label of a line's bucket, and the number of its group."""


@dataclass(frozen=True)
class Row:
    """A group, in one bucket of days if the question has buckets.

    Attributes:
        names: its values of the question's dimensions; none where it is the rest.
        bucket: the day, the Monday of the week, or the month: `2026-10-05`, `2026-10`; or empty.
        amounts: its sums.
        others: how many groups it is the rest of; 0 for a group.
    """

    names: tuple[str, ...]
    bucket: str
    amounts: Amounts
    others: int = 0


@dataclass(frozen=True)
class Answer:
    """What a question is answered.

    Attributes:
        question: what was asked.
        currency: of all money.
        rows: bucket by bucket, in it the groups as they rank over all days, and last the rest.
        totals: of all groups.
        missing: the days asked about whose usage is not known.
        unmatched: patterns that match nothing.
        folded: what is summed up in the dimensions asked about.
    """

    question: Question
    currency: str
    rows: Sequence[Row]
    totals: Amounts
    missing: tuple[Period, ...]
    unmatched: tuple[Unmatched, ...]
    folded: tuple[Folded, ...]


def answer(lines: CostLines, question: Question) -> Answer:
    """Ask the lines a question about days that there can be lines of."""
    in_period = within(lines.counts, question.period)
    chosen = matching(in_period, question.where)
    counting = counting_of(lines.counts, question.where)
    totals = amounts_of(chosen[[*MEASURES]].sum().to_dict(), lines.places, counting)
    rows = [Row((), "", totals)]
    if question.by or question.granularity:
        rows = [*_Ranking(chosen, question, lines.places, counting).rows()]
    asked_about = {*question.by, *(each.dimension for each in question.where)}
    return Answer(
        question=question,
        currency=lines.currency,
        rows=rows,
        totals=totals,
        missing=tuple(_parts_in(question.period, lines.missing)),
        unmatched=tuple(unmatched(lines.counts, question.where)),
        folded=tuple(each for each in lines.folded if each.dimension in asked_about),
    )


class _Ranking:
    """The groups of some lines by their metric over all days: most first, unknown ones last."""

    def __init__(
        self,
        lines: pd.DataFrame,
        question: Question,
        places: Mapping[str, int],
        of_totals: Counting,
    ) -> None:
        self._question = question
        self._places = places
        has_types = CREDIT_TYPE in question.by
        self._of_groups = OF_ONE_TYPE if has_types else of_totals
        # A run may be in several groups, so that their rest does not know how many it has.
        self._of_rest = UNKNOWN if has_types and of_totals is not OF_ONE_TYPE else of_totals
        self._names, self._sums = _grouped(lines, question, self._of_groups)
        self._ranks = self._ranked()

    def rows(self) -> Iterator[Row]:
        """The rows of an answer."""
        top = len(self._names) if self._question.top is None else self._question.top
        ranked = self._sums.assign(rank=self._sums[_GROUP].map(self._ranks))
        for bucket, groups in ranked.groupby(_BUCKET):
            listed = groups[groups["rank"] < top].sort_values("rank")
            for each in listed.to_dict("records"):
                amounts = amounts_of(each, self._places, self._of_groups)
                yield Row(self._names[each[_GROUP]], str(bucket), amounts)
            rest = groups[groups["rank"] >= top]
            if len(rest):
                sums = rest[[*MEASURES]].sum().to_dict()
                amounts = amounts_of(sums, self._places, self._of_rest)
                yield Row((), str(bucket), amounts, len(rest))

    def _ranked(self) -> Mapping[int, int]:
        """Group → rank, from 0 on."""
        over_days = sum_by(self._sums, [_GROUP], MEASURES).reset_index()
        keys = {}
        for group, value in zip(over_days[_GROUP].tolist(), self._values(over_days), strict=True):
            keys[group] = (value is None, -(value or 0), self._names[group])
        return {group: rank for rank, group in enumerate(sorted(keys, key=keys.__getitem__))}

    def _values(self, over_days: pd.DataFrame) -> Sequence[Decimal | int | None]:
        """What groups rank by; whole numbers do where all have the same decimal places."""
        metric = self._question.metric
        if metric in AMOUNTS:
            return over_days[metric.value].tolist()
        records = over_days.to_dict("records")
        return [amounts_of(sums, self._places, self._of_groups).of(metric) for sums in records]


def _grouped(
    lines: pd.DataFrame, question: Question, counting: Counting
) -> tuple[Sequence[tuple[str, ...]], pd.DataFrame]:
    """The names of the groups by their numbers, and their sums by bucket, without zeros."""
    by = [*question.by]
    numbers = lines.groupby(by, observed=True, sort=False).ngroup() if by else 0
    labels = _labels(lines["date"], question.granularity)
    numbered = lines.assign(**{_GROUP: numbers, _BUCKET: labels})
    first_lines = numbered.drop_duplicates(_GROUP).sort_values(_GROUP)
    names = [*first_lines[by].itertuples(index=False, name=None)] if by else [()]
    sums = sum_by(numbered, [_BUCKET, _GROUP], MEASURES).reset_index()
    counted = RUNS if counting is EACH_RUN_ONCE else [TYPE_RUNS]
    return names, sums[(sums[[*AMOUNTS, *counted]] != 0).any(axis="columns")]


def _labels(days: pd.Series, granularity: Granularity | None) -> pd.Series:
    labels = {day: _label(day.date(), granularity) for day in days.unique()}
    return days.map(labels).astype("object")


def _label(day: date, granularity: Granularity | None) -> str:
    """What the bucket of a day is called.

    >>> _label(date(2026, 10, 7), Granularity.WEEK), _label(date(2026, 10, 7), Granularity.MONTH)
    ('2026-10-05', '2026-10')
    """
    match granularity:
        case Granularity.DAY:
            return str(day)
        case Granularity.WEEK:
            return str(day - timedelta(days=day.weekday()))
        case Granularity.MONTH:
            return f"{day:%Y-%m}"
        case None:
            return ""


def _parts_in(period: Period, others: Iterable[Period]) -> Iterator[Period]:
    """The parts of other periods that are in a period."""
    for each in others:
        if each.overlaps(period):
            yield Period(max(each.start, period.start), min(each.stop, period.stop))
