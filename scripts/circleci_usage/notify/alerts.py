"""What somebody should be told once: thresholds of budgets, cost anomalies, the first import."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, Final

from circleci_usage.analysis.budgets import THRESHOLDS
from circleci_usage.config.notify_sections import When
from circleci_usage.core.periods import Period
from circleci_usage.notify.ledger import key_of
from circleci_usage.render.formatting import day, days, money, number_of, percent
from circleci_usage.render.text.budget_words import span_in_words
from circleci_usage.render.text.sentence import Sentence
from circleci_usage.report_folder.reader import ReportFolder, decimal_from
from circleci_usage.schema.export_columns import job_in_words
from circleci_usage.schema.report_files import DAILY_CHARGES

_FORECAST: Final = "forecast"
_WHOLE: Final = Decimal(100)

Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Alert:
    """Something to tell.

    Attributes:
        sentence: what it is; names from the export are apart.
        keys: of the ledger: what it is about. It is told as long as the last one is new: a budget
            that went from 40% to 90% has reached two thresholds, and is told of once.
    """

    sentence: Sentence
    keys: tuple[str, ...]


class ReportAlerts:
    """All that a report has to tell, in all or of one team.

    Its methods raise DataError where the report is damaged.

    Args:
        report: the report.
    """

    def __init__(self, report: ReportFolder) -> None:
        self._report = report

    def of(self, when: When, team: str | None) -> tuple[Alert, ...]:
        """The alerts of one kind; none for `always`, which is the report itself.

        Args:
            when: the kind.
            team: only what concerns this team; None for everything.
        """
        kinds = {
            "threshold": self._thresholds,
            "anomaly": self._anomalies,
            "first_import": self._first_import,
        }
        if when not in kinds:
            return ()
        try:
            return tuple(kinds[when](team))
        except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError):
            raise self._report.damaged_summary() from None

    def _thresholds(self, team: str | None) -> Iterator[Alert]:
        for budget in self._report.summary.get("budgets") or ():
            if team is None or budget.get("team") == team:
                yield from self._of_budget(budget)

    def _of_budget(self, budget: Entry) -> Iterator[Alert]:
        reached = _reached(budget)
        name = str(budget["name"])
        about = ("threshold", budget.get("team"), name, budget["per"], budget["from"])
        if reached:
            keys = tuple(key_of(*about, f"{each.normalize():f}") for each in sorted(reached))
            yield Alert(self._used(budget, max(reached)), keys)
        if _is_forecast_over(budget):
            yield Alert(self._forecast(budget), (key_of(*about, _FORECAST),))

    def _used(self, budget: Entry, threshold: Decimal) -> Sentence:
        amount, spent = self._amount(budget, "amount"), self._amount(budget, "spent")
        used = ""
        if budget.get("used") is not None:
            used = f" ({percent(decimal_from(str(budget['used'])))})"
        is_over = budget["state"] == "over"
        has = "is exceeded" if is_over else f"has reached {threshold.normalize():f}%"
        text = f"The budget {{}} for {_span(budget)} {has}: {spent} of {amount}{used}."
        return Sentence(text, (str(budget["name"]),))

    def _forecast(self, budget: Entry) -> Sentence:
        amount, expected = self._amount(budget, "amount"), budget.get("expected")
        ahead = f": about {self._amount(budget, 'expected')} of {amount}" if expected else ""
        text = f"The budget {{}} for {_span(budget)} is forecast to be exceeded{ahead}."
        return Sentence(text, (str(budget["name"]),))

    def _amount(self, budget: Entry, name: str) -> str:
        """An amount of a budget, which is money or credits."""
        if budget[name] is None:
            return "an unknown amount"
        amount = decimal_from(str(budget[name]))
        in_credits = budget.get("measure") == "credits"
        return number_of(amount, "credit") if in_credits else self._money(amount)

    def _anomalies(self, team: str | None) -> Iterator[Alert]:
        for anomaly in self._report.summary.get("anomalies") or ():
            if team is None or team in self._teams_of(anomaly):
                yield Alert(self._anomaly(anomaly), (_anomaly_key(anomaly),))

    def _anomaly(self, anomaly: Entry) -> Sentence:
        actual = self._money(decimal_from(str(anomaly["actual"])))
        expected = self._money(decimal_from(str(anomaly["expected"])))
        what, driver = self._what_rose(anomaly), self._driver(anomaly)
        on = day(date.fromisoformat(anomaly["date"]))
        return Sentence(
            f"On {on}, {what.text} cost {actual} vs. about {expected} expected{driver.text}.",
            (*what.names, *driver.names),
        )

    def _what_rose(self, anomaly: Entry) -> Sentence:
        if not anomaly.get("project"):
            return Sentence("all projects combined")
        project = self._project(anomaly)
        if anomaly.get("subject") != "job":
            return Sentence("{}", (project,))
        job = self._job(anomaly)
        return Sentence(f"{job.text} of {{}}", (*job.names, project))

    def _project(self, anomaly: Entry) -> str:
        """Its name, as everywhere with its organization where there are several."""
        name, organization = str(anomaly["project"]), anomaly.get("organization")
        several = len(self._report.summary.get("by_organization") or ()) > 1
        return f"{organization}/{name}" if several and organization else name

    def _driver(self, anomaly: Entry) -> Sentence:
        name, project = anomaly.get("job"), anomaly.get("project")
        if not name or name == project or anomaly.get("subject") == "job":
            return Sentence("")
        job = self._job(anomaly)
        return Sentence(f", driven by {job.text}", job.names)

    def _job(self, anomaly: Entry) -> Sentence:
        kinds = [each["credit_type"] for each in self._report.summary.get("by_credit_type") or ()]
        text = job_in_words(anomaly["job"], kinds)
        return Sentence(text, (str(anomaly["job"]),) if "{}" in text else ())

    def _teams_of(self, anomaly: Entry) -> Sequence[str]:
        """The teams that had costs of the project on that day."""
        return self._teams.get((anomaly["date"], str(anomaly.get("project_id"))), ())

    @cached_property
    def _teams(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """Teams by day and id of the project, for the days of anomalies."""
        anomalies = self._report.summary.get("anomalies") or ()
        wanted = {(each["date"], str(each.get("project_id"))) for each in anomalies}
        found: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        columns = ["date", "project_id", "team"]
        for (on, project, team), _ in self._report.rows(DAILY_CHARGES, columns, []):
            if (on, project) in wanted and team not in found[on, project]:
                found[on, project].append(team)
        return found

    def _first_import(self, team: str | None) -> Iterator[Alert]:
        """Told when a report has all its days, and each of them is complete."""
        report = self._report
        is_whole = report.summary["complete_through"] == str(report.period.last)
        if is_whole and not report.summary["missing"]:
            covered = days(report.period)
            sentence = Sentence(f"The first import is complete: the report covers {covered}.")
            yield Alert(sentence, (key_of("first_import", team),))

    def _money(self, amount: Decimal) -> str:
        return money(amount, self._report.currency)


def _reached(budget: Entry) -> list[Decimal]:
    """The thresholds that a budget has reached, in percent."""
    reached = budget.get("thresholds_reached")
    if reached is not None:
        return [decimal_from(str(each)) for each in reached]
    if budget["used"] is None:  # days are missing: only an exceeded budget is certain
        return [_WHOLE] if budget["state"] == "over" else []
    used = decimal_from(str(budget["used"])) * _WHOLE
    reached = [each for each in THRESHOLDS if used >= each]
    return [*reached, *([_WHOLE] if budget["state"] == "over" and _WHOLE not in reached else [])]


def _is_forecast_over(budget: Entry) -> bool:
    """Whether a budget that is not exceeded yet is forecast to be."""
    forecast = budget.get("forecast_over")
    is_ahead = budget["state"] == "expected over" if forecast is None else bool(forecast)
    return is_ahead and budget["state"] != "over"


def _span(budget: Entry) -> str:
    """The period of a budget: `October 2026`, `the week of Nov 23`, `Q4 2026`, `2026`."""
    first, last = (date.fromisoformat(budget[end]) for end in ("from", "to"))
    words = span_in_words(budget["per"], Period.of_days(first, last))
    return f"the {words}" if budget["per"] == "week" else words


def _anomaly_key(anomaly: Entry) -> str:
    names = ("organization_id", "project_id")
    of_job = ("workflow", "job") if anomaly.get("subject") == "job" else ()
    return key_of("anomaly", anomaly["date"], *(anomaly.get(name) for name in (*names, *of_job)))
