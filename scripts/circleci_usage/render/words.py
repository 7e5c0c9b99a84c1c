"""What the numbers say, in sentences that a manager can forward. Every people-facing format says the same."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.forecast import Outlook
from circleci_usage.analysis.spending import Spending
from circleci_usage.columns import NO_NAME
from circleci_usage.render.lines import cost_shown, lines
from circleci_usage.render.projects import project_names
from circleci_usage.render.shown import counted, day, days, money, money_change, number, percent, visible, when
from circleci_usage.report import Report

_DRIVERS: Final = 3


@dataclass(frozen=True)
class Sentence:
    """Our own words and numbers, with `{}` wherever a name from the export belongs."""

    text: str
    names: tuple[str, ...] = ()

    def naming(self, show: Callable[[str], str]) -> str:
        """The sentence with its names as a format can safely show them."""
        return self.text.format(*(show(visible(name)) for name in self.names))


def sentences(report: Report) -> Iterator[Sentence]:
    """The report from the sum to what can be done about it."""
    yield Sentence(headline(report))
    if report.totals.job_runs:
        yield from _change(report)
        yield from _costliest_project(report)
        yield from _anomalies(report)
        yield from _forecast(report)
        yield from _budgets(report)
        yield from _savings(report)


def headline(report: Report) -> str:
    """The report in one sentence."""
    if not report.totals.job_runs:
        return f"There is no CircleCI usage {when(report.period)}."
    return (
        f"CircleCI cost {cost_shown(report.totals, report.currency)} {when(report.period)}:"
        f" {number(report.totals.credits)} credits in {counted(report.totals.job_runs, 'job run')}."
    )


def change_in_short(report: Report) -> str:
    """`+3.0% against September 2026`; empty when that is not known."""
    changes = report.findings.changes
    if not changes:
        return ""
    before, share = days(changes.before) + (", without seats" if changes.without_seats else ""), changes.total.share
    if share is None:
        return f"nothing in {before}"
    if not changes.total.difference:
        return f"as in {before}"
    return f"{'+' if share > 0 else '−'}{percent(abs(share))} against {before}"


def completeness(report: Report) -> str:
    """Whether the numbers are final; empty when there are none."""
    if not report.totals.job_runs:
        return ""
    if report.complete_through == report.period.last:
        return "All days are complete."
    if report.complete_through is None:
        return "No day is complete: the numbers may still grow."
    through = report.complete_through
    return f"Complete through {through.day} {through:%B %Y}; later days are missing or may still grow."


def _change(report: Report) -> Iterator[Sentence]:
    changes, currency = report.findings.changes, report.currency
    if not changes:
        return
    total, before = changes.total, f"{when(changes.before)} ({money(changes.total.before, currency)})"
    what = "That is"
    if changes.without_seats or changes.now != report.period:
        seats = "Without seats, " if changes.without_seats else ""
        what = f"{seats}{days(changes.now)} cost {money(total.after, currency)},"
    share = f" ({percent(abs(total.share))})" if total.share is not None else ""
    direction = "more" if total.difference > 0 else "less"
    than = f"{money(abs(total.difference), currency)}{share} {direction} than" if total.difference else "as much as"
    yield Sentence(f"{what} {than} {before}.")
    if not total.difference:
        return
    drivers = changes.project_drivers[:_DRIVERS]
    if drivers:
        names = tuple(project_names(report).of(driver.key) for driver in drivers)
        holes = ", ".join(f"{{}} ({money_change(driver.difference, currency)})" for driver in drivers)
        yield Sentence(f"What drove it: {holes}.", names)


def _costliest_project(report: Report) -> Iterator[Sentence]:
    named = [line for line in lines(report.breakdowns["projects"]) if line.name != NO_NAME]
    if len(named) > 1 and named[0].cost:
        cost, share = money(named[0].cost, report.currency), percent(named[0].share)
        name = project_names(report).of(named[0].key)
        yield Sentence(f"The costliest project is {{}} with {cost} ({share}).", (name,))


def _anomalies(report: Report) -> Iterator[Sentence]:
    found, currency = report.findings.anomalies, report.currency
    if not found:
        return
    worst, names = found[0], []
    more = f", the first of {len(found)} cost anomalies" if len(found) > 1 else ""
    amounts = f"{money(worst.actual, currency)} vs. about {money(worst.expected, currency)} expected"
    if worst.cause:
        names.append(worst.cause.job)
    if worst.project:
        names.append(project_names(report).of(worst.project))
    match worst.subject:
        case "job":
            text = f"On {day(worst.day)}, the job {{}} of {{}} cost {amounts}{more}."
        case "project":
            text, names = f"On {day(worst.day)}, {{}} cost {amounts}", names[::-1]
        case "all":
            text = f"On {day(worst.day)}, all projects together cost {amounts}"
    if worst.subject != "job":
        text += (", driven by the job {}" if worst.cause else "") + f"{more}."
    yield Sentence(text, tuple(names))


def _forecast(report: Report) -> Iterator[Sentence]:
    month = report.findings.spending
    if month and month.is_whole and not month.is_over:
        yield Sentence(f"{days(month.month)}: {forecast(month, report.currency)}.")


def forecast(month: Spending, currency: str) -> str:
    """What a month is forecast to cost, or why that is not known."""
    ahead = month.everything
    if ahead.expected is None:
        return "too little history to forecast"
    expected = f"forecast to cost about {money(ahead.expected, currency)}"
    return f"{expected} ({interval(ahead, lambda amount: money(amount, currency))})"


def interval(ahead: Outlook, shown: Callable[[Decimal], str]) -> str:
    """The interval of a forecast."""
    if ahead.low is None or ahead.high is None:
        return "too little history for an interval"
    return f"80% interval {shown(ahead.low)}–{shown(ahead.high)}"


def _budgets(report: Report) -> Iterator[Sentence]:
    budgets = report.findings.budgets
    for state, words in (("over", "exceeded"), ("expected over", "going to be exceeded")):
        names = tuple(each.budget.name for each in budgets if each.state == state)
        if names:
            are = "is" if len(names) == 1 else "are"
            holes = ", ".join(["{}"] * len(names))
            yield Sentence(f"{len(names)} of {counted(len(budgets), 'budget')} {are} {words}: {holes}.", names)


def _savings(report: Report) -> Iterator[Sentence]:
    sizing = report.findings.right_sizing
    if sizing.saved > 0:
        jobs, saved = counted(len(sizing.of("smaller")), "job"), money(sizing.saved, report.currency)
        yield Sentence(f"Smaller machines for {jobs} would save {saved} a month.")
