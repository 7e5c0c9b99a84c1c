"""What the numbers say, in sentences that a manager can forward. Every people-facing format says the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from circleci_usage.columns import NO_NAME
from circleci_usage.exact import ratio
from circleci_usage.render.lines import lines, of_days
from circleci_usage.render.projects import project_names
from circleci_usage.render.shown import counted, long_day, money, number, percent, when
from circleci_usage.report import PastPeriod, Report


@dataclass(frozen=True)
class Sentence:
    """Our own words and numbers, with `{}` wherever a name from the export belongs."""

    text: str
    names: tuple[str, ...] = ()

    def naming(self, show: Callable[[str], str]) -> str:
        """The sentence with its names as a format can safely show them."""
        return self.text.format(*map(show, self.names))


@dataclass(frozen=True)
class Change:
    """Against the period before: the difference in money, and as a share of what was spent then (None of nothing)."""

    previous: PastPeriod
    difference: Decimal
    share: Decimal | None

    @property
    def direction(self) -> str:
        """`more`, `less` or `same`."""
        return "more" if self.difference > 0 else "less" if self.difference else "same"


def change(report: Report) -> Change | None:
    """How the cost changed; None when the period before is not known."""
    if not report.previous:
        return None
    before = report.previous.totals.cost
    difference = report.totals.cost - before
    return Change(report.previous, difference, ratio(difference, before) if before else None)


def headline(report: Report) -> str:
    """The report in one sentence."""
    if not report.totals.job_runs:
        return f"There is no CircleCI usage {when(report.period)}."
    return (
        f"CircleCI cost {money(report.totals.cost, report.currency)} {when(report.period)}:"
        f" {number(report.totals.credits)} credits in {counted(report.totals.job_runs, 'job run')}."
    )


def findings(report: Report) -> Iterator[Sentence]:
    """What to know next: the change, who caused most, the dearest day."""
    changed = change(report)
    if changed:
        yield Sentence(change_in_words(changed, report.currency))
    if not report.totals.cost:
        return
    yield from _costliest_project(report)
    yield from _costliest_day(report)


def _costliest_project(report: Report) -> Iterator[Sentence]:
    named = [line for line in lines(report.breakdowns["projects"]) if line.name != NO_NAME]
    if len(named) > 1:
        cost, share = money(named[0].cost, report.currency), percent(named[0].share)
        yield Sentence(f"The costliest project is {{}} with {cost} ({share}).", (project_names(report)[named[0].key],))


def _costliest_day(report: Report) -> Iterator[Sentence]:
    """Seats are charged on a day of their own, on which nothing need have happened."""
    charges = of_days(report)
    by_day = charges.groupby("date")["cost"].sum()
    if len(by_day) > 1:
        day, cost = max(zip(by_day.index, by_day, strict=True), key=lambda pair: pair[1])
        apart = "The" if len(charges) == len(report.charges) else "Seats apart, the"
        yield Sentence(f"{apart} costliest day was {long_day(day)} with {money(cost, report.currency)}.")


def change_in_words(changed: Change, currency: str) -> str:
    """`That is $12.30 (4.1%) more than in September 2026 ($300.00).` in the words of the change."""
    before = f"{when(changed.previous.period)} ({money(changed.previous.totals.cost, currency)})"
    if changed.direction == "same":
        return f"That is as much as {before}."
    share = f" ({percent(abs(changed.share))})" if changed.share is not None else ""
    return f"That is {money(abs(changed.difference), currency)}{share} {changed.direction} than {before}."


def completeness(report: Report) -> str:
    """Whether the numbers are final."""
    if report.complete_through == report.period.last:
        return "All days are complete."
    if report.complete_through is None:
        return "No day is complete: the numbers may still grow."
    through = report.complete_through
    return f"Complete through {through.day} {through:%B %Y}; later days are missing or may still grow."
