"""The page's sections on time: the month's forecast and budgets, what changed, days that stand out, the trend."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from circleci_usage.analysis.anomalies import Anomaly
from circleci_usage.analysis.budgets import BudgetState, State
from circleci_usage.analysis.forecast import Forecast
from circleci_usage.analysis.month_to_date import MonthToDate
from circleci_usage.analysis.period_comparison import Change, costing
from circleci_usage.analysis.trend import TrendPeriod
from circleci_usage.core.periods import Period
from circleci_usage.render.formatting import (
    Shown,
    day,
    days,
    long_day,
    money,
    money_change,
    number,
    percent,
    percent_change,
    several_days,
    short_days,
    visible,
)
from circleci_usage.render.page.tables import (
    Cell,
    Grid,
    Grids,
    Tone,
    job_cell,
    more,
    name_cell,
    project_cell,
)
from circleci_usage.render.text.materiality import is_change, is_change_a_day
from circleci_usage.render.text.sentences import interval
from circleci_usage.render.view.projects import ProjectNames, project_names
from circleci_usage.report import Report

_ROWS: Final = 10
_STRETCHES: Final = 13
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_INTERVAL_MEANS: Final = "The total falls within the 80% interval in four out of five months."

_STATES: Final[Mapping[str, tuple[str, Tone]]] = {
    "within": ("● on track", "less"),
    "expected over": ("▲ forecast to exceed", "more"),
    "over": ("▲ exceeded", "more"),
    "unknown": ("○ unknown", ""),
}


def budget_view(report: Report) -> Grids | None:
    """What the month will cost, and how the budgets stand."""
    month = report.findings.month_to_date
    ahead = _forecast_grid(month, report.currency) if month else None
    budgets = _budget_grid(report)
    grids = [grid for grid in (ahead, budgets) if grid]
    if not grids:
        return None
    tables = (["forecast"] if ahead else []) + (["budgets"] if budgets else [])
    hints = [*_budget_hints(report), *([_INTERVAL_MEANS] if ahead else [])]
    return Grids(hint=" ".join(hints), grids=grids, tables=tables)


def _budget_grid(report: Report) -> Grid | None:
    budgets = report.findings.budgets
    if not budgets:
        return None
    periods = [*dict.fromkeys(state.month_to_date.month for state in budgets)]
    rows = [_budget(state, report.currency, several=len(periods) > 1) for state in budgets]
    title = f"Budgets for {days(periods[0])}" if len(periods) == 1 else "Budgets"
    return Grid(title, ("Name", "Actual", "Forecast", "Budget", "Used", "Status"), rows)


def _budget_hints(report: Report) -> Iterator[str]:
    """Of which days the amounts are."""
    month = report.findings.month_to_date
    judged = [state.month_to_date for state in report.findings.budgets] or (
        [month] if month else []
    )
    yield f"Actuals through {day(judged[0].through)}."
    missing = [*dict.fromkeys(gap for each in judged for gap in each.missing)]
    if missing:
        yield f"Data is missing for {several_days(missing)}; actual cost may be higher."


def _forecast_grid(month: MonthToDate, currency: str) -> Grid | None:
    """What the month will cost, in money and credits; None when that is no forecast."""
    if month.is_over or not month.is_whole:
        return None
    rows = [_forecast("Cost", month.everything, lambda amount: money(amount, currency))]
    if month.credits:
        rows.append(_forecast("Credits", month.credits, number))
    return Grid(
        f"Forecast for {days(month.month)}", ("", "To date", "Forecast", "80% interval"), rows
    )


def _forecast(what: str, ahead: Forecast, shown: Callable[[Decimal], str]) -> list[Cell | str]:
    if ahead.expected is None:
        return [what, shown(ahead.spent), Shown("too little history to forecast", None), ""]
    return [
        what,
        shown(ahead.spent),
        shown(ahead.expected),
        interval(ahead, shown).removeprefix("80% interval "),
    ]


def budgets_in_short(report: Report) -> str:
    """`2 of 4 exceeded`; empty without budgets."""
    budgets = report.findings.budgets
    states = Counter(state.state for state in budgets)
    words: Mapping[State, str] = {
        "over": "exceeded",
        "expected over": "forecast to exceed",
        "unknown": "unknown",
    }
    parts = [f"{states[state]} {said}" for state, said in words.items() if states[state]]
    return (", ".join(parts) or "all on track") if budgets else ""


def _budget(state: BudgetState, currency: str, *, several: bool) -> list[Cell | str]:
    words, tone = _STATES[state.state]
    expected = (
        money(state.expected, currency) if state.expected is not None else Shown("unknown", None)
    )
    team = f"team {visible(state.budget.team)}" if state.budget.team else ""
    period = days(state.month_to_date.month) if several else ""
    spent = money(state.spent, currency)
    at_least = Shown(f"at least {spent}", state.spent) if state.month_to_date.missing else spent
    return [
        name_cell(state.budget.name, ", ".join(filter(None, (team, period)))),
        at_least,
        expected,
        money(state.budget.amount, currency),
        percent(state.used) if state.used is not None else Shown("unknown", None),
        Cell(words, tone=tone),
    ]


def change_tone(report: Report) -> Tone:
    """Whether the total's change is good or bad news; neither when only the length of the periods differs."""
    changes = report.findings.period_comparison
    if not changes or not (is_change(changes.total) and is_change_a_day(changes.total)):
        return ""
    return "more" if changes.total.difference > 0 else "less"


