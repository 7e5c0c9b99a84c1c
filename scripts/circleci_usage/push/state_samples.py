"""What a report says of now: forecast, budgets, waste. No amounts of a day, so they are stamped now in any mode."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import chain
from typing import Final

from circleci_usage.core.decimals import ZERO, exact_arithmetic
from circleci_usage.push.metrics import BUDGET_USED_RATIO, FORECAST_COST, WASTED_COST
from circleci_usage.push.samples import Amounts, Names
from circleci_usage.report_folder.reader import ReportFolder, number

_WASTE: Final = {"failed": "failed", "canceled": "canceled", "reruns": "rerun"}
"""Column of the table of waste → the tag `reason`. The reasons overlap: a rerun may fail too."""

_OVERSIZED: Final = "oversized"
"""The reason of what right-sizing saves in a month for certain, if runs take as long as before."""

_WASTE_TAGS: Final = ("organization", "project", "workflow", "job")

State = tuple[str, Names, Decimal]


def state_amounts(report: ReportFolder, tags: Sequence[str], stamp: int) -> Amounts:
    """The states of a report; what it does not know is left out.

    Args:
        report: the report.
        tags: some of `metrics.TAGS`; budgets and reasons of waste are always told apart.
        stamp: the Unix time of now.

    Raises:
        DataError: the report is damaged.
    """
    sums: defaultdict[tuple[str, Names], Decimal] = defaultdict(lambda: ZERO)
    try:
        with exact_arithmetic():
            for metric, names, amount in chain(
                _forecast(report, tags), _budgets(report), _waste(report, tags)
            ):
                sums[metric, names] += amount
    except (KeyError, TypeError, ValueError, AttributeError):
        raise report.damaged_summary() from None
    return {key: {stamp: amount} for key, amount in sums.items()}


def _forecast(report: ReportFolder, tags: Sequence[str]) -> Iterator[State]:
    month = report.summary.get("month") or {}
    teams = month.get("by_team") if "team" in tags else None
    for forecast in teams or [month]:
        if forecast.get("expected") is not None:
            names = (("team", str(forecast["team"])),) if teams else ()
            yield FORECAST_COST, names, number(str(forecast["expected"]))


def _budgets(report: ReportFolder) -> Iterator[State]:
    known = (budget for budget in report.summary.get("budgets") or () if budget["used"] is not None)
    for budget in known:
        team = (("team", str(budget["team"])),) if budget.get("team") else ()
        yield (
            BUDGET_USED_RATIO,
            (*team, ("budget", str(budget["name"]))),
            number(str(budget["used"])),
        )


def _waste(report: ReportFolder, tags: Sequence[str]) -> Iterator[State]:
    keys = [tag for tag in tags if tag in _WASTE_TAGS]
    for table, reasons in (("waste", _WASTE), ("right_sizing", {"saved_a_month": _OVERSIZED})):
        if report.has(table):
            for names, amounts in report.rows(table, keys, [*reasons]):
                for reason, amount in zip(reasons.values(), amounts, strict=True):
                    if amount and amount > 0:
                        yield (
                            WASTED_COST,
                            (*zip(keys, names, strict=True), ("reason", reason)),
                            amount,
                        )
