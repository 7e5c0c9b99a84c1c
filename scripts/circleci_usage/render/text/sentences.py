"""What the numbers say, in sentences that a manager can forward. Every people-facing format says the same."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.anomalies import Anomaly, MainDriver
from circleci_usage.analysis.breakdowns import PROJECT
from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.period_comparison import Change
from circleci_usage.analysis.rightsizing import SAVINGS_ASSUME
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.plurals import agreeing, amount_of
from circleci_usage.render.formatting import (
    counted,
    day,
    days,
    money,
    money_change,
    number,
    percent,
    several_days,
    visible,
    when,
)
from circleci_usage.render.text.materiality import is_change, is_change_a_day, worth_saying
from circleci_usage.render.view.breakdown_lines import cost_shown, lines
from circleci_usage.render.view.projects import project_names
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import is_credit_type, job_in_words

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
    if not report.totals.job_runs:
        yield from _budgets(report)
        return
    yield from _change(report)
    yield from _costliest_project(report)
    yield from _anomalies(report)
    yield from _forecast(report)
    yield from _budgets(report)
    yield from _savings(report)


def headline(report: Report) -> str:
    """The report in one sentence."""
    if report.missing and not report.totals.job_runs:
        return f"There is no data {when(report.period)}, so CircleCI usage is unknown."
    if not report.totals.job_runs:
        return f"No CircleCI usage found {when(report.period)}."
    return (
        f"CircleCI cost {cost_shown(report.totals, report.currency)} {when(report.period)}:"
        f" {amount_of(number(report.totals.credits), 'credit')} in {counted(report.totals.job_runs, 'job run')}."
    )


def change_in_short(report: Report) -> str:
    """`+3.0% vs. September 2026`; empty when that is unknown."""
    changes = report.findings.period_comparison
    if not changes:
        return ""
    total, before = (
        changes.total,
        days(changes.before) + (", excluding seats" if changes.without_seats else ""),
    )
    if total.relative_change is None:
        return f"no cost in {before}"
    if not total.difference:
        return f"same as {before}"
    against = (
        f"{_signed(total.relative_change)} vs. {before}"
        if is_change(total)
        else f"about the same as {before}"
    )
    if total.days_before == total.days_after or total.relative_change_per_day is None:
        return against
    a_day = (
        f"{_signed(total.relative_change_per_day)} per day"
        if is_change_a_day(total)
        else "about the same per day"
    )
    return f"{against}, {a_day}"


def _signed(share: Decimal) -> str:
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def completeness(report: Report) -> str:
    """Whether the numbers are final, and which days are missing; empty when there are none."""
    missing = f"There is no data for {several_days(report.missing)}." if report.missing else ""
    if not report.totals.job_runs:
        return missing
    if report.complete_through is None:
        final = "Data is incomplete; totals may still increase."
    elif report.complete_through < report.period.last:
        through = report.complete_through
        final = f"Complete through {through.day} {through:%B %Y}; later days are missing or may still increase."
    else:
        final = "" if missing else "All days are complete."
    return " ".join(filter(None, [missing, final]))


def _change(report: Report) -> Iterator[Sentence]:
    changes, currency = report.findings.period_comparison, report.currency
    if not changes or not (is_change(changes.total) or worth_saying(changes.total.before)):
        return
    total, before = (
        changes.total,
        f"{when(changes.before)} ({money(changes.total.before, currency)})",
    )
    what = "That is"
    if changes.without_seats or changes.now != report.period:
        seats = "Excluding seats, " if changes.without_seats else ""
        what = f"{seats}{days(changes.now)} cost {money(total.after, currency)},"
    yield Sentence(f"{what} {_than(total, currency)} {before}{_per_day(total)}.")
    if not (is_change(total) and is_change_a_day(total)):
        return
    drivers = [
        driver for driver in changes.project_drivers[:_DRIVERS] if worth_saying(driver.difference)
    ]
    if drivers:
        names = tuple(project_names(report).of(driver.key) for driver in drivers)
        holes = ", ".join(
            f"{{}} ({money_change(driver.difference, currency)})" for driver in drivers
        )
        yield Sentence(f"Main drivers: {holes}.", names)


def _than(total: Change, currency: str) -> str:
    """`$3.00 (10.0%) more than`."""
    if not total.difference:
        return "the same as"
    if not is_change(total):
        return "about the same as"
    share = f" ({percent(abs(total.relative_change))})" if total.relative_change is not None else ""
    return f"{money(abs(total.difference), currency)}{share} {'more' if total.difference > 0 else 'less'} than"


def _per_day(total: Change) -> str:
    """What is left of the change when both periods are taken for equally long; empty when they are."""
    share = total.relative_change_per_day
    if total.days_before == total.days_after or share is None:
        return ""
    seats = " excluding seats" if total.seats_before or total.seats_after else ""
    if not is_change_a_day(total):
        return f", and about the same per day{seats}"
    return f", and {percent(abs(share))} {'more' if share > 0 else 'less'} per day{seats}"


def _costliest_project(report: Report) -> Iterator[Sentence]:
    named = [line for line in lines(report.breakdowns["projects"]) if is_project(line.key)]
    if len(named) > 1 and worth_saying(named[0].cost, named[0].share):
        cost, share = money(named[0].cost, report.currency), percent(named[0].share)
        name = project_names(report).of(named[0].key)
        yield Sentence(f"Most expensive project: {{}}, {cost} ({share}).", (name,))


def _anomalies(report: Report) -> Iterator[Sentence]:
    every, currency = report.findings.anomalies, report.currency
    found = [anomaly for anomaly in every if worth_saying(anomaly.actual - anomaly.expected)]
    if not found:
        return
    worst = found[0]
    more = f" (the largest of {len(found)} cost anomalies)" if len(found) > 1 else ""
    amounts = (
        f"{money(worst.actual, currency)} vs. about {money(worst.expected, currency)} expected"
    )
    what, driver = _what_rose(worst, report), _driver(worst, report)
    yield Sentence(
        f"On {day(worst.day)}, {what.text} cost {amounts}{driver.text}{more}.",
        (*what.names, *driver.names),
    )


def _what_rose(anomaly: Anomaly, report: Report) -> Sentence:
    """`the job {} of {}`, `{}` or `all projects combined`."""
    if not anomaly.project:
        return Sentence("all projects combined")
    project = project_names(report).of(anomaly.project)
    if anomaly.subject != "job" or not anomaly.main_driver or _is_of_no_project(anomaly, report):
        return Sentence("{}", (project,))
    job = _job(anomaly.main_driver, report)
    return Sentence(f"{job.text} of {{}}", (*job.names, project))


def _driver(anomaly: Anomaly, report: Report) -> Sentence:
    """`, driven by the job {}`; empty where that is what rose."""
    if anomaly.subject == "job" or not anomaly.main_driver or _is_of_no_project(anomaly, report):
        return Sentence("")
    job = _job(anomaly.main_driver, report)
    return Sentence(f", driven by {job.text}", job.names)


def _is_of_no_project(anomaly: Anomaly, report: Report) -> bool:
    """Whether it is a credit type that no project caused, so that project and job both go by its name."""
    if not anomaly.project or not anomaly.main_driver:
        return False
    name, job = anomaly.project[PROJECT.index("project")], anomaly.main_driver.job
    return name == job and is_credit_type(job, _credit_types(report))


def _job(cause: MainDriver, report: Report) -> Sentence:
    text = job_in_words(cause.job, _credit_types(report))
    return Sentence(text, (cause.job,) if "{}" in text else ())


def _credit_types(report: Report) -> Sequence[str]:
    return [line.name for line in lines(report.breakdowns["credit_types"])]


def _forecast(report: Report) -> Iterator[Sentence]:
    month = report.findings.month_to_date
    if not month or month.is_over or not month.is_whole:
        return
    ahead = month.everything
    if worth_saying(ahead.spent if ahead.expected is None else ahead.expected):
        yield Sentence(_forecast_in_words(month, report.currency))


def _forecast_in_words(month: MonthToDate, currency: str) -> str:
    """What a month is forecast to cost, or why that is unknown."""
    ahead, name = month.everything, days(month.month)
    if ahead.expected is None:
        return f"There is too little history to forecast {name}."
    cost = money(ahead.expected, currency)
    bounds = interval(ahead, lambda amount: money(amount, currency))
    return f"{name} is forecast to cost about {cost} ({bounds})."


def interval(ahead: Forecast, shown: Callable[[Decimal], str]) -> str:
    """The interval of a forecast."""
    if ahead.low is None or ahead.high is None:
        return "too little history for an interval"
    return f"80% interval {shown(ahead.low)}–{shown(ahead.high)}"


def _budgets(report: Report) -> Iterator[Sentence]:
    for state, words in (("over", "exceeded"), ("expected over", "forecast to be exceeded")):
        alike = [each for each in report.findings.budgets if each.state == state]
        for month in dict.fromkeys(each.month_to_date.month for each in alike):
            of_month = [each for each in alike if each.month_to_date.month == month]
            who = _these_budgets(of_month, report)
            yield Sentence(
                f"{who} {agreeing(len(of_month), 'is', 'are')} {words}: {_holes(of_month)}.",
                _names(of_month),
            )
    yield from _unknown_budgets(report)


def _unknown_budgets(report: Report) -> Iterator[Sentence]:
    """A sentence for each set of missing days."""
    unknown = [each for each in report.findings.budgets if each.state == "unknown"]
    for missing in dict.fromkeys(each.month_to_date.missing for each in unknown):
        alike = [each for each in unknown if each.month_to_date.missing == missing]
        why = f"because data is missing ({several_days(missing)})"
        yield Sentence(
            f"{_these_budgets(alike, report)} cannot be evaluated {why}: {_holes(alike)}.",
            _names(alike),
        )


def _these_budgets(some: Sequence[BudgetState], report: Report) -> str:
    """`1 of 4 budgets`, `The budget`; with their month or cycle where that is not what is reported on."""
    every = report.findings.budgets
    who = "The budget" if len(every) == 1 else f"{len(some)} of {counted(len(every), 'budget')}"
    period = some[0].month_to_date.month
    return who if period == report.period else f"{who} for {days(period)}"


def _holes(budgets: Sequence[BudgetState]) -> str:
    return ", ".join(["{}"] * len(budgets))


def _names(budgets: Sequence[BudgetState]) -> tuple[str, ...]:
    return tuple(each.budget.name for each in budgets)


def _savings(report: Report) -> Iterator[Sentence]:
    recommendation = report.findings.right_sizing
    if recommendation.saved > 0 and worth_saying(recommendation.saved):
        jobs, saved = (
            counted(len(recommendation.savings), "job"),
            money(recommendation.saved, report.currency),
        )
        yield Sentence(f"Right-sizing {jobs} would save {saved} a month. {SAVINGS_ASSUME}")