def change_view(report: Report) -> Grids | None:
    """What drove the change against the period before; what cost nothing in either is not listed."""
    changes = report.findings.period_comparison
    if not changes:
        return None
    projects, jobs = costing(changes.projects), costing(changes.jobs)
    if not projects:
        return None
    names, currency = project_names(report), report.currency
    before, now = days(changes.before), days(changes.now)
    seats = " Seats are excluded because they are billed monthly." if changes.without_seats else ""
    project_rows = [
        [project_cell(change.key, names), *_change(change, currency)] for change in projects[:_ROWS]
    ]
    job_rows = [
        [job_cell(change.key, names), *_change(change, currency)] for change in jobs[:_ROWS]
    ]
    return Grids(
        hint=(
            f"Compared with {before}, largest changes first. The volume effect is the change at the"
            f" previous cost per run; the rest is the rate effect.{seats}"
        ),
        grids=[
            Grid(
                what,
                (what[:-1], before, now, "Change", "Change %", "Change per day", "Volume effect"),
                rows,
                more(len(rows), every, what.lower()[:-1]),
            )
            for what, rows, every in (
                ("Projects", project_rows, projects),
                ("Jobs", job_rows, jobs),
            )
        ],
        tables=["changes_by_project", "changes_by_job"],
    )


def _change(change: Change, currency: str) -> list[Cell | str]:
    tone: Tone = "more" if change.difference > 0 else "less" if change.difference else ""
    return [
        money(change.before, currency),
        money(change.after, currency),
        Cell(money_change(change.difference, currency), tone=tone),
        Cell(_share(change), tone=tone),
        _change_a_day(change, currency),
        money_change(change.volume_effect, currency) if change.volume_effect is not None else "",
    ]


def _share(change: Change) -> str:
    """The change as a share; what did not run on one side is new or gone."""
    if not change.before and not change.started_before:
        return Shown("new", None)
    if not change.after and not change.started_after:
        return Shown("gone", change.relative_change)
    return (
        Shown("", None)
        if change.relative_change is None
        else percent_change(change.relative_change)
    )


def _change_a_day(change: Change, currency: str) -> Cell:
    """The change when both periods are taken for equally long."""
    share = (
        f"({percent_change(change.relative_change_per_day)})"
        if change.relative_change_per_day
        else ""
    )
    return Cell(money_change(change.difference_per_day, currency), detail=share)


def anomaly_view(report: Report) -> Grids | None:
    """Days that cost too much."""
    found = report.findings.anomalies
    if not found:
        return None
    names = project_names(report)
    rows = [_anomaly(anomaly, names, report.currency) for anomaly in found[:_ROWS]]
    headings = ("Day", "Project", "Main driver", "Expected", "Actual", "Excess")
    return Grids(
        hint=(
            "Compared with the same weekday in the surrounding weeks, considering how much the cost usually"
            " varies. If the anomaly is limited to one job, the amounts are that job's."
        ),
        grids=[Grid("Cost anomalies", headings, rows, more(len(rows), found, "day"), names=3)],
        tables=["anomalies"],
    )


def _anomaly(anomaly: Anomaly, names: ProjectNames, currency: str) -> list[Cell | str]:
    cause = anomaly.main_driver
    costs = (
        f"{money(cause.actual, currency)} (usually {money(cause.expected, currency)})"
        if cause
        else ""
    )
    return [
        long_day(anomaly.day),
        project_cell(anomaly.project, names) if anomaly.project else "all projects",
        name_cell(cause.job, costs) if cause else "",
        money(anomaly.expected, currency),
        money(anomaly.actual, currency),
        Cell(money_change(anomaly.excess, currency), tone="more"),
    ]


def trend_view(report: Report) -> Mapping[str, Any] | None:
    """Months, weeks and weekdays."""
    trend, currency = report.findings.trend, report.currency
    if not trend:
        return None
    apart = " (excluding seats)" if trend.without_seats else ""
    means = zip(_WEEKDAYS, trend.weekdays, strict=True)
    weekdays = [(name, cost, money(cost, currency)) for name, cost in means if cost is not None]
    lists = [
        _bars("By month", "Month", _stretches(trend.months, days, currency)),
        _bars(f"By week{apart}", "Week", _stretches(trend.weeks, short_days, currency)),
    ]
    if weekdays:
        lists.append(_bars(f"By weekday{apart}", "Weekday", weekdays, "Daily average"))
    return {"lists": lists}


def _stretches(
    trend_periods: Sequence[TrendPeriod], name: Callable[[Period], str], currency: str
) -> list[tuple[str, Decimal, str]]:
    return [
        (
            name(each.days) + ("" if each.is_whole else " (partial)"),
            each.cost,
            money(each.cost, currency),
        )
        for each in trend_periods[-_STRETCHES:]
    ]


def _bars(
    title: str, heading: str, bars: Sequence[tuple[str, Decimal, str]], amount: str = "Cost"
) -> Mapping[str, Any]:
    highest = max((cost for _, cost, _ in bars), default=Decimal(0)) or Decimal(1)
    return {
        "title": title,
        "heading": heading,
        "amount": amount,
        "rows": [(name, float(max(cost, Decimal(0)) / highest), text) for name, cost, text in bars],
    }
