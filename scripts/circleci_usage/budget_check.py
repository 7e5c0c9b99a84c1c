"""Do the budgets hold? Asked of a report folder and the settings file alone: no usage is read, nothing is asked for."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circleci_usage.analysis.budgets import Budget, BudgetState, check_budgets
from circleci_usage.analysis.spending import Spending
from circleci_usage.errors import DataError, SettingsError
from circleci_usage.render.summary_findings import read_back
from circleci_usage.usage.parts import SUMMARY_NAME

OVER_BUDGET = 10
"""The exit code when a budget does not hold."""


@dataclass(frozen=True)
class BudgetCheck:
    """How the budgets stand.

    Attributes:
        states: of all budgets, in the order of the settings.
        broken: those that do not hold: over, and with a look ahead also those that are expected to be.
        spending: what they were held against.
        currency: of all money.
    """

    states: tuple[BudgetState, ...]
    broken: tuple[BudgetState, ...]
    spending: Spending
    currency: str

    @property
    def exit_code(self) -> int:
        """What the command line ends with."""
        return OVER_BUDGET if self.broken else 0


def check_report(folder: Path, budgets: Sequence[Budget], currency: str, *, ahead: bool = False) -> BudgetCheck:
    """Hold the budgets of the settings file against the month of a report.

    Args:
        folder: the report's.
        budgets: `UsageFile.all_budgets()`: as they are now, even if the report was made with others.
        currency: of the settings file.
        ahead: whether a budget that is expected to be exceeded at the end of the month is broken too.

    Raises:
        SettingsError: there are no budgets, no report, or it is in another currency or without a complete day.
        DataError: the report's summary is damaged.
    """
    if not budgets:
        raise SettingsError("The settings file has no budgets; add `budgets` or the `budget` of a team.")
    summary = _summary(folder / SUMMARY_NAME)
    if summary.get("currency") != currency:
        raise SettingsError(
            f"The report in {folder} is in {summary.get('currency')}, the budgets are in {currency};"
            " make the report again."
        )
    if summary.get("month") is None:
        raise SettingsError(f"The report in {folder} has no complete day to check budgets on; report on more days.")
    try:
        spending = read_back(summary["month"])
    except (KeyError, ValueError, TypeError, ArithmeticError):
        raise _damaged(folder / SUMMARY_NAME) from None
    states = check_budgets(budgets, spending)
    broken = tuple(each for each in states if each.state == "over" or (ahead and each.state == "expected over"))
    return BudgetCheck(states, broken, spending, currency)


def _summary(path: Path) -> dict[str, Any]:
    try:
        summary = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or error}; make a report first, or name its folder with --output."
        ) from None
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(summary, dict):
        raise _damaged(path)
    return summary


def _damaged(path: Path) -> DataError:
    return DataError(f"{path} is not the summary of a report; make the report again.")
