"""Checks budgets against a report folder and the settings file alone: no usage is read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from circleci_usage.analysis.budgets import Budget, BudgetState, check_budgets
from circleci_usage.core.errors import SettingsError
from circleci_usage.costs.allocation import UNALLOCATED
from circleci_usage.report_folder.reader import ReportFolder, read_report_folder

OVER_BUDGET = 10
"""The exit code when a budget is exceeded."""

UNKNOWN = 11
"""The exit code when no budget is known to be exceeded, but days are missing to judge one."""


@dataclass(frozen=True)
class BudgetCheck:
    """The status of all budgets.

    Attributes:
        states: of all budgets, in the order of the settings.
        broken: those that are exceeded; with the forecast, also those forecast to be exceeded.
        unknown: those that cannot be judged.
        currency: of all money.
    """

    states: tuple[BudgetState, ...]
    broken: tuple[BudgetState, ...]
    unknown: tuple[BudgetState, ...]
    currency: str

    @property
    def exit_code(self) -> int:
        """The exit code of the command: what is certain comes first."""
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
    """Check the budgets of the settings file against the spending in a report.

    Args:
        folder: the report's.
        budgets: `SettingsFile.all_budgets()`: as they are now, even if the report had others.
        currency: of the settings file.
        settings_checksum: `SettingsFile.cost_checksum()`: the report must have been made with the
            same prices and teams. None skips that check.
        ahead: whether a budget that is forecast to be exceeded is broken too.

    Raises:
        SettingsError: there are no budgets, no report of this version, or the report was made with
            other settings.
        DataError: the report's summary is damaged.
    """
    if not budgets:
        raise SettingsError(
            "The settings file has no budgets; add `budgets` or the `budget` of a team."
        )
    report = read_report_folder(folder)
    _refuse_other_settings(report, currency, settings_checksum)
    _refuse_unknown(report, budgets)
    states = check_budgets(budgets, report.budget_spending)
    broken_states = {"over", "expected over"} if ahead else {"over"}
    return BudgetCheck(
        states=states,
        broken=tuple(each for each in states if each.state in broken_states),
        unknown=tuple(each for each in states if each.state == "unknown"),
        currency=currency,
    )


def _refuse_other_settings(
    report: ReportFolder, currency: str, settings_checksum: str | None
) -> None:
    if report.currency != currency:
        raise SettingsError(
            f"The report in {report.path} is in {report.currency}, the budgets are in {currency};"
            " make the report again."
        )
    if settings_checksum is not None and report.settings_checksum != settings_checksum:
        raise SettingsError(
            f"The report in {report.path} was made with other prices, included credits, teams or"
            " shared costs than the settings file or --price-per-credit have now; make the report"
            " again, or check it with the settings it was made with."
        )


def _refuse_unknown(report: ReportFolder, budgets: Sequence[Budget]) -> None:
    """Refuse a report that lacks the spending of a budget: it must not look like no spending."""
    for budget in budgets:
        spending = report.budget_spending.of(budget.part)
        if spending is None:
            raise SettingsError(
                f"The report in {report.path} was made without the {_what(budget)} of the budget"
                f" {budget.name!r}; make the report again with this settings file."
            )
        # Of costs without a team, there may be none.
        if budget.team not in {None, UNALLOCATED, *spending.teams}:
            raise SettingsError(
                f"The report in {report.path} does not have the team {budget.team!r} of a budget;"
                " make the report again with this settings file."
            )


def _what(budget: Budget) -> str:
    """What a report lacks: the period of all costs, or a part of them."""
    if not budget.part.is_whole:
        return "costs or credits"
    return "billing cycle" if budget.per == "cycle" else budget.per
