"""Runs over time on the page: what the small charts draw, and what they say in words."""

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache

import pytest

from circleci_usage.analysis.recent_runs import RecentRun
from circleci_usage.analysis.runs_over_time import TimedRuns
from circleci_usage.core.periods import ONE_DAY, Period
from circleci_usage.render.charts.run_bars import (
    STRIP_AXIS,
    Stroke,
    amount_bars,
    outcome_bars,
    percentile_bars,
    rate_line,
    run_bars,
)
from circleci_usage.render.page.sections.recent_runs import RunStrip
from circleci_usage.render.page.sections.runs_over_time import (
    RunsSection,
    SmallChart,
    runs_over_time_section,
)
from circleci_usage.render.view.report_view import ReportView
from circleci_usage.report import Report
from circleci_usage.schema.keys import WorkflowKey
from rendered import page
from report_factory import MARCH, report_of
from rows import Row, job_run
from sample_reports import empty_report

KEY = WorkflowKey("o1", "acme", "p1", "web", "build")
DAY = Period.of_days(date(2026, 3, 2), date(2026, 3, 2))
HOSTILE = '"><svg onload=alert(1)>'


def paths(strokes: list[Stroke]) -> dict[str, str]:
    return {stroke.kind: stroke.path for stroke in strokes}


def timed(succeeded: int, failed: int = 0, canceled: int = 0) -> TimedRuns:
    runs = succeeded + failed + canceled
    return TimedRuns(KEY, DAY, runs, succeeded, failed, canceled, on_hold=0)


def test_failed_runs_hang_below_the_axis_and_canceled_ones_stand_on_top() -> None:
    drawn = paths(outcome_bars([timed(6, 3, 3), None, timed(0)]))

    assert drawn["axis"] == "M0 18H3"
    assert drawn["passed"] == "M0.5 18V6"
    assert drawn["canceled"] == "M0.5 6V0"
    assert drawn["failed"] == "M0.5 18V24"


def test_one_failed_run_among_thousands_is_seen() -> None:
    drawn = paths(outcome_bars([timed(5_000), timed(5_000, 1)]))

    assert drawn["failed"] == "M1.5 22.5V24"


def test_what_is_unknown_is_not_drawn() -> None:
    assert paths(rate_line([None, 1.0, None])) == {"rate": "M1 0H2"}
    assert rate_line([None]) == percentile_bars([None], [None]) == amount_bars([None]) == []


def run(seconds: float | None, outcome: str = "succeeded") -> RecentRun:
    return RecentRun(date(2026, 3, 2), 0, outcome, seconds, "main", 7)


def test_the_height_of_a_run_is_its_duration_up_to_the_longest_that_is_shown() -> None:
    runs = [run(10), run(5, "failed"), run(40), run(None, "canceled"), run(None, "running")]

    bars = run_bars(runs, 20)

    assert [bar.kind for bar in bars] == ["passed", "failed", "passed", "canceled", "waiting"]
    assert [bar.path for bar in bars[:3]] == [
        f"M0.5 {STRIP_AXIS}V12",
        f"M1.5 {STRIP_AXIS}V30",
        f"M2.5 {STRIP_AXIS}V0",
    ]
    assert run_bars(runs[3:], None)[0].path == f"M0.5 {STRIP_AXIS}V22.5"


def a_month() -> Iterator[Row]:
    """Runs of a workflow: every fifth failed, every seventh was canceled; none on March 30."""
    for number in range(120):
        day = MARCH.first + number % 29 * ONE_DAY
        status = "failed" if number % 5 == 0 else "canceled" if number % 7 == 0 else "success"
        began = f"{day} 08:00:00"
        yield job_run(
            str(100 + number),
            JOB_RUN_DATE=str(day),
            JOB_BUILD_STATUS=status,
            JOB_RUN_NUMBER=str(day.day * 1000 + number),
            WORKFLOW_ID=f"workflow {number}",
            PIPELINE_ID=f"pipeline {number}",
            PIPELINE_NUMBER=str(number),
            IS_WORKFLOW_SUCCESSFUL="true" if status == "success" else "false",
            WORKFLOW_NAME=HOSTILE,
            WORKFLOW_FIRST_JOB_STARTED_AT=began,
            WORKFLOW_STOPPED_AT=f"{day} 08:{number % 50 + 1:02}:00",
            JOB_RUN_QUEUED_AT=began,
            JOB_RUN_STARTED_AT=f"{day} 08:00:{number % 60:02}",
            VCS_BRANCH=HOSTILE,
        )


@cache
def report() -> Report:
    return report_of(a_month())


@pytest.fixture
def section() -> RunsSection:
    found = runs_over_time_section(ReportView(report()))
    assert found is not None
    return found


def charts_of(section: RunsSection, table: str) -> dict[str, SmallChart]:
    (found,) = [each for each in section.tables if each.title == table]
    ((_, charts),) = found.rows
    return dict(zip(found.headings[1:], charts, strict=True))


def test_a_series_says_in_words_what_it_draws(section: RunsSection) -> None:
    charts = charts_of(section, "Workflows")

    assert charts["Runs"].label == ("Runs: 120 in all, up to 5; 82 passed, 24 failed, 14 canceled.")
    assert charts["Cost"].label == "Cost: $11.48 in all, up to $0.48."
    assert charts["Success rate"].total == "77.4%"
    assert charts["Duration"].detail.startswith("p95 ")
    assert {chart.width for chart in charts.values()} == {len(MARCH)}
    assert charts["Runs"].tips[0] == "Mar 1: 5 runs: 4 passed, 1 failed"
    assert charts["Runs"].tips[-1] == "Mar 31: 0 runs"
    assert charts["Success rate"].tips[-1] == "Mar 31: no finished runs"
    assert charts["Duration"].tips[-1] == "Mar 31: no times known"


def test_jobs_have_queue_times(section: RunsSection) -> None:
    charts = charts_of(section, "Jobs")

    assert charts["Queue time"].total.endswith("s")
    assert "all runs together 59m 00s" in charts["Queue time"].label


def test_the_strip_has_the_latest_hundred_runs(section: RunsSection) -> None:
    (strip,) = section.strips

    assert isinstance(strip, RunStrip)
    assert len(strip.bars) == 100
    assert strip.label.startswith("100 runs: ")
    assert strip.failed is not None
    assert strip.bars[-1].tip.startswith("Mar 29, ")
    assert strip.bars[-1].tip.endswith(f", {HOSTILE}")


def test_names_and_branches_stay_text() -> None:
    drawn = page(report())

    assert HOSTILE not in drawn
    assert drawn.count('class="strip"') == 1
    assert drawn.count('role="img"') >= 9


def test_a_long_period_is_drawn_by_week() -> None:
    days = Period(MARCH.first, MARCH.first + timedelta(days=90))
    found = runs_over_time_section(ReportView(report_of(a_month(), days)))

    assert found is not None
    assert "a mark for each week" in found.hint
    assert charts_of(found, "Jobs")["Cost"].tips[0].startswith("Mar 1: $")


def test_without_runs_there_is_no_section() -> None:
    assert runs_over_time_section(ReportView(empty_report())) is None
