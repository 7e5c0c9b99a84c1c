"""What the numbers say, in sentences that a manager can forward; the same in every format."""

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from circleci_usage.analysis.anomalies import Anomaly, MainDriver
from circleci_usage.analysis.budgets import BudgetState
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.period_comparison import Change, PeriodComparison
from circleci_usage.analysis.rightsizing import SAVINGS_ASSUME
from circleci_usage.analysis.unattributed import is_project
from circleci_usage.core.plurals import agreeing
from circleci_usage.render.formatting import (
    day,
    days,
    full_day,
    money,
    money_change,
    number_of,
    percent,
    several_days,
    when,
)
from circleci_usage.render.text.budget_words import name_in_words, period_in_words
from circleci_usage.render.text.materiality import is_change, is_change_per_day, worth_saying
from circleci_usage.render.text.realized_savings import realized_savings_in_words
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.render.text.team_sentences import (
    jobs_of_several_teams,
    of_the_whole,
    team_headline,
    used_in_words,
)
from circleci_usage.render.view.breakdown_lines import cost_shown, lines
from circleci_usage.render.view.explore_links import LinkedName
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.export_columns import is_credit_type, job_in_words
from circleci_usage.schema.keys import ProjectKey

_DRIVERS: Final = 3


def sentences(view: ReportView) -> Iterator[Sentence]:
    """The report from its total to the savings."""
    report = view.report
    yield _headline(view)
    if not report.is_used:
        yield from _budgets(report)
        return
    yield from of_the_whole(view)
    yield from _change(view)
    yield from _most_expensive_project(view)
    yield from _anomalies(view)
    yield from _forecast(report)
    yield from _budgets(report)
    yield from _savings(report)
    yield from realized_savings_in_words(report)
    yield from jobs_of_several_teams(view)


def _headline(view: ReportView) -> Sentence:
    return team_headline(view) or Sentence(headline(view.report))


def headline(report: Report) -> str:
    """The report in one sentence."""
    if report.missing and not report.is_used:
        return f"There is no data {when(report.period)}, so CircleCI usage is unknown."
    if not report.is_used:
        return f"No CircleCI usage found {when(report.period)}."
    cost = cost_shown(report.totals, report.currency)
    return f"CircleCI cost {cost} {when(report.period)}: {used_in_words(report.totals)}."


def change_in_short(report: Report) -> str:
    """`+3.0% vs. September 2026`; empty when that is unknown.

    It names the compared days where they are not all of the report: `October 26–31, 2026: +3.0% …`.
    """
    changes = report.findings.period_comparison
    if not changes:
        return ""
    compared = "" if changes.now == report.period else f"{days(changes.now)}: "
    return f"{compared}{_change_in_short(changes)}"


def _change_in_short(changes: PeriodComparison) -> str:
    total = changes.total
    before = days(changes.before) + (", excluding seats" if changes.without_seats else "")
    if total.relative_change is None:
        return f"no cost in {before}"
    if not total.difference:
        return f"same as {before}"
    change = f"about the same as {before}"
    if is_change(total):
        change = f"{_signed(total.relative_change)} vs. {before}"
    if total.days_before == total.days_after or total.relative_change_per_day is None:
        return change
    if is_change_per_day(total):
        return f"{change}, {_signed(total.relative_change_per_day)} per day"
    return f"{change}, about the same per day"


def _signed(share: Decimal) -> str:
    return f"{'+' if share > 0 else '−'}{percent(abs(share))}"


def completeness(report: Report) -> str:
    """Whether the numbers are final, and which days are missing; empty when there are none."""
    statements = []
    if report.missing:
        statements.append(f"There is no data for {several_days(report.missing)}.")
    if report.is_used:
        statements.append(_finality(report))
    return " ".join(filter(None, statements))


def _finality(report: Report) -> str:
    through = report.complete_through
    if through is None:
        return "Data is incomplete; totals may still increase."
    if through < report.period.last:
        last = full_day(through)
        return f"Complete through {last}; later days are missing or may still increase."
    return "" if report.missing else "All days are complete."


def _change(view: ReportView) -> Iterator[Sentence]:
    changes, currency = view.report.findings.period_comparison, view.currency
    if not changes or not (is_change(changes.total) or worth_saying(changes.total.before)):
        return
    total = changes.total
    before = f"{when(changes.before)} ({money(total.before, currency)})"
    what = "That is"
    if changes.without_seats or changes.now != view.report.period:
        what = "Excluding seats, the cost was" if changes.without_seats else "The cost was"
        what = f"{what} {money(total.after, currency)} {when(changes.now)}:"
    yield Sentence(f"{what} {_than(total, currency)} {before}{_per_day(total)}.")
    if is_change(total) and is_change_per_day(total):
        yield from _main_drivers(changes.project_drivers[:_DRIVERS], view)


def _main_drivers(changes: Sequence[Change], view: ReportView) -> Iterator[Sentence]:
    drivers = [driver for driver in changes if worth_saying(driver.difference)]
    if not drivers:
        return
    names = tuple(_changed_project(driver, view) for driver in drivers)
    amounts = [money_change(driver.difference, view.currency) for driver in drivers]
    yield Sentence(f"Main drivers: {', '.join(f'{{}} ({amount})' for amount in amounts)}.", names)


