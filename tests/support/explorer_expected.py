"""What a page of the explorer must show for a question: all numbers, in their order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import count

from explorer_oracle import (
    METRICS,
    Amounts,
    Groups,
    Names,
    Question,
    Usage,
    usual_granularity,
)
from explorer_page import Shown, ShownRow

SERIES = 6
MOST_OPEN_ROWS = 600
"""Beyond so many rows, the groups of further ones are closed at first."""

Cells = dict[str, str]


@dataclass(frozen=True)
class Expected:
    """What must be shown: names and cells of each row."""

    totals: Cells
    rows: Sequence[tuple[Names, str, Cells]]
    chart: Sequence[tuple[str, list[str]]]


class View:
    """The answer to a question, as a page lays it out."""

    def __init__(self, usage: Usage, question: Question) -> None:
        self.usage, self.question = usage, question
        self.now = usage.answer(question)
        days = usage.compared_days(question)
        self.before = usage.answer(question, days) if days else None

    def expected(self) -> Expected:
        before = self.before.totals if self.before else None
        totals = self.cells(self.now.totals, before)
        rows = [*self._rows()] if self.question.by else []
        return Expected(totals, rows, [*self._chart()])

    def cells(self, now: Amounts, before: Amounts | None) -> Cells:
        """The values of a row's columns."""
        cells = {metric: plain(now.of(metric)) for metric in METRICS}
        if self.question.compare:
            value = now.of(self.question.metric)
            other = before.of(self.question.metric) if before else None
            cells["compared"] = plain(other)
            cells["change"] = "" if value is None or other is None else plain(value - other)
        return cells

    def _rows(self) -> Iterator[tuple[Names, str, Cells]]:
        top, room = self.question.top, MOST_OPEN_ROWS
        outer = self._ordered(())
        for names in outer[:top]:
            yield names, "", self._group_cells(names)
            children = self._ordered(names) if len(self.question.by) > 1 else []
            if children and room > 0:
                room -= min(len(children), top)
                for child in children[:top]:
                    yield child, "child", self._group_cells(child)
                if children[top:]:
                    yield (), "child child-rest", self._rest_cells(children[top:])
        if outer[top:]:
            yield (), "rest", self._rest_cells(outer[top:])

    def _ordered(self, parent: Names) -> list[Names]:
        """The groups in a group, in the order of the table."""
        question, level = self.question, len(parent) + 1
        known = {*self.now.groups, *(self.before.groups if self.before else ())}
        names = sorted(each for each in known if len(each) == level and each[:-1] == parent)
        if question.sort in question.by and question.by.index(question.sort) == level - 1:
            return names if question.ascending else names[::-1]
        by_name = question.sort in question.by
        metric = question.metric if by_name or not question.sort else question.sort
        ascending = question.ascending and not by_name
        return sorted(
            names, key=lambda each: _place(self._now(each).of(metric), 1 if ascending else -1)
        )

    def _now(self, names: Names) -> Amounts:
        return self.now.groups.get(names) or self._nothing(names, self.now.counted)

    def _nothing(self, names: Names, counted: str) -> Amounts:
        by_type = "credit_type" in self.question.by[: len(names)]
        return Amounts("type" if by_type else counted)

    def _before(self, names: Names) -> Amounts | None:
        if not self.before:
            return None
        return self.before.groups.get(names) or self._nothing(names, self.before.counted)

    def _group_cells(self, names: Names) -> Cells:
        return self.cells(self._now(names), self._before(names))

    def _rest_cells(self, groups: Sequence[Names]) -> Cells:
        before = [amounts for each in groups if (amounts := self._before(each))]
        return self.cells(
            self._sum([self._now(each) for each in groups], len(groups[0])),
            self._sum(before, len(groups[0])) if before else None,
        )

    def _sum(self, parts: Sequence[Amounts], level: int) -> Amounts:
        """A run may have several credit types, so that groups by them do not sum up to runs."""
        by_type = "credit_type" in self.question.by[:level]
        counted = self.now.counted
        total = Amounts("none" if by_type and counted != "type" else counted)
        for each in parts:
            total.add(each)
        return total

    def _chart(self) -> Iterator[tuple[str, list[str]]]:
        """Each bucket's values of the largest groups, and of the rest."""
        question, usage = self.question, self.usage
        days = usage.asked_days(question)
        size = question.granularity or usual_granularity(days)
        largest = self._largest()
        for label, groups in usage.over_time(question).items():
            columns = [[names] for names in largest]
            rest = [names for names in self._outer() if names not in largest]
            columns += [rest] if rest else []
            values = [self._bucket_sum(groups, each) for each in columns]
            missing = usage.is_missing(label, days, size)
            yield (
                label,
                [
                    "" if missing and each.is_nothing() else plain(each.of(question.metric))
                    for each in values
                ],
            )

    def _outer(self) -> list[Names]:
        if not self.question.by:
            return [()]
        known = {*self.now.groups, *(self.before.groups if self.before else ())}
        return sorted(each for each in known if len(each) == 1)

    def _largest(self) -> list[Names]:
        if not self.question.by:
            return [()]
        metric = self.question.metric
        ordered = sorted(self._outer(), key=lambda each: _place(self._now(each).of(metric), -1))
        return ordered[:SERIES]

    def _bucket_sum(self, groups: Groups, names: Sequence[Names]) -> Amounts:
        parts = [groups[each] for each in names if each in groups]
        if len(names) > 1:
            return self._sum(parts, 1)
        return parts[0] if parts else self._nothing(names[0], self.now.counted)


