"""Budgets and the days that they need: exported by `run`, unknown while days are missing."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from circleci_usage.cli.applied_settings import AppliedSettings
from circleci_usage.cli.flag_groups import ReportFlags
from circleci_usage.cli.settings import report_settings
from circleci_usage.config.api_token import ApiToken
from circleci_usage.config.chosen_period import ChosenPeriod
from circleci_usage.config.settings_file import load_settings_file
from circleci_usage.core.periods import Period, named_period, today_utc
from circleci_usage.core.progress import NullProgress
from circleci_usage.demo.clock import PinnedClock
from circleci_usage.demo.company.exportfile import write_part
from circleci_usage.demo.standin.standin import StandIn
from circleci_usage.export.run_context import ExportOptions
from circleci_usage.export_and_report import ExportSettings, export, run, with_history
from circleci_usage.pipeline import make_report
from circleci_usage.report import Report
from circleci_usage.report_settings import ReportSettings
from circleci_usage.stored_usage import stored_parts
from circleci_usage.usage.input_files import FoundParts, find_parts
from circleci_usage.usage.polars.engine import on_this_machine
from commandline import Finished
from exporting import TOKEN, TinyCompany
from inprocess import run_here
from rows import Row, job_run

NOON = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
"""A Wednesday, when the usage of the 24th is complete."""

DOLLAR = "pricing: [{from: 2025-01-01, price_per_credit: 0.001}]\n"
BUDGET = f"{DOLLAR}budgets: [{{name: all, per: month, amount: 20}}]\n"
"""A day costs one dollar, so the budget is exceeded on the 21st of a month."""

QUIET = NullProgress()


class Dollar(TinyCompany):
    """A company that spends a dollar a day, from some day on."""

    since = date.min

    def rows(self, day: date, seen_at: datetime | None = None) -> list[Row]:  # noqa: ARG002
        return (
            [a_dollar(day, ORGANIZATION_ID=self.organizations[0].id)] if day >= self.since else []
        )


def a_dollar(day: date, dollars: int = 1, **changes: str) -> Row:
    return job_run(str(1000 * dollars), JOB_ID=str(day), JOB_RUN_DATE=str(day), **changes)


@dataclass
class Place:
    """A folder with a store, a settings file and a report, and CircleCI at a given time."""

    folder: Path
    circleci: StandIn
    clock: PinnedClock

    def settings(self, text: str, period: Period, name: str | None = None) -> ReportSettings:
        config = self.folder / "usage.yml"
        config.write_text(text, encoding="utf-8")
        chosen = ChosenPeriod(period, name, is_explicit=True, fallback=period)
        flags = ReportFlags(output=self.folder / "usage-report", merged=False)
        return report_settings({}, flags, AppliedSettings(load_settings_file(config)), chosen)

    @property
    def exporting(self) -> ExportSettings:
        return ExportSettings(
            url=self.circleci.url,
            token=ApiToken(SecretStr(TOKEN), "CIRCLECI_API_TOKEN"),
            organizations=(self.circleci.company.organizations[0].id,),
            store=self.folder / ".circleci-usage",
            options=ExportOptions(max_wait=timedelta(hours=1)),
        )

    def run(self, text: str, asked: str | Period) -> Report:
        """`run` for a named period, or for days."""
        name = asked if isinstance(asked, str) else None
        period = (
            named_period(asked, today_utc(self.clock.now())) if isinstance(asked, str) else asked
        )
        span = with_history(period, name)
        made = run(
            self.exporting,
            self.settings(text, period, name),
            span,
            clock=self.clock,
            progress=QUIET,
        )
        return made.report

    def export(self, *periods: Period) -> None:
        for period in periods:
            export(self.exporting, period, clock=self.clock, progress=QUIET)

    def report(self, text: str, period: Period) -> Report:
        """`report` from the store."""
        return self._report(text, stored_parts(self.folder / ".circleci-usage", period), period)

    def report_files(self, text: str, rows: Sequence[Row], period: Period) -> Report:
        """`report` from files of unknown windows."""
        file = self.folder / "rows.csv.gz"
        write_part(file, rows)
        return self._report(text, find_parts([file]), period)

    def _report(self, text: str, found: FoundParts, period: Period) -> Report:
        settings = self.settings(text, period)
        return make_report(on_this_machine(found), settings, clock=self.clock, progress=QUIET)

    def check(self, *flags: str) -> Finished:
        return run_here("check", "--config", "usage.yml", *flags, cwd=self.folder)

    @property
    def summary(self) -> dict[str, Any]:
        file = self.folder / "usage-report" / "summary.json"
        summary: dict[str, Any] = json.loads(file.read_text())
        return summary

    @property
    def first_day_requested(self) -> str:
        starts = [
            json.loads(call.body)["start"] for call in self.circleci.calls if call.method == "POST"
        ]
        return str(min(starts))[:10]


@pytest.fixture
def company() -> Dollar:
    return Dollar()


@pytest.fixture
def place(company: Dollar, tmp_path: Path) -> Iterator[Place]:
    clock = PinnedClock(NOON)
    with StandIn(company, clock, token=TOKEN, posts_per_hour=None, gets_per_hour=None) as circleci:
        yield Place(tmp_path, circleci, clock)


def november(first: int, last: int) -> Period:
    return Period.of_days(date(2026, 11, first), date(2026, 11, last))


@pytest.mark.parametrize("asked", ["yesterday", "last-week", "last-7-days", november(23, 24)])
def test_run_exports_the_days_that_a_budget_needs(place: Place, asked: str | Period) -> None:
    report = place.run(BUDGET, asked)

    (state,) = report.findings.budgets
    assert place.first_day_requested == "2026-11-01"
    assert (state.state, state.spent) == ("over", Decimal(report.period.last.day))
    assert place.check().code == 10


def test_run_exports_the_days_of_the_billing_cycle(place: Place) -> None:
    cycle = f"{DOLLAR}billing_cycle_day: 15\nbudgets: [{{name: all, per: cycle, amount: 9.5}}]"

    report = place.run(cycle, "yesterday")

    (state,) = report.findings.budgets
    assert place.first_day_requested == "2026-11-15"
    assert (state.state, state.spent) == ("over", Decimal(10))
    assert str(state.month_to_date.month) == "2026-11-15 to 2026-12-14"


@pytest.mark.parametrize(
    ("per", "first", "spent"),
    [("week", "2026-11-17", 2), ("quarter", "2026-10-01", 55), ("year", "2026-01-01", 328)],
)
def test_run_exports_the_days_of_a_week_quarter_or_year(
    place: Place, per: str, first: str, spent: int
) -> None:
    report = place.run(BUDGET.replace("month", per), "yesterday")

    (state,) = report.findings.budgets
    # The day a week before is compared with.
    assert place.first_day_requested == first
    assert (state.spent, state.month_to_date.missing) == (Decimal(spent), ())


def test_days_before_one_without_a_price_are_missing_too(place: Place) -> None:
    text = BUDGET.replace("2025-01-01", "2026-11-03")

    (state,) = place.report_files(
        text, [a_dollar(day) for day in november(1, 24)], november(20, 24)
    ).findings.budgets

    assert [*state.month_to_date.missing] == [november(1, 2)]


def test_run_exports_the_days_on_which_included_credits_may_have_been_used(place: Place) -> None:
    report = place.run(f"{DOLLAR}included_credits: {{per: month, amount: 23500}}", "yesterday")

    assert place.first_day_requested == "2026-11-01"
    assert report.totals.cost == report.totals.contracted_cost / 2
    assert report.warnings == ()


def test_without_budgets_explicit_dates_are_used_as_given(place: Place) -> None:
    place.run(DOLLAR, november(23, 24))

    assert place.first_day_requested == "2026-11-23"


def test_on_the_first_of_a_month_the_previous_month_is_judged(place: Place) -> None:
    place.clock.sleep(timedelta(days=6).total_seconds())

    report = place.run(BUDGET, "month-to-date")

    (state,) = report.findings.budgets
    assert (report.period.first, report.complete_through) == (date(2026, 12, 1), None)
    assert (state.state, state.spent) == ("over", Decimal(30))
    assert str(state.month_to_date.month) == "2026-11-01 to 2026-11-30"


def test_days_that_circleci_has_not_completed_are_not_missing(place: Place) -> None:
    # At 3 in the morning of the 26th the 25th is not complete.
    place.clock.sleep(timedelta(hours=14).total_seconds())

    (state,) = place.run(BUDGET, "yesterday").findings.budgets

    assert (state.state, state.spent) == ("over", Decimal(24))
    assert state.month_to_date.through == date(2026, 11, 24)


@pytest.mark.parametrize(
    ("exported", "missing", "said"),
    [
        ([november(20, 24)], [november(1, 19)], "2026-11-01 to 2026-11-19"),
        ([november(1, 4), november(20, 24)], [november(5, 19)], "2026-11-05 to 2026-11-19"),
        (
            [november(1, 4), november(6, 9), november(20, 22)],
            [november(5, 5), november(10, 19), november(23, 24)],
            "",
        ),
    ],
)
def test_with_days_missing_a_budget_is_unknown_everywhere(
    place: Place, exported: list[Period], missing: list[Period], said: str
) -> None:
    place.export(*exported)

    report = place.report(BUDGET, november(20, 24))

    (state,) = report.findings.budgets
    assert (state.state, state.expected) == ("unknown", None)
    assert [*state.month_to_date.missing] == missing
    (entry,) = place.summary["budgets"]
    assert (entry["state"], entry["used"]) == ("unknown", None)
    assert entry["missing"] == [{"from": str(gap.first), "to": str(gap.last)} for gap in missing]
    folder = place.folder / "usage-report"
    assert "cannot be evaluated because data is missing" in (folder / "summary.md").read_text(
        encoding="utf-8"
    )
    assert "○ unknown" in (folder / "index.html").read_text(encoding="utf-8")
    done = place.check("--forecast")
    assert done.code == 11, done.err
    assert done.out.startswith("UNKNOWN  all: ")
    assert said in done.out
    assert "Days are missing" in done.err
    planned = run_here("push", "datadog", "--dry-run", "--output", "usage-report", cwd=place.folder)
    assert planned.code == 0, planned.err
    assert "budget_used_ratio" not in planned.out
    assert "forecast_cost" not in planned.out


def test_a_month_that_is_missing_is_named(place: Place) -> None:
    october = Period.of_days(date(2026, 10, 1), date(2026, 10, 31))

    report = place.report_files(BUDGET, [a_dollar(day) for day in november(20, 24)], october)

    assert [state.state for state in report.findings.budgets] == ["unknown"]
    done = place.check()
    assert done.code == 11
    assert done.out == (
        "UNKNOWN  all: 0.00 of 20.00 USD known to be spent in October 2026; missing: October 2026"
        " (2026-10-01 to 2026-10-31).\n"
    )


def test_known_usage_may_already_be_over_budget(place: Place) -> None:
    place.export(november(20, 24))

    place.report(BUDGET.replace("amount: 20", "amount: 4"), november(20, 24))

    done = place.check()
    assert done.code == 10
    assert done.out == (
        "EXCEEDED  all: 5.00 of 4.00 USD known to be spent in November 2026 through 2026-11-24;"
        " missing: 2026-11-01 to 2026-11-19.\n"
    )
    assert place.summary["budgets"][0]["used"] is None


def test_days_without_usage_in_a_store_are_known(place: Place, company: Dollar) -> None:
    company.since = date(2026, 11, 20)
    place.export(november(1, 24))

    report = place.report(BUDGET, november(1, 24))

    (state,) = report.findings.budgets
    assert (state.state, state.spent) == ("within", Decimal(5))
    assert place.check().code == 0


def test_in_files_only_the_days_from_first_to_last_usage_are_known(place: Place) -> None:
    def report(*days: int, through: int = 24) -> tuple[str, list[Period]]:
        rows = [a_dollar(date(2026, 11, day)) for day in days]
        (state,) = place.report_files(BUDGET, rows, november(1, through)).findings.budgets
        return state.state, [*state.month_to_date.missing]

    assert report(1, 2, 24) == ("within", [])
    assert report(2, 24) == ("unknown", [november(1, 1)])
    assert report(1, 2) == ("unknown", [november(3, 24)])
    assert report(1, 2, through=2) == ("within", [])


def test_a_previous_period_with_missing_days_is_not_compared(place: Place) -> None:
    place.export(november(1, 10), november(14, 24))

    report = place.report(DOLLAR, november(16, 22))

    assert (report.previous, report.findings.period_comparison) == (None, None)


def test_free_credits_of_a_month_depend_on_the_whole_billing_cycle(place: Place) -> None:
    place.export(november(1, 24))
    free = "billing_cycle_day: 15\nincluded_credits: {per: cycle, amount: 5000}\n"

    (state,) = place.report(BUDGET + free, november(1, 24)).findings.budgets

    before = Period.of_days(date(2026, 10, 15), date(2026, 10, 31))
    assert (state.state, state.month_to_date.missing) == ("unknown", (before,))
    warned = "Some days from 2026-10-15 to 2026-10-31 are missing: included credits used on them"
    assert any(warning.startswith(warned) for warning in place.summary["warnings"])


def test_days_without_a_price_count_as_missing(place: Place) -> None:
    text = BUDGET.replace("2025-01-01", "2026-11-03")
    config = place.settings(text, november(1, 24))
    write_part(place.folder / "rows.csv.gz", [a_dollar(day) for day in november(1, 10)])

    done = run_here(
        "report", "rows.csv.gz", "--allow-unpriced", "--config", "usage.yml", cwd=place.folder
    )

    assert done.code == 0, (done.err, config)
    assert place.check().code == 11
    assert "missing: 2026-11-01 to 2026-11-02." in place.check().out


def test_a_report_with_other_settings_is_refused(place: Place) -> None:
    team = 'teams: [{name: web, projects: ["*"], budget: {per: month, amount: 5}}]\n'
    place.report_files(BUDGET, [a_dollar(day) for day in november(1, 24)], november(1, 24))
    assert place.check().code == 10

    def checked(text: str) -> Finished:
        place.settings(text, november(1, 24))
        return place.check()

    larger = BUDGET.replace("amount: 20", "amount: 30")
    assert checked(f"# a comment, and another budget\n{larger}").code == 0
    for other in (
        BUDGET.replace("0.001", "0.0001"),
        BUDGET + team,
        f"{BUDGET}billing_cycle_day: 3\n",
    ):
        done = checked(other)
        assert done.code == 2
        assert "was made with other prices, included credits, teams or shared costs" in done.err
        assert done.out == ""