def _changed_project(change: Change, view: ReportView) -> LinkedName:
    key, changes = ProjectKey(*change.key), view.report.findings.period_comparison
    link = view.explore.change(key, changes) if changes else ""
    return LinkedName(view.project_names.of(key), link)


def _than(total: Change, currency: str) -> str:
    """`$3.00 (10.0%) more than`."""
    if not total.difference:
        return "the same as"
    if not is_change(total):
        return "about the same as"
    share = f" ({percent(abs(total.relative_change))})" if total.relative_change is not None else ""
    more = "more" if total.difference > 0 else "less"
    return f"{money(abs(total.difference), currency)}{share} {more} than"


def _per_day(total: Change) -> str:
    """`, and 26.1% more per day`: where the periods differ in length."""
    share = total.relative_change_per_day
    if total.days_before == total.days_after or share is None:
        return ""
    seats = " excluding seats" if total.seats_before or total.seats_after else ""
    if not is_change_per_day(total):
        return f", and about the same per day{seats}"
    return f", and {percent(abs(share))} {'more' if share > 0 else 'less'} per day{seats}"


def _most_expensive_project(view: ReportView) -> Iterator[Sentence]:
    every = lines(view.report.breakdowns["projects"])
    named = [line for line in every if is_project(line.key)]
    if len(named) > 1 and worth_saying(named[0].cost, named[0].share):
        cost, share = money(named[0].cost, view.currency), percent(named[0].share)
        key = ProjectKey(*named[0].key)
        name = LinkedName(view.project_names.of(key), view.explore.named(key._asdict()))
        yield Sentence(f"Most expensive project: {{}}, {cost} ({share}).", (name,))


def _anomalies(view: ReportView) -> Iterator[Sentence]:
    every, currency = view.report.findings.anomalies, view.currency
    found = [anomaly for anomaly in every if worth_saying(anomaly.actual - anomaly.expected)]
    if not found:
        return
    worst = found[0]
    more = f" (the largest of {len(found)} cost anomalies)" if len(found) > 1 else ""
    expected = f"about {money(worst.expected, currency)} expected"
    amounts = f"{money(worst.actual, currency)} vs. {expected}"
    what, driver = _what_rose(worst, view), _driver(worst, view)
    yield Sentence(
        f"On {day(worst.day)}, {what.text} cost {amounts}{driver.text}{more}.",
        (*what.names, *driver.names),
    )


def _what_rose(anomaly: Anomaly, view: ReportView) -> Sentence:
    """`the job {} of {}`, `{}` or `all projects combined`."""
    if not anomaly.project:
        return Sentence("all projects combined")
    name = view.project_names.of(ProjectKey(*anomaly.project))
    project = LinkedName(name, view.explore.anomaly(anomaly))
    if (
        anomaly.subject != "job"
        or not anomaly.main_driver
        or _is_of_no_project(anomaly, view.report)
    ):
        return Sentence("{}", (project,))
    job = _job(anomaly, anomaly.main_driver, view)
    return Sentence(f"{job.text} of {{}}", (*job.names, project))


def _driver(anomaly: Anomaly, view: ReportView) -> Sentence:
    """`, driven by the job {}`; empty where the job itself is the anomaly."""
    driver = anomaly.main_driver
    if anomaly.subject == "job" or not driver or _is_of_no_project(anomaly, view.report):
        return Sentence("")
    job = _job(anomaly, driver, view)
    return Sentence(f", driven by {job.text}", job.names)


def _is_of_no_project(anomaly: Anomaly, report: Report) -> bool:
    """Whether a credit type outside of projects rose: project and job both have its name."""
    if not anomaly.project or not anomaly.main_driver:
        return False
    name, job = ProjectKey(*anomaly.project).project, anomaly.main_driver.job
    return name == job and is_credit_type(job, _credit_types(report))


def _job(anomaly: Anomaly, driver: MainDriver, view: ReportView) -> Sentence:
    text = job_in_words(driver.job, _credit_types(view.report))
    job = LinkedName(driver.job, view.explore.main_driver(anomaly, driver))
    return Sentence(text, (job,) if "{}" in text else ())


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
        for period in dict.fromkeys(map(period_in_words, alike)):
            those = [each for each in alike if period_in_words(each) == period]
            who = _these_budgets(those, report)
            yield Sentence(
                f"{who} {agreeing(len(those), 'is', 'are')} {words}: {_holes(those)}.",
                _names(those),
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
    """`1 of 4 budgets`, `The budget`; with its period if the report is on other days."""
    every = report.findings.budgets
    who = "The budget" if len(every) == 1 else f"{len(some)} of {number_of(len(every), 'budget')}"
    if some[0].month_to_date.month == report.period:
        return who
    the = "the " if some[0].budget.per == "week" else ""
    return f"{who} for {the}{period_in_words(some[0])}"


def _holes(budgets: Sequence[BudgetState]) -> str:
    return ", ".join(["{}"] * len(budgets))


def _names(budgets: Sequence[BudgetState]) -> tuple[str, ...]:
    return tuple(name_in_words(each.budget) for each in budgets)


def _savings(report: Report) -> Iterator[Sentence]:
    right_sizing = report.findings.right_sizing
    if right_sizing.saved > 0 and worth_saying(right_sizing.saved):
        jobs = number_of(len(right_sizing.savings), "job")
        saved = money(right_sizing.saved, report.currency)
        yield Sentence(f"Right-sizing {jobs} would save {saved} a month. {SAVINGS_ASSUME}")
