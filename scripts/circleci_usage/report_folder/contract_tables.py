"""Tables of plans, of the balance of purchased credits, and of commitments."""

from collections.abc import Iterable
from typing import Final

import pandas as pd

from circleci_usage.analysis.commitments import CommitmentState
from circleci_usage.analysis.credit_balance import CreditBalance
from circleci_usage.report import Report
from circleci_usage.report_folder.columns import (
    AMOUNT_COLUMNS,
    JOB_RUNS,
    CatalogTable,
    count,
    credit_amount,
    day,
    exact,
    money,
    share,
    text,
)
from circleci_usage.report_folder.priced_amounts import known_lines
from circleci_usage.report_folder.table import Row, Table

_PLAN: Final = text(
    "plan", "Name of the plan; `default` for what no plan of the settings file matches."
)

PLANS: Final = CatalogTable(
    "plans",
    "Plans",
    "What a plan of the settings file cost; no line without plans.",
    (_PLAN, *AMOUNT_COLUMNS, share("share", "Share of the total cost."), JOB_RUNS),
)

CREDIT_BALANCE: Final = CatalogTable(
    "credit_balance",
    "Credit balance",
    "The purchased credits of a plan, with `purchases` in the settings file.",
    (
        _PLAN,
        day("since", "Day of the first purchase."),
        day("through", "Last complete day; empty where no day is complete."),
        credit_amount("purchased", "Credits purchased through that day."),
        money("price", "What they cost."),
        credit_amount("used", "Of these, credits used; empty where days are missing."),
        credit_amount("left", "Of these, credits left; empty likewise."),
        credit_amount("overage", "Charged credits since `since` beyond them; empty likewise."),
        count(
            "days_left",
            "days",
            "Days until they run out at the forecast; empty where too little is known, or if they"
            " last longer than the forecast reaches.",
        ),
        day("runs_out_on", "Day on which they run out at the forecast; empty likewise."),
        text("missing", "Days without data, with commas between them; empty if there are none."),
    ),
)

_IN: Final = "credits or currency"

COMMITMENTS: Final = CatalogTable(
    "commitments",
    "Commitments",
    "A commitment of the settings file and how much of it is used.",
    (
        _PLAN,
        day("from", "First day of the commitment."),
        day("to", "Last day of the commitment."),
        text("measure", "`credits` or `cost`: what the amounts are."),
        exact("amount", _IN, "The commitment."),
        day("through", "Last day that counts; empty before its first complete day."),
        exact("used", _IN, "Charged so far, as far as it is known."),
        exact("expected", _IN, "Forecast for the last day; empty where too little is known."),
        exact("low", _IN, "Lower bound of the forecast's 80% interval."),
        exact("high", _IN, "Upper bound of the forecast's 80% interval."),
        exact("shortfall", _IN, "Part of the commitment that will not be used; empty likewise."),
        money("shortfall_cost", "What is paid for it."),
        exact("overage", _IN, "What will be used beyond the commitment; empty likewise."),
        money("overage_cost", "What that costs."),
        text(
            "state",
            "`met`, `on track`, `shortfall expected`, `shortfall`, or `unknown` where too little is"
            " known.",
        ),
        text("missing", "Days without data, with commas between them; empty if there are none."),
    ),
)


def plans_table(report: Report) -> pd.DataFrame:
    """The plans, the most expensive first."""
    return known_lines(report.findings.contracts.plans, report.prices)


def credit_balance_table(balances: Iterable[CreditBalance]) -> Table:
    """The balances of purchased credits."""
    return Table(CREDIT_BALANCE, map(_balance_row, balances))


def commitments_table(states: Iterable[CommitmentState]) -> Table:
    """The commitments."""
    return Table(COMMITMENTS, map(_commitment_row, states))


def _balance_row(balance: CreditBalance) -> Row:
    return (
        balance.plan,
        balance.since,
        balance.through,
        balance.purchased,
        balance.price,
        balance.used,
        balance.left,
        balance.overage,
        balance.days_left,
        balance.runs_out_on,
        ", ".join(map(str, balance.missing)) or None,
    )


def _commitment_row(state: CommitmentState) -> Row:
    commitment, forecast = state.commitment, state.forecast
    return (
        commitment.plan,
        commitment.period.first,
        commitment.period.last,
        commitment.measure,
        commitment.amount,
        state.through,
        forecast.spent,
        forecast.expected,
        forecast.low,
        forecast.high,
        state.shortfall,
        state.shortfall_cost,
        state.overage,
        state.overage_cost,
        state.state,
        ", ".join(map(str, state.missing)) or None,
    )
