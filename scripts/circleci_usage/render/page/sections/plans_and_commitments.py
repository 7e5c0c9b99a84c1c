"""Plans and commitments: what each plan cost, the purchased credits left, and commitments."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any, Final

from circleci_usage.analysis.commitments import CommitmentState, State
from circleci_usage.analysis.credit_balance import CreditBalance
from circleci_usage.render.formatting import (
    Shown,
    days,
    full_day,
    money,
    number,
    number_of,
    percent,
    several_days,
)
from circleci_usage.render.page.tables import (
    Cell,
    PageTable,
    PageTables,
    Row,
    Tone,
    name_cell,
    unknown,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report_folder.priced_amounts import known_cost

_PLAN_HEADINGS: Final = ("Plan", "Cost", "Share", "Credits", "Job runs")
_BALANCE_HEADINGS: Final = (
    "Plan",
    "Left",
    "Days left",
    "Run out",
    "Purchased",
    "Price",
    "Used",
    "Overage",
)
_COMMITMENT_HEADINGS: Final = (
    "Plan",
    "Used",
    "Commitment",
    "Forecast",
    "Shortfall",
    "Overage",
    "Status",
)
_STATUSES: Final[Mapping[State, tuple[str, Tone]]] = {
    "met": ("● met", "less"),
    "on track": ("● on track", "less"),
    "shortfall expected": ("▲ forecast to fall short", "more"),
    "shortfall": ("▲ fell short", "more"),
    "unknown": ("○ unknown", ""),
}
_TOO_LITTLE: Final = "too little history to forecast"
_NO_DAY: Final = "no complete day"


def plans_and_commitments_section(view: ReportView) -> PageTables | None:
    """A table for each of the three, as far as the settings file has them."""
    found = view.report.findings.contracts
    plans = _plans_table(view) if len(found.plans) else None
    balances = _balance_table(view) if found.balances else None
    commitments = _commitments_table(view) if found.commitments else None
    tables = {"plans": plans, "credit_balance": balances, "commitments": commitments}
    if not any(tables.values()):
        return None
    return PageTables(
        tables=[table for table in tables.values() if table],
        hint=_hint(view),
        files=[name for name, table in tables.items() if table],
    )


def _hint(view: ReportView) -> str:
    found = view.report.findings.contracts
    if not (found.balances or found.commitments):
        return ""
    counted = "Balances and commitments count charged usage, without included credits."
    gaps = [balance.missing for balance in found.balances]
    gaps += [state.missing for state in found.commitments]
    missing = [*dict.fromkeys(chain.from_iterable(gaps))]
    if not missing:
        return counted
    return f"{counted} Data is missing for {several_days(missing)}."


def _plans_table(view: ReportView) -> PageTable:
    lines = view.report.findings.contracts.plans.to_dict("records")
    return PageTable("Plans", _PLAN_HEADINGS, [_plan_row(line, view.currency) for line in lines])


def _plan_row(line: Mapping[Hashable, Any], currency: str) -> Row:
    cost = known_cost(line["cost"], line["credits"], line["unpriced_credits"])
    return [
        name_cell(line["plan"]),
        unknown("no price") if cost is None else money(cost, currency),
        unknown("no price") if cost is None else percent(line["share"]),
        number(line["credits"]),
        number(line["job_runs"]),
    ]


def _balance_table(view: ReportView) -> PageTable:
    balances = view.report.findings.contracts.balances
    rows = [_balance_row(balance, view.currency) for balance in balances]
    return PageTable("Credit balance", _BALANCE_HEADINGS, rows)


def _balance_row(balance: CreditBalance, currency: str) -> Row:
    through = f"through {full_day(balance.through)}" if balance.through else ""
    reason = "days are missing" if balance.missing else _NO_DAY
    return [
        name_cell(balance.plan, through),
        unknown(reason) if balance.left is None else number(balance.left),
        *_run_out(balance, reason),
        number(balance.purchased),
        money(balance.price, currency),
        unknown(reason) if balance.used is None else number(balance.used),
        unknown(reason) if balance.overage is None else _overage(balance.overage),
    ]


def _overage(overage: Decimal) -> Cell | str:
    return Cell(number(overage), tone="more") if overage else number(overage)


def _run_out(balance: CreditBalance, reason: str) -> Iterator[Cell | str]:
    """In how many days, and when."""
    if balance.longer_than is not None:
        yield from [f"more than {number(balance.longer_than)}", ""]
    elif balance.days_left is None:
        yield from [unknown(reason if balance.left is None else _TOO_LITTLE), ""]
    else:
        day = balance.runs_out_on
        yield number(balance.days_left)
        yield Shown(full_day(day), day) if day else ""


def _commitments_table(view: ReportView) -> PageTable:
    states = view.report.findings.contracts.commitments
    rows = [_commitment_row(state, view.currency) for state in states]
    return PageTable("Commitments", _COMMITMENT_HEADINGS, rows)


def _commitment_row(state: CommitmentState, currency: str) -> Row:
    commitment, forecast = state.commitment, state.forecast

    def shown(amount: Decimal) -> str:
        if commitment.measure == "cost":
            return money(amount, currency)
        return number_of(amount, "credit")

    used = shown(forecast.spent)
    if state.missing:
        used = Shown(f"at least {used}", forecast.spent)
    status, tone = _STATUSES[state.state]
    return [
        name_cell(commitment.plan, days(commitment.period)),
        used if state.through else unknown(_NO_DAY),
        shown(commitment.amount),
        _expected(state, shown),
        _difference(state.shortfall, state.shortfall_cost, shown, currency),
        _difference(state.overage, state.overage_cost, shown, currency),
        Cell(status, tone=tone),
    ]


def _expected(state: CommitmentState, shown: Callable[[Decimal], str]) -> Cell | str:
    expected = state.forecast.expected
    if expected is not None:
        return shown(expected)
    if state.through is None:
        return unknown(_NO_DAY)
    return unknown("days are missing" if state.missing else _TOO_LITTLE)


def _difference(
    amount: Decimal | None,
    cost: Decimal | None,
    shown: Callable[[Decimal], str],
    currency: str,
) -> Cell | str:
    """A shortfall or overage, with its cost where it is in credits."""
    if amount is None:
        return unknown()
    text, price = shown(amount), "" if cost is None else money(cost, currency)
    return Cell(text, detail=price) if amount and price != text else text