def _place(value: Fraction | None, direction: int) -> tuple[bool, Fraction]:
    return value is None, (value or Fraction(0)) * direction


def plain(value: Fraction | int | None) -> str:
    """An exact decimal without trailing zeros; empty where it is not known."""
    if value is None:
        return ""
    exact = Fraction(value)
    places = next(each for each in count() if 10**each % exact.denominator == 0)
    digits = str(abs(int(exact * 10**places))).zfill(places + 1)
    whole, fraction = digits[: len(digits) - places], digits[len(digits) - places :]
    sign = "-" if exact < 0 else ""
    return f"{sign}{whole}.{fraction}".rstrip("0").rstrip(".") if places else f"{sign}{whole}"


def differences(expected: Expected, shown: Shown, metric: str) -> list[str]:
    """What the page shows differently, a line each."""
    return [
        *_of_totals(expected.totals, shown),
        *_of_rows(expected.rows, shown.rows),
        *_of_cells("total row", expected.totals, shown.foot),
        *_of_chart(expected.chart, shown, metric),
    ]


def _of_totals(totals: Cells, shown: Shown) -> Iterator[str]:
    names = {name for name, _ in shown.totals}
    if not {"cost", "credits", "list_cost", "job_runs", "run_minutes"} <= names:
        yield f"totals: only {sorted(names)}"
    for name, value in shown.totals:
        if value != totals[name]:
            yield f"total {name}: {value!r} instead of {totals[name]!r}"


def _of_rows(
    expected: Sequence[tuple[Names, str, Cells]], shown: Sequence[ShownRow]
) -> Iterator[str]:
    if len(expected) != len(shown):
        yield f"{len(shown)} rows instead of {len(expected)}"
    for (names, kind, cells), row in zip(expected, shown, strict=False):
        if row.names != names or (kind and row.kind != kind):
            yield f"row {row.names} {row.kind!r} instead of {names} {kind!r}"
        yield from _of_cells(f"row {names} {kind}", cells, row.cells)


def _of_cells(where: str, expected: Cells, shown: Cells) -> Iterator[str]:
    for name, value in expected.items():
        if shown.get(name) != value:
            yield f"{where}, {name}: {shown.get(name)!r} instead of {value!r}"


def _of_chart(
    expected: Sequence[tuple[str, list[str]]], shown: Shown, metric: str
) -> Iterator[str]:
    if [label for label, _ in expected] != [label for label, _ in shown.chart]:
        yield f"chart: other buckets {[label for label, _ in shown.chart][:3]}"
    for (label, values), (_, cells) in zip(expected, shown.chart, strict=False):
        if cells[: len(values)] != values:
            yield f"chart of {metric}, {label}: {cells} instead of {values}"
