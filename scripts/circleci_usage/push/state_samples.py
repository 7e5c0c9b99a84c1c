"""The state as of the report: forecast, budgets, wasted spend, savings, users, unit costs.

These are not amounts of a day, so in either mode they get the current timestamp.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from circleci_usage.push.budget_tags import budget_tags
from circleci_usage.push.metrics import (
    ACTIVE_USERS,
    BUDGET_USED_RATIO,
    FORECAST_COST,
    POTENTIAL_SAVINGS,
    UNIT_COST,
    UNREGISTERED_USERS,
    USER_COST,
    USER_TAG,
    WASTED_COST,
)
from circleci_usage.push.samples import Sample, TagPairs, summed
from circleci_usage.report_folder.reader import ReportFolder, decimal_from

_WASTE: Final = {"failed": "failed", "canceled": "canceled", "reruns": "rerun"}
"""Column of the table of wasted spend → tag `reason`. They overlap: a rerun can also fail."""

_SAVINGS: Final = {"saved_a_month": "oversized"}
"""The same of right-sizing: savings per month, certain as long as runs take as long as before."""

_SAVINGS_TABLE: Final = "savings"

_USER_COUNTS: Final = {
    "active_users": ACTIVE_USERS,
    "unregistered_users": UNREGISTERED_USERS,
}
"""Key of the summary → metric."""

_SHOWN: Final = {"ids", "names"}
"""How the settings file lets each user be shown; otherwise only their numbers are sent."""

_WASTE_TAGS: Final = ("organization", "project", "workflow", "job")


def state_samples(report: ReportFolder, tags: Sequence[str], timestamp: int) -> tuple[Sample, ...]:
    """The state of a report; what the report does not know is left out.

    Args:
        report: the report.
        tags: some of `metrics.TAGS`; budgets, users, reasons of wasted spend and units always have
            theirs.
        timestamp: the current one.

    Raises:
        DataError: the report is damaged.
    """
    try:
        return summed(
            [
                *_forecast(report, tags, timestamp),
                *_budgets(report, timestamp),
                *_waste(report, tags, timestamp),
                *_savings(report, tags, timestamp),
                *_user_counts(report, timestamp),
                *_user_costs(report, timestamp),
                *_unit_costs(report, timestamp),
            ]
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise report.damaged_summary() from None


def _forecast(report: ReportFolder, tags: Sequence[str], timestamp: int) -> Iterator[Sample]:
    month = report.summary.get("month") or {}
    teams = month.get("by_team") if "team" in tags else None
    for forecast in teams or [month]:
        if forecast.get("expected") is not None:
            pairs: TagPairs = (("team", str(forecast["team"])),) if teams else ()
            yield Sample(FORECAST_COST, pairs, timestamp, decimal_from(str(forecast["expected"])))


def _budgets(report: ReportFolder, timestamp: int) -> Iterator[Sample]:
    for budget in report.summary.get("budgets") or ():
        if budget["used"] is None:  # days are missing
            continue
        used = decimal_from(str(budget["used"]))
        yield Sample(BUDGET_USED_RATIO, budget_tags(budget), timestamp, used)


def _waste(report: ReportFolder, tags: Sequence[str], timestamp: int) -> Iterator[Sample]:
    keys = [tag for tag in tags if tag in _WASTE_TAGS]
    for table, reasons in (("waste", _WASTE), ("right_sizing", _SAVINGS)):
        if not report.has(table):
            continue
        for names, values in report.rows(table, keys, [*reasons]):
            pairs = tuple(zip(keys, names, strict=True))
            for reason, value in zip(reasons.values(), values, strict=True):
                if value and value > 0:
                    yield Sample(WASTED_COST, (*pairs, ("reason", reason)), timestamp, value)


def _savings(report: ReportFolder, tags: Sequence[str], timestamp: int) -> Iterator[Sample]:
    """What the actions of the list add to the total; what is worth a look adds nothing."""
    keys = [tag for tag in tags if tag in _WASTE_TAGS]
    if not report.has(_SAVINGS_TABLE):
        return
    rows = report.rows(_SAVINGS_TABLE, [*keys, "certainty"], ["counted_a_month"])
    for (*names, certainty), (saved,) in rows:
        if saved and saved > 0:
            pairs = tuple(zip(keys, names, strict=True))
            yield Sample(POTENTIAL_SAVINGS, (*pairs, ("certainty", certainty)), timestamp, saved)


def _user_counts(report: ReportFolder, timestamp: int) -> Iterator[Sample]:
    people = report.summary.get("people") or {}
    for key, metric in _USER_COUNTS.items():
        if people.get(key) is not None:
            yield Sample(metric, (), timestamp, decimal_from(str(people[key])))


def _user_costs(report: ReportFolder, timestamp: int) -> Iterator[Sample]:
    """A sample per user, by name or id, if the settings file lets users be shown."""
    people = report.summary.get("people") or {}
    if people.get("show") not in _SHOWN:
        return
    for (user, name), (cost,) in report.rows("users", ["user_id", "name"], ["cost"]):
        if cost is not None:
            yield Sample(USER_COST, ((USER_TAG, name or user),), timestamp, cost)


def _unit_costs(report: ReportFolder, timestamp: int) -> Iterator[Sample]:
    for each in report.summary.get("unit_costs") or ():
        if each["cost_per_unit"] is not None:
            pairs: TagPairs = (("unit", str(each["unit"])),)
            yield Sample(UNIT_COST, pairs, timestamp, decimal_from(str(each["cost_per_unit"])))
