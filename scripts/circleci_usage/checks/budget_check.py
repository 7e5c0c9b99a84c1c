"""Do the budgets hold? Asked of a report folder and the settings file alone: no usage is read, nothing is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from circleci_usage.analysis.budgets import Budget, BudgetState, check_budgets
from circleci_usage.analysis.month_to_date import MonthToDate, Per
from circleci_usage.core.errors import SettingsError
from circleci_usage.report_folder.summary_file import damaged_summary, read_summary
from circleci_usage.report_folder.summary_findings import read_back

OVER_BUDGET = 10
"""The exit code when a budget does not hold."""

UNKNOWN = 11
"""The exit code when none is known to be exceeded, but one cannot be judged because days are missing."""


@dataclass(frozen=True)
class BudgetCheck:
    """How the budgets stand.

    Attributes:
        states: of all budgets, in the order of the settings.
        broken: those that do not hold: over, and with a look ahead also those that are expected to be.
        unknown: those that cannot be judged.
        currency: of all money.
    """

    states: tuple[BudgetState, ...]
    broken: tuple[BudgetState, ...]
    unknown: tuple[BudgetState, ...]
    currency: str

    @property
    def exit_code(self) -> int:
        """What the command line ends with: what is certain comes first."""
        if self.broken:
            return OVER_BUDGET
        return UNKNOWN if self.unknown else 0


def check_report(
    folder: Path,
    budgets: Sequence[Budget],
    currency: str,
    *,
    settings_checksum: str | None = None,
    ahead: bool = False,
) -> BudgetCheck:
    """Hold the budgets of the settings file against the months and cycles of a report.

    Args:
        folder: the report's.
        budgets: `UsageFile.all_budgets()`: as they are now, even if the report was made with others.
        currency: of the settings file.
        settings_checksum: `UsageFile.cost_checksum()`: the report has to be made with the same prices and teams. None
            does not look.
        ahead: whether a budget that is expected to be exceeded at the end of its month or cycle is broken too.

    Raises:
        SettingsError: there are no budgets, no report of this version, or the report was made with other settings.
        DataError: the report's summary is damaged.
    """
    if not budgets:
        raise SettingsError(
            "The settings file has no budgets; add `budgets` or the `budget` of a team."
        )
    summary = read_summary(folder)
    if summary.get("currency") != currency:
        raise SettingsError(
            f"The report in {folder} is in {summary.get('currency')}, the budgets are in {currency};"
            " make the report again."
        )
    if settings_checksum is not None and summary.get("settings_checksum") != settings_checksum:
        raise SettingsError(
            f"The report in {folder} was made with other prices, included credits, teams or shared costs than the"
            " settings file or --price-per-credit have now; make the report again, or check with what it was made with."
        )
    month_to_date = _spending(folder, summary)
    _refuse_unknown(folder, budgets, month_to_date)
    states = check_budgets(budgets, month_to_date)
    return BudgetCheck(
        states=states,
        broken=tuple(
            each
            for each in states
            if each.state == "over" or (ahead and each.state == "expected over")
        ),
        unknown=tuple(each for each in states if each.state == "unknown"),
        currency=currency,
    )


def _spending(folder: Path, summary: Mapping[str, Any]) -> Mapping[Per, MonthToDate]:
    try:
        return {per: read_back(month) for per, month in summary["budget_periods"].items()}
    except (AttributeError, KeyError, ValueError, TypeError, ArithmeticError):
        raise damaged_summary(folder) from None


def _refuse_unknown(
    folder: Path, budgets: Sequence[Budget], month_to_date: Mapping[Per, MonthToDate]
) -> None:
    """A report that does not say what was spent of a budget must not look as if nothing was."""
    for budget in budgets:
        if budget.per not in month_to_date:
            raise SettingsError(
                f"The report in {folder} was made without the billing cycle of the budget {budget.name!r}; make the"
                " report again with this settings file."
            )
        if budget.team is not None and budget.team not in month_to_date[budget.per].teams:
            raise SettingsError(
                f"The report in {folder} does not have the team {budget.team!r} of a budget; make the report again with"
                " this settings file."
            )
